"""Inputs that have to be constants: initializers or Constant nodes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from converter.compatibility.limits.limit import Limit
from converter.compatibility.limits.node_view import NodeView

_MOST_PICKED = 3840
REDUCTIONS = (
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSum",
    "ReduceSumSquare",
)
# Before 10.0 their axes are an attribute.
_BY_ATTRIBUTE = tuple(one for one in REDUCTIONS if one != "ReduceSum")
_AXES = "give the axes as Python numbers, not as a computed tensor"


def _computed(*inputs: int, opset: int = 0) -> Callable[[NodeView], bool]:
    """Whether one of the inputs is given and no weights, from that opset on."""

    def breaks(node: NodeView) -> bool:
        return node.opset >= opset and any(map(node.is_computed, inputs))

    return breaks


def _depends(index: int) -> Callable[[NodeView], bool]:
    def breaks(node: NodeView) -> bool:
        return node.depends(index)

    return breaks


def _reduces_by_input(node: NodeView) -> bool:
    """All axes are reduced, whatever the input says."""
    axes, rank = node.values(1), node.rank(0)
    return node.has(1) and (axes is None or axes.size != rank)


def _counts_from_the_end(node: NodeView) -> bool:
    indices = node.values(1)
    return indices is not None and bool(np.any(indices < 0))


def _is_data(*inputs: int) -> Callable[[NodeView], bool]:
    def breaks(node: NodeView) -> bool:
        return any(map(node.is_data, inputs))

    return breaks


def _picks_too_many(node: NodeView) -> bool:
    k = node.values(1) if node.opset >= 10 else np.asarray(node.attribute("k", 1))
    return k is not None and k.size == 1 and int(k.reshape(())) > _MOST_PICKED


def _float_range(node: NodeView) -> bool:
    return "INT32" != node.type(0) != "" and any(map(node.is_computed, (0, 1, 2)))


def _trains(node: NodeView) -> bool:
    if not node.has(2) or node.opset < 12:
        return False
    values = node.values(2)
    return values is None or bool(np.any(values))


# The inputs of operators that are sizes, places to cut at, or how often.
_SIZES: tuple[tuple[tuple[str, ...], tuple[int, ...]], ...] = (
    (("ConstantOfShape",), (0,)),
    (("Expand", "Reshape", "Tile"), (1,)),
    (("Range",), (0, 1, 2)),
    (("Resize",), (3,)),
    (("Slice",), (1, 2, 4)),
)

CONSTANT_LIMITS = (
    Limit(
        ("InstanceNormalization",),
        "constant scale and bias",
        _computed(1, 2),
        "multiply and add after a normalisation with constant scale 1 and bias 0",
        "builtin_op_importers.cpp:2193@8.0-GA, 2195@8.5-GA; onnx2trt_utils.cpp:1241@8.6-GA, where "
        "the plugin is the default; onnxOpImporters.cpp:2691@10.1-GA",
        until="10.0",
    ),
    Limit(
        ("ReduceSum",),
        "constant axes",
        _computed(1),
        _AXES,
        "onnx2trt_utils.cpp:1762@8.0-GA; importerUtils.cpp:1473@10.1-GA",
    ),
    Limit(
        _BY_ATTRIBUTE,
        "constant axes",
        _computed(1),
        _AXES,
        "importerUtils.cpp:1473@10.1-GA",
        since="10.0",
    ),
    Limit(
        _BY_ATTRIBUTE,
        "axes as an attribute",
        _reduces_by_input,
        "export with opset 17 or earlier, where the axes are an attribute",
        "builtin_op_importers.cpp, ReduceMean@8.0-GA, 8.6-GA, which reduce all axes then; taken: "
        "onnxOpImporters.cpp, ReduceMean@10.0-GA",
        until="10.0",
    ),
    Limit(
        ("CumSum",),
        "a constant axis",
        _computed(1),
        _AXES,
        "builtin_op_importers.cpp:966@8.0-GA; onnxOpImporters.cpp:1136@10.1-GA; taken: 10.8, "
        "CHANGELOG.md of NVIDIA/TensorRT",
        until="10.8",
    ),
    Limit(
        ("Squeeze", "Unsqueeze"),
        "constant axes",
        _computed(1, opset=13),
        _AXES,
        "builtin_op_importers.cpp:4263 and Unsqueeze@8.0-GA; onnxOpImporters.cpp:5619@10.1-GA; "
        "taken: 10.7, CHANGELOG.md of NVIDIA/TensorRT",
        until="10.7",
    ),
    Limit(
        ("Slice",),
        "constant axes",
        _computed(3, opset=10),
        _AXES,
        "builtin_op_importers.cpp, Slice@8.0-GA; onnxOpImporters.cpp:5322@10.1-GA; taken: 10.3, "
        "docs/Changelog.md",
        until="10.3",
    ),
    Limit(
        ("Split",),
        "constant sizes",
        _computed(1, opset=13),
        "split into parts of fixed sizes",
        "builtin_op_importers.cpp:4196@8.0-GA; taken: 4248@8.2-GA",
        until="8.2",
    ),
    Limit(
        ("Resize",),
        "constant scales",
        lambda node: not node.has(3) and node.is_computed(2 if node.opset >= 11 else 1),
        "resize to fixed sizes",
        "builtin_op_importers.cpp:3500@8.0-GA, 3526@8.2-GA",
        until="8.4",
    ),
    Limit(
        ("Upsample",),
        "constant scales",
        _computed(1),
        "resize to fixed sizes",
        "builtin_op_importers.cpp:4505@8.0-GA, Upsample@8.2-GA",
        until="8.4",
    ),
    Limit(
        ("TopK",),
        "a constant k",
        _computed(1, opset=10),
        "give k as a Python number",
        "builtin_op_importers.cpp:4371@8.0-GA, 4436@8.4-GA, 4901@8.5-GA; taken: 4895@8.6-GA",
        until="8.6",
    ),
    Limit(
        ("TopK",),
        f"k up to {_MOST_PICKED}",
        _picks_too_many,
        f"take the best {_MOST_PICKED} at most (tf.math.top_k)",
        "NvInfer.h:4093@8.0.1, 3546@v10.3.0, 3448@v11.1 of NVIDIA/TensorRT",
    ),
    Limit(
        ("Range",),
        "constant limits where they are floating-point",
        _float_range,
        "make a range of whole numbers, and cast it",
        "builtin_op_importers.cpp:3243@8.0-GA, 3259@8.2-GA",
        until="8.4",
    ),
    Limit(
        ("Gather",),
        "no negative indices",
        _counts_from_the_end,
        "count the indices from the front",
        "builtin_op_importers.cpp:1414@8.0-GA: only where the parser was built for it; "
        "docs/Changelog.md, 8.2",
        until="8.2",
    ),
    *(
        Limit(
            operators,
            "no sizes that are computed from the values of the image",
            _is_data(*inputs),
            "compute sizes from those of the image only, or give them as Python numbers",
            "TensorRT 8.5.3 and 8.6.0: what a size is computed of must be of type int32; NvInfer.h,"
            " ITensor::isShapeTensor of NVIDIA/TensorRT",
            until="10.0",
        )
        for operators, inputs in _SIZES
    ),
    Limit(
        ("Dropout",),
        "a constant training_mode, which is false",
        _trains,
        "export the model for inference, as with training=False",
        "builtin_op_importers.cpp:1239@8.0-GA; onnxOpImporters.cpp:1708@10.1-GA",
    ),
    Limit(
        ("OneHot",),
        "a constant depth",
        _depends(1),
        "give the depth as a Python number",
        "builtin_op_importers.cpp, OneHot@8.5-GA; docs/operators.md@10.0-GA",
    ),
    Limit(
        ("RandomNormalLike", "RandomUniformLike"),
        "an input that is no constant",
        lambda node: node.is_weights(0),
        "export the model for inference, without noise",
        "builtin_op_importers.cpp:3215@8.0-GA; onnxOpImporters.cpp:4145@10.1-GA; taken: 10.11, "
        "CHANGELOG.md of NVIDIA/TensorRT",
        until="10.11",
    ),
    Limit(
        ("STFT",),
        "a constant frame_step, window and frame_length",
        _computed(1, 2, 3),
        "give them as Python numbers",
        "onnxOpImporters.cpp, STFT@10.15; docs/Changelog.md, 10.5",
    ),
)
