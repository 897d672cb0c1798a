"""Models that some TensorRT refuses, and ones like them that it takes.

The verdicts were read in the parsers' sources, at the places that each case names: a file and its
line, or importer, in a branch of onnx-tensorrt, or NvInfer.h of a release of TensorRT.
"""

from __future__ import annotations

from typing import NamedTuple

ALL = ("8.0", "8.2", "8.4", "8.5", "8.6", "10.0", "10.3", "10.13", "11.1")
TO_8_0, TO_8_2, TO_8_4, TO_8_5, TO_8_6, TO_10_0, TO_10_3, TO_10_13 = (
    ALL[:count] for count in range(1, 9)
)
FROM_8_2, FROM_8_5, FROM_8_6, FROM_10 = ALL[1:], ALL[3:], ALL[4:], ALL[5:]


class Case(NamedTuple):
    """A node that is refused, and one like it that is taken by all that have the operator.

    Attributes:
        refusing: the versions that refuse the first, of those that have the operator.
        refused: the nodes of a graph with the inputs and constants of `limit_graph`.
        taken: the same, of which nothing is refused.
    """

    name: str
    refusing: tuple[str, ...]
    refused: str
    taken: str
    opset: int = 17


RESIZE = "Resize <mode = {}, coordinate_transformation_mode = {}, nearest_mode = {}> ({})"


def resize(
    mode: str = "linear",
    coordinates: str = "half_pixel",
    nearest: str = "floor",
    inputs: str = "image, , twice",
) -> str:
    return "y = " + RESIZE.format(f'"{mode}"', f'"{coordinates}"', f'"{nearest}"', inputs)


CASES = (
    # ---- attributes ----
    # builtin_op_importers.cpp:3453@8.0-GA, 3774@8.5-GA; builtin_op_static_checkers@10.0-GA
    Case("crop_and_resize", ALL, resize(coordinates="tf_crop_and_resize"), resize()),
    # builtin_op_importers.cpp:3416@8.0-GA, 3442@8.2-GA, 3424@8.4-GA; taken 3712@8.5-GA
    Case("cubic", TO_8_4, resize("cubic"), resize("linear")),
    # canUseLinearResize: 3508@8.0-GA; canUseNDResize: 3848 and 3854@8.5-GA, importers@10.15
    Case(
        "linear_4d", ALL, resize(inputs="image, , all_twice"), resize(inputs="image, , three_twice")
    ),
    Case(
        "cubic_3d",
        ALL,
        resize("cubic", inputs="image, , three_twice"),
        resize("linear", inputs="image, , three_twice"),
    ),
    # builtin_op_importers.cpp:3412@8.0-GA, 3736@8.5-GA; checkers@10.1-GA
    Case(
        "nearest_rounding",
        ALL,
        resize("nearest", "tf_half_pixel_for_nn", "floor"),
        resize("nearest", "tf_half_pixel_for_nn", "round_prefer_floor"),
    ),
    # builtin_op_importers.cpp:3781-3818@8.5-GA: sizes are only read for the other modes
    Case(
        "nearest_by_sizes",
        FROM_8_5,
        resize("nearest", "tf_half_pixel_for_nn", "round_prefer_floor", "image, , , sizes"),
        resize("nearest", "asymmetric", "floor", "image, , , sizes"),
    ),
    # checkers@10.0-GA; 8.x has no such attribute, and would resize without it
    Case(
        "antialias",
        ALL,
        'y = Resize <mode = "linear", antialias = 1> (image, , twice)',
        'y = Resize <mode = "linear", antialias = 0> (image, , twice)',
        18,
    ),
    Case(
        "aspect_ratio",
        ALL,
        'y = Resize <mode = "linear", keep_aspect_ratio_policy = "not_larger"> (image, , , sizes)',
        'y = Resize <mode = "linear", keep_aspect_ratio_policy = "stretch"> (image, , , sizes)',
        18,
    ),
    # builtin_op_importers.cpp, MaxPool@8.0-GA to 9.0-GA; checkers@10.1-GA
    Case(
        "pool_with_indices",
        ALL,
        "y, k = MaxPool <kernel_shape = [2, 2]> (image)",
        "y = MaxPool <kernel_shape = [2, 2]> (image)",
    ),
    # onnx2trt_utils.cpp:1684@8.0-GA; checkers@10.1-GA
    Case(
        "dilated_pool",
        ALL,
        "y = MaxPool <kernel_shape = [2, 2], dilations = [2, 2]> (image)",
        "y = MaxPool <kernel_shape = [2, 2], dilations = [1, 1]> (image)",
    ),
    # onnx2trt_utils.cpp:1722-1731@8.0-GA, 1663-1675@8.4-GA; no such check in 8.5-GA
    Case(
        "uneven_pads",
        TO_8_4,
        "y = AveragePool <kernel_shape = [3, 3], pads = [1, 1, 0, 0]> (image)",
        "y = AveragePool <kernel_shape = [3, 3], pads = [0, 0, 1, 1]> (image)",
    ),
    # onnx2trt_utils.cpp:1666@8.0-GA
    Case(
        "pool_4d",
        ALL,
        "y = AveragePool <kernel_shape = [1, 1, 1, 1]> (six)",
        "y = AveragePool <kernel_shape = [1, 1, 1]> (five)",
    ),
    # builtin_op_importers.cpp, ConvTranspose: begPadding.d[i] >= 0, in all versions
    Case(
        "negative_pads",
        ALL,
        "y = ConvTranspose <pads = [-1, 0, 0, 0]> (image, kernel)",
        "y = ConvTranspose <pads = [1, 0, 0, 0]> (image, kernel)",
    ),
    # builtin_op_importers.cpp:896@8.2-GA; no such check in 8.4-GA
    Case(
        "uneven_pads_3d",
        TO_8_2,
        "y = ConvTranspose <pads = [0, 0, 0, 1, 1, 1]> (five, kernel_3d)",
        "y = ConvTranspose <pads = [1, 1, 1, 1, 1, 1]> (five, kernel_3d)",
    ),
    # 8.5-GA: "does not support training_mode == 1"; 8.0 to 8.4 normalise by the given statistics
    Case(
        "training",
        ALL,
        "y = BatchNormalization <training_mode = 1> (image, v, v, v, v)",
        "y = BatchNormalization <training_mode = 0> (image, v, v, v, v)",
    ),
    # ModelImporter.cpp@8.6-GA: node.output().size() <= outputs.size(); onnxOpCheckers@10.15
    Case(
        "statistics_of_a_layer",
        FROM_8_6,
        "y, mean = LayerNormalization (rows, w4)",
        "y = LayerNormalization (rows, w4)",
    ),
    # builtin_op_importers.cpp:1310@8.2-GA; checkers@10.1-GA; onnxOpCheckers@10.15
    Case(
        "letters",
        FROM_8_2,
        'y = Einsum <equation = "AB,BC->AC"> (rows, columns)',
        'y = Einsum <equation = "ab,bc->ac"> (rows, columns)',
    ),
    # NvInfer.h:5821@8.2.1 to v10.11: no ellipsis, no diagonal, no more than two inputs
    Case(
        "ellipsis",
        ("8.2", "8.4", "8.5", "8.6", "10.0", "10.3"),
        'y = Einsum <equation = "...b,bc->...c"> (rows, columns)',
        'y = Einsum <equation = "ab,bc->ac"> (rows, columns)',
    ),
    Case(
        "three_operands",
        ("8.2", "8.4", "8.5", "8.6", "10.0", "10.3"),
        'y = Einsum <equation = "ab,bc,ab->ac"> (rows, columns, rows)',
        'y = Einsum <equation = "ab,bc->ac"> (rows, columns)',
    ),
    # builtin_op_importers.cpp, LSTM@8.0-GA; checkers@10.1-GA
    Case(
        "input_forget",
        ALL,
        "y = LSTM <hidden_size = 2, input_forget = 1> (steps, lstm_w, lstm_r)",
        "y = LSTM <hidden_size = 2> (steps, lstm_w, lstm_r)",
    ),
    # builtin_op_importers.cpp:1745@8.2-GA; checkers@10.1-GA
    Case(
        "directions",
        ALL,
        'y = GRU <hidden_size = 2, direction = "bidirectional", '
        'activations = ["Sigmoid", "Tanh", "Sigmoid", "Relu"]> (steps, gru_w, gru_r)',
        'y = GRU <hidden_size = 2, direction = "bidirectional", '
        'activations = ["Sigmoid", "Tanh", "Sigmoid", "Tanh"]> (steps, gru_w, gru_r)',
    ),
    # no importer of GRU, LSTM and RNN reads "layout"
    Case(
        "layout",
        ALL,
        "y = LSTM <hidden_size = 2, layout = 1> (steps, lstm_w, lstm_r)",
        "y = LSTM <hidden_size = 2, layout = 0> (steps, lstm_w, lstm_r)",
    ),
    # builtin_op_importers.cpp, LpPool@8.0-GA; checkers@10.1-GA
    Case(
        "norm",
        ALL,
        "y = LpPool <kernel_shape = [2, 2], p = 3> (image)",
        "y = LpPool <kernel_shape = [2, 2], p = 1> (image)",
    ),
    # onnxOpImporters.cpp:5151@10.1-GA; addScatterLayer@8.2-GA overwrites; @10.15 "not supported"
    Case(
        "scatter_nd_that_adds",
        FROM_8_2,
        'y = ScatterND <reduction = "add"> (eight, places, three)',
        "y = ScatterND (eight, places, three)",
    ),
    # onnxOpImporters.cpp:5151@10.1-GA: !attrs.count("reduction"); CHANGELOG.md, 10.9
    Case(
        "scatter_nd_that_names_none",
        ("10.0", "10.3"),
        'y = ScatterND <reduction = "none"> (eight, places, three)',
        "y = ScatterND (eight, places, three)",
    ),
    # builtin_op_importers.cpp:3991@8.2-GA reads only the axis; a plugin in 10.0-GA
    Case(
        "scatter_elements_that_adds",
        ("8.2", "8.4", "8.5", "8.6"),
        'y = ScatterElements <reduction = "add"> (eight, three_places, three)',
        'y = ScatterElements <reduction = "none"> (eight, three_places, three)',
    ),
    # builtin_op_importers.cpp:4394@8.0-GA, 4460@8.4-GA: always kMAX; 4927@8.5-GA reads it
    Case(
        "smallest",
        TO_8_4,
        "y, i = TopK <largest = 0> (rows, two)",
        "y, i = TopK <largest = 1> (rows, two)",
    ),
    # builtin_op_importers.cpp, Pad@8.0-GA: "only supports constant 0 padding"
    Case(
        "reflect",
        TO_8_0,
        'y = Pad <mode = "reflect"> (rows, pads)',
        'y = Pad <mode = "constant"> (rows, pads)',
    ),
    # Pad@8.2-GA to 9.0-GA: "Unsupported pad mode"; wrap: onnxOpImporters.cpp:4043@10.1-GA
    Case(
        "wrap",
        TO_8_6,
        'y = Pad <mode = "wrap"> (rows, pads)',
        'y = Pad <mode = "constant"> (rows, pads)',
        19,
    ),
    # builtin_op_importers.cpp:572@8.0-GA to 599@9.0-GA read an int as a float, which is 0
    Case(
        "number_of_a_constant",
        TO_8_6,
        "k = Constant <value_int = 3> ()  f = Cast <to = 1> (k)  y = Mul (f, rows)",
        "k = Constant <value_float = 3.0> ()  y = Mul (k, rows)",
    ),
    # Shape@8.0-GA to 9.0-GA reads no attribute; 10.0-GA does
    Case("some_sizes", TO_8_6, "y = Shape <start = 1> (rows)", "y = Shape (rows)"),
    # builtin_op_importers.cpp, Upsample@8.0-GA
    Case(
        "upsample",
        ALL,
        'y = Upsample <mode = "cubic"> (image, twice)',
        'y = Upsample <mode = "nearest"> (image, twice)',
        9,
    ),
    # ---- constants ----
    # NvInfer.h:1367@8.0.1, 1390@8.2.1, 1401@8.4.1 "a constant tensor"; 1442@8.5.1 any tensor
    Case(
        "computed_kernel",
        TO_8_4,
        "k = Mul (weights, weights)  y = Conv <kernel_shape = [3, 3]> (image, k)",
        "y = Conv <kernel_shape = [3, 3]> (image, kernel)",
    ),
    # builtin_op_importers.cpp:610@8.0-GA, 609@8.2-GA, 619@8.4-GA; 664@8.5-GA takes it
    Case(
        "computed_bias",
        TO_8_4,
        "y = Conv <kernel_shape = [3, 3]> (image, kernel, one_value)",
        "y = Conv (image, kernel, one)",
    ),
    # ConvTranspose@8.4-GA: "The bias tensor is required to be an initializer"
    Case(
        "computed_bias_of_transposed",
        TO_8_4,
        "y = ConvTranspose (image, kernel, one_value)",
        "y = ConvTranspose (image, kernel, one)",
    ),
    # builtin_op_importers.cpp:2193@8.0-GA, 2195@8.5-GA; onnx2trt_utils.cpp:1241@8.6-GA, by default
    Case(
        "computed_scale",
        TO_8_6,
        "y = InstanceNormalization (image, one_value, one)",
        "y = InstanceNormalization (image, one, one)",
    ),
    # onnx2trt_utils.cpp:1762@8.0-GA; importerUtils.cpp:1473@10.1-GA
    Case("computed_axes", ALL, "y = ReduceSum (rows, axis)", "y = ReduceSum (rows, first)"),
    Case(
        "computed_axes_of_18",
        ALL,
        "y = ReduceMax (rows, axis)",
        "y = ReduceMax (rows, both_axes)",
        18,
    ),
    # ReduceMean@8.0-GA to 8.6-GA: no axes but the attribute, and then all
    Case(
        "axes_of_18",
        TO_8_6,
        "y = ReduceMax (rows, first)",
        "y = ReduceMax (rows, both_axes)",
        18,
    ),
    # an Identity makes a layer, of constants too: Identity@8.0-GA to onnxOpImporters.cpp:2572@10.1
    Case(
        "axes_by_identity",
        ALL,
        "a = Identity (first)  y = ReduceSum (rows, a)",
        "a = Constant <value = int64[1] {1}> ()  y = ReduceSum (rows, a)",
    ),
    # builtin_op_importers.cpp:966@8.0-GA; onnxOpImporters.cpp:1136@10.1-GA; CHANGELOG.md, 10.8
    Case("computed_sum_axis", TO_10_3, "y = CumSum (rows, axis)", "y = CumSum (rows, first)"),
    # builtin_op_importers.cpp:4263@8.0-GA; onnxOpImporters.cpp:5619@10.1-GA; CHANGELOG.md, 10.7
    Case("computed_squeeze", TO_10_3, "y = Squeeze (thin, axis)", "y = Squeeze (thin, first)"),
    # Unsqueeze@8.0-GA: axesInput.allValuesKnown(); CHANGELOG.md, 10.7
    Case(
        "computed_unsqueeze", TO_10_3, "y = Unsqueeze (rows, axis)", "y = Unsqueeze (rows, first)"
    ),
    # Slice@8.0-GA: allValuesKnown; onnxOpImporters.cpp:5322@10.1-GA; Changelog of 10.3
    Case(
        "computed_slice",
        TO_10_0,
        "y = Slice (rows, first, two, axis)",
        "y = Slice (rows, axis, two, first)",
    ),
    # builtin_op_importers.cpp:4196@8.0-GA; 4248@8.2-GA
    Case(
        "computed_split", TO_8_0, "y, z = Split (rows, shares)", "y, z = Split (rows, one_and_one)"
    ),
    # builtin_op_importers.cpp:3500@8.0-GA, 3526@8.2-GA; 3526-3530@8.4-GA takes a tensor
    Case(
        "computed_scales",
        TO_8_2,
        resize(inputs="image, , factors"),
        resize(inputs="image, , twice"),
    ),
    # sizes may be computed in all versions: 3481@8.0-GA
    Case(
        "crop_by_computed_sizes",
        ALL,
        resize(coordinates="tf_crop_and_resize", inputs="image, , , goal"),
        resize(inputs="image, , , goal"),
    ),
    # builtin_op_importers.cpp:3066@8.0-GA; 3017@8.2-GA
    Case("computed_pads", TO_8_0, "y = Pad (rows, margins)", "y = Pad (rows, pads)"),
    # Pad@8.0-GA: mode == "constant" && value == 0.f
    Case("pad_value", TO_8_0, "y = Pad (rows, pads, half)", "y = Pad (rows, pads, none)"),
    # Pad@8.5-GA, onnxOpImporters.cpp:3870@10.1-GA; not read before; Changelog of 10.4
    Case(
        "pad_axes",
        TO_8_6,
        "y = Pad (rows, one_and_one, , none_axis)",
        "y = Pad (rows, pads)",
        18,
    ),
    Case(
        "pad_last_axis",
        ("8.5", "8.6"),
        "y = Pad (rows, one_and_one, , first)",
        "y = Pad (rows, pads)",
        18,
    ),
    Case(
        "computed_pad_axes",
        TO_10_3,
        "y = Pad (rows, one_and_one, , axis)",
        "y = Pad (rows, pads)",
        18,
    ),
    # builtin_op_importers.cpp:4371@8.0-GA, 4437@8.2-GA, 4436@8.4-GA, 4901@8.5-GA; 4895@8.6-GA
    Case("computed_k", TO_8_5, "y, i = TopK (rows, axis)", "y, i = TopK (rows, two)"),
    # NvInfer.h:4093@8.0.1, 3546@v10.3.0, 3448@v11.1
    Case("k", ALL, "y, i = TopK (long, k_3841)", "y, i = TopK (long, k_3840)"),
    # builtin_op_importers.cpp:3243@8.0-GA, 3259@8.2-GA; Range@8.4-GA takes float tensors
    Case(
        "float_range",
        TO_8_2,
        "s = Size (rows)  e = Cast <to = 1> (s)  y = Range (none, e, half)",
        "y = Range (none, half, half)",
    ),
    # TensorRT 8.5.3: "network input that is shape tensor must have type Int32"
    Case(
        "range_of_data",
        TO_8_6,
        "y = Range (none, end, half)",
        "s = Size (rows)  y = Range (whole_none, s, whole_one)",
    ),
    Case(
        "shape_of_data",
        TO_8_6,
        "m = ArgMax <axis = 0, keepdims = 0> (columns)  y = Reshape (rows, m)",
        "s = Shape (columns)  y = Reshape (rows, s)",
    ),
    # builtin_op_importers.cpp:1239@8.0-GA; onnxOpImporters.cpp:1708@10.1-GA
    Case("dropout", ALL, "y = Dropout (rows, half, yes)", "y = Dropout (rows, half, no)"),
    # OneHot@8.5-GA: outDims.d[axis] != -1; operators.md@10.0-GA: depth a build-time constant
    Case("depth", FROM_8_5, "y = OneHot (ids, axis, range)", "y = OneHot (ids, two, range)"),
    # ---- ranks and shapes ----
    Case("conv_4d", ALL, "y = Conv (six, kernel_4d)", "y = Conv (five, kernel_3d)"),
    # DepthToSpace@8.0-GA: nbDims == 4
    Case(
        "space",
        ALL,
        "y = SpaceToDepth <blocksize = 2> (five)",
        "y = SpaceToDepth <blocksize = 2> (image)",
    ),
    # NvInfer.h:6336@8.5.1, 5826@v10.3.0, 6075@v11.1: rank 4
    Case("volume_samples", FROM_8_5, "y = GridSample (five, at_5)", "y = GridSample (image, at_4)"),
    # builtin_op_importers.cpp:2197@8.0-GA; onnx2trt_utils.cpp:1247@8.6-GA; only >= 3 in 10.0-GA
    Case(
        "normalised_6d",
        TO_8_6,
        "y = InstanceNormalization (six, one, one)",
        "y = InstanceNormalization (five, one, one)",
    ),
    # Trilu@8.5-GA: 2 or 3; 8.6-GA: >= 2
    Case("triangles", ("8.5",), "y = Trilu (image)", "y = Trilu (rows)"),
    # EyeLike@8.0-GA: !isDynamic
    Case("eye", ALL, "y = EyeLike (loose)", "y = EyeLike (rows)"),
    # GatherElements@8.0-GA: "does not support GatherElements on dynamic shapes"
    Case(
        "gather_of_a_batch",
        TO_8_0,
        "y = GatherElements (loose, loose_ids)",
        "y = GatherElements (rows, row_ids)",
    ),
    # builtin_op_importers.cpp:3572@8.0-GA to 8.5-GA; 8.6-GA has a layer
    Case(
        "reversed",
        TO_8_5,
        "y = ReverseSequence <batch_axis = 0, time_axis = 1> (loose, loose_lengths)",
        "y = ReverseSequence <batch_axis = 0, time_axis = 1> (rows, lengths)",
    ),
    # Squeeze@8.0-GA: "Cannot infer squeeze dimensions from a dynamic shape"
    Case("squeezed", ALL, "y = Squeeze (loose)", "y = Squeeze (thin)"),
    # ---- types ----
    # convertDtype@8.0-GA, 10.1-GA
    Case("int16", ALL, "y = Cast <to = 5> (rows)", "y = Cast <to = 6> (rows)"),
    Case("uint32", ALL, "y = Cast <to = 12> (rows)", "y = Cast <to = 7> (rows)"),
    # convertDtype@9.0-GA has kBF16
    Case("bfloat16", TO_8_6, "y = Cast <to = 16> (rows)", "y = Cast <to = 10> (rows)"),
    Case("float64", (), "y = Cast <to = 11> (rows)", "y = Cast <to = 1> (rows)"),
    # activationHelper@8.0-GA, 10.1-GA; unaryHelper: onnx2trt_utils.cpp:2081@8.0-GA
    Case("whole_relu", ALL, "y = Relu (ids)", "y = Relu (rows)"),
    Case("whole_exp", ALL, "y = Exp (ids)", "y = Exp (rows)"),
    Case("whole_round", FROM_8_2, "y = Round (ids)", "y = Round (rows)"),
    # unaryHelper@8.2-GA to 8.6-GA; kSIGN beside kABS@9.0-GA
    Case("whole_sign", ("8.2", "8.4", "8.5", "8.6"), "y = Sign (ids)", "y = Sign (rows)"),
    # onnx2trt_utils.cpp:2058@8.0-GA casts for Abs, and subtracts for Neg
    Case("whole_base", TO_10_3, "y = Pow (ids, end)", "y = Abs (ids)"),
    # onnx2trt_utils.cpp:929@8.0-GA; importerUtils.cpp:554@10.1-GA; CHANGELOG.md, 10.8 and 10.12
    Case("whole_exponent", TO_10_3, "y = Pow (rows, ids)", "y = Neg (ids)"),
    # onnx2trt_utils.cpp:904@8.0-GA; 2053@8.0-GA
    Case("sum_of_bools", ALL, "y = Max (flags, flags)", "y = And (flags, flags)"),
    # 914@8.0-GA; 858@8.5-GA: "Equal supports all types"
    Case("equal_bools", TO_8_4, "y = Equal (flags, flags)", "y = Equal (ids, ids)"),
    Case("gather_bools", TO_8_4, "y = Gather (flags, ids)", "y = Gather (rows, ids)"),
    Case("tile_bools", TO_8_0, "y = Tile (flags, one_time)", "y = Tile (ids, one_time)"),
    Case("where_bools", TO_8_4, "y = Where (flags, flags, flags)", "y = Where (flags, ids, ids)"),
    # importerUtils.cpp:1460@10.1-GA
    Case(
        "reduce_bools",
        FROM_10,
        "y = ReduceMax <axes = [0]> (flags)",
        "y = ReduceMax <axes = [0]> (ids)",
    ),
    # argMinMaxHelper@8.0-GA, 8.5-GA; Changelog of 8.6
    Case("best_of_whole", TO_8_5, "y = ArgMax (ids)", "y = ArgMax (rows)"),
    Case("top_of_whole", TO_8_5, "y, i = TopK (ids, one_time)", "y, i = TopK (rows, two)"),
    # builtin_op_importers.cpp:3388@8.0-GA; 3700@8.5-GA
    Case(
        "resized_whole",
        TO_8_4,
        'y = Resize <mode = "nearest"> (labels, , twice)',
        'y = Resize <mode = "nearest"> (image, , twice)',
    ),
    # MatMul@8.0-GA, 8.5-GA, 10.1-GA
    Case("product_of_whole", ALL, "y = MatMul (row_ids, row_ids)", "y = MatMul (rows, columns)"),
    # builtin_op_importers.cpp:452@8.0-GA, 462@8.4-GA; halves are in 8.5-GA
    Case(
        "clip_half",
        TO_8_4,
        "h = Cast <to = 10> (rows)  l = Cast <to = 10> (end)  y = Clip (h, l)",
        "y = Clip (rows, half)",
    ),
    # builtin_op_importers.cpp:317-324@8.5-GA; NvInferRuntimeBase.h:156@v10.3.0
    Case(
        "bytes_of_whole",
        ("8.5", *FROM_10),
        "y = Cast <to = 2> (ids)",
        "f = Cast <to = 1> (ids)  y = Cast <to = 2> (f)",
    ),
    # legalUINT8@8.6-GA, 10.1-GA; NvInferRuntimeCommon.h:135@8.5.1
    Case(
        "bytes_inside",
        FROM_8_5,
        "b = Cast <to = 2> (rows)  y = Cast <to = 1> (b)",
        "y = Cast <to = 1> (bytes)",
    ),
    Case("bytes_used", FROM_8_5, "y = Transpose (bytes)", "y = Cast <to = 1> (bytes)"),
    # Range@8.4-GA to 10.1-GA; @8.0-GA takes float32 and int32
    Case(
        "double_mod",
        FROM_8_5,
        "y = Mod (rows, rows)",
        "y = Mod <fmod = 1> (rows, rows)",
    ),
    # onnxOpImporters.cpp:2681@10.1-GA
    Case(
        "mixed_normalisation",
        FROM_10,
        "h = Cast <to = 10> (image)  y = InstanceNormalization (h, one, one)",
        "y = InstanceNormalization (image, one, one)",
    ),
    # ---- quantisation ----
    # builtin_op_importers.cpp:1143@8.0-GA, 1240@8.5-GA; onnxOpImporters.cpp:1491@10.1-GA
    Case(
        "zero_point",
        ALL,
        "q = QuantizeLinear (rows, half, shift)  y = DequantizeLinear (q, half, shift)",
        "q = QuantizeLinear (rows, half, zero)  y = DequantizeLinear (q, half, zero)",
    ),
    # notInvalidType(inputs.at(2), {"UINT8"})@8.5-GA, 10.1-GA; later parsers make int8 of it
    Case(
        "unsigned",
        ALL,
        "q = QuantizeLinear (rows, half, zero_byte)  y = DequantizeLinear (q, half, zero_byte)",
        "q = QuantizeLinear (rows, half, zero)  y = DequantizeLinear (q, half, zero)",
    ),
    # builtin_op_importers.cpp:1107@8.0-GA, 1216@8.6-GA: three inputs; 10.0-GA: two
    Case(
        "no_zero_point",
        TO_8_6,
        "q = QuantizeLinear (rows, half, zero)  y = DequantizeLinear (q, half)",
        "q = QuantizeLinear (rows, half, zero)  y = DequantizeLinear (q, half, zero)",
    ),
    # builtin_op_importers.cpp:1124@8.0-GA; onnxOpImporters.cpp:1403@10.1-GA
    Case(
        "scale",
        ALL,
        "q = QuantizeLinear (rows, none, zero)  y = DequantizeLinear (q, half, zero)",
        "q = QuantizeLinear (rows, half, zero)  y = DequantizeLinear (q, half, zero)",
    ),
    # axis = attrs.get("axis", nbDims), then 0: 1162@8.0-GA, 1521@10.1-GA; default 1 in 10.15
    Case(
        "axis",
        TO_10_13,
        "q = QuantizeLinear (rows, four_halves, four_zeros)"
        "  y = DequantizeLinear <axis = 1> (q, four_halves, four_zeros)",
        "q = QuantizeLinear <axis = 1> (rows, four_halves, four_zeros)"
        "  y = DequantizeLinear <axis = 1> (q, four_halves, four_zeros)",
    ),
    # NvInfer.h, IDequantizeLayer: int8 or narrower goes in
    Case(
        "bias",
        ALL,
        "y = DequantizeLinear (whole_bias, half, whole_zero)",
        "q = QuantizeLinear (rows, half, zero)  y = DequantizeLinear (q, half, zero)",
    ),
)
