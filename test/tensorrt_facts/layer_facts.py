"""Convolutions, pooling and normalization: attributes, ranks, and weights that are computed."""

from functools import partial
from typing import Any, Dict, List, Optional, Sequence

import numpy as np
import onnx

from test.tensorrt_facts.fact import EITHER, Fact
from test.tensorrt_facts.models import (
    FLOAT,
    IMAGE,
    INT64,
    Tensor,
    floats,
    model,
    node,
    rank,
    single,
)

CUBE = (1, 4, 8, 8, 8)


def pool(
    operator: str, x: Sequence[int] = IMAGE, opset: int = 13, **attributes: Any
) -> onnx.ModelProto:
    """Pooling over windows of two in each dimension."""
    attributes.setdefault("kernel_shape", [2] * (len(x) - 2))
    return single(operator, x=x, y=rank(len(x)), opset=opset, **attributes)


def pool_with_indices(used: bool) -> onnx.ModelProto:
    """MaxPool with its second output."""
    outputs: Dict[str, Tensor] = {"y": rank(4)}
    if used:
        outputs["i"] = rank(4, INT64)
    return model(node("MaxPool", "x", "y i", kernel_shape=[2, 2]), outputs=outputs)


def pool_with_nameless_indices() -> onnx.ModelProto:
    """MaxPool with a second output that has no name."""
    pooling = node("MaxPool", "x", "y", kernel_shape=[2, 2])
    pooling.output.append("")
    return model(pooling)


def convolve(
    operator: str = "Conv",
    spatial: int = 2,
    computed: str = "",
    **attributes: Any,
) -> onnx.ModelProto:
    """A convolution with a kernel of three and a bias.

    Args:
        computed: ``w`` or ``b``, which is then an input of the model.
        attributes: ``kernel_shape=None`` leaves it out.
    """
    attributes.setdefault("kernel_shape", [3] * spatial)
    shapes = {"w": (4, 4, *[3] * spatial), "b": (4,)}
    more: Optional[Dict[str, Tensor]] = {computed: shapes[computed]} if computed else None
    weights = {key: floats(*shape) for key, shape in shapes.items() if key != computed}
    x = (1, 4, *[8] * spatial)
    return single(operator, "x w b", weights, x=x, y=rank(2 + spatial), more=more, **attributes)


def convolve_changed(operator: str, kind: type = np.float32, **attributes: Any) -> onnx.ModelProto:
    """A convolution with weights that go through another operator."""
    return model(
        node(operator, "w", "kernel", **attributes),
        node("Conv", "x kernel", kernel_shape=[3, 3]),
        weights={"w": floats(4, 4, 3, 3).astype(kind)},
    )


def batch_normalization(computed: bool) -> onnx.ModelProto:
    """With the four statistics as weights or as inputs."""
    names = ["scale", "bias", "mean", "variance"]
    more: Optional[Dict[str, Tensor]] = {name: [4] for name in names} if computed else None
    weights = {} if computed else {name: floats(4) for name in names}
    return single("BatchNormalization", " ".join(["x", *names]), weights, more=more)


def training() -> onnx.ModelProto:
    """BatchNormalization that updates its statistics."""
    names = ["scale", "bias", "mean", "variance"]
    return model(
        node("BatchNormalization", " ".join(["x", *names]), "y m v", training_mode=1),
        weights={name: floats(4) for name in names},
        opset=15,
    )


def instance_normalization(x: Sequence[int] = IMAGE, computed: bool = False) -> onnx.ModelProto:
    """With weights, or with an input as the scale."""
    weights = {name: floats(x[1]) for name in ("scale", "bias")}
    more: Optional[Dict[str, Tensor]] = None
    if computed:
        del weights["scale"]
        more = {"scale": [x[1]]}
    return single("InstanceNormalization", "x scale bias", weights, x=x, y=rank(len(x)), more=more)


def layer_normalization(outputs: str = "y") -> onnx.ModelProto:
    """Over the last axis."""
    return model(
        node("LayerNormalization", "x scale bias", outputs),
        weights={"scale": floats(8), "bias": floats(8)},
        opset=17,
    )


def group_normalization() -> onnx.ModelProto:
    """A group for each channel, for which opsets 18 and 21 have the same scales."""
    weights = {"scale": floats(4), "bias": floats(4)}
    return single("GroupNormalization", "x scale bias", weights, opset=21, num_groups=4)


def recurrent(operator: str, gates: int, directions: int = 1, **attributes: Any) -> onnx.ModelProto:
    """An LSTM or GRU of two steps with three inputs and four hidden units."""
    weights = {"w": floats(directions, gates * 4, 3), "r": floats(directions, gates * 4, 4)}
    if directions == 2:
        attributes["direction"] = "bidirectional"
    return single(
        operator, "x w r", weights, x=(2, 1, 3), y=rank(4), opset=14, hidden_size=4, **attributes
    )


POOLING: List[Fact] = [
    Fact("max pooling", partial(pool, "MaxPool"), "all", "importers MaxPool"),
    Fact(
        "max pooling with indices",
        partial(pool_with_indices, True),
        "none",
        "importers:2817@8.0.1, 2941@8.2.1, 2838@8.4.1, 2910@8.5.3, 2954@8.6.1; checkers:466@10.0.0,"
        " operators.md@11.1",
    ),
    Fact(
        "max pooling with unused indices",
        partial(pool_with_indices, False),
        "none",
        "as with indices: the outputs are counted",
    ),
    Fact(
        "max pooling with nameless indices",
        pool_with_nameless_indices,
        "10.13-",
        "as with indices up to checkers:468@10.1; emptyOutputChecker@dd0a3a9 leaves nameless ones",
    ),
    Fact(
        "max pooling with dilations",
        partial(pool, "MaxPool", dilations=[2, 2]),
        "none",
        "utils:1666@8.0.1, 1625@8.2.1, 1629@8.4.1, 1662@8.5.3, 1496@8.6.1; checkers:94@10.0.0",
    ),
    Fact(
        "average pooling with dilations",
        partial(pool, "AveragePool", opset=19, dilations=[2, 2]),
        "none",
        "as max pooling with dilations",
    ),
    Fact("max pooling storage_order", partial(pool, "MaxPool", storage_order=1), "all", "unread"),
    Fact(
        "max pooling ceil_mode",
        partial(pool, "MaxPool", ceil_mode=1),
        "all",
        "poolingHelper: utils:1460@8.6.1",
    ),
    Fact(
        "max pooling 1D",
        partial(pool, "MaxPool", (1, 4, 8)),
        "all",
        "poolingHelper: utils:1460@8.6.1",
    ),
    Fact(
        "average pooling 1D",
        partial(pool, "AveragePool", (1, 4, 8)),
        "all",
        "poolingHelper: utils:1460@8.6.1",
    ),
    Fact(
        "max pooling 3D", partial(pool, "MaxPool", CUBE), "all", "poolingHelper: utils:1460@8.6.1"
    ),
    Fact(
        "max pooling 4D",
        partial(pool, "MaxPool", (1, 2, 4, 4, 4, 4)),
        "none",
        "utils:1647@8.0.1, 1606@8.2.1, 1611@8.4.1, 1644@8.5.3, 1478@8.6.1, 1254@10.0.0",
    ),
    Fact(
        "average pooling, one more at the end",
        partial(pool, "AveragePool", pads=[0, 0, 1, 1]),
        "all",
        "poolingHelper: utils:1588@8.2.1",
    ),
    Fact(
        "average pooling, two more at the end",
        partial(pool, "AveragePool", kernel_shape=[3, 3], pads=[0, 0, 2, 2]),
        "8.5-",
        "utils:1709@8.0.1, 1668@8.2.1, 1672@8.4.1; not in 8.5.3",
    ),
    Fact(
        "average pooling count_include_pad",
        partial(pool, "AveragePool", pads=[1, 1, 1, 1], count_include_pad=1),
        "all",
        "utils:1093@8.6.1",
    ),
    *[
        Fact(
            f"{words} as TensorFlow pads",
            partial(
                pool,
                operator,
                shape,
                auto_pad="SAME_UPPER",
                strides=[2] * (len(shape) - 2),
                kernel_shape=[3] * (len(shape) - 2),
            ),
            "all",
            "poolingHelper: utils:1460@8.6.1, padding: utils:1155@8.6.1",
            by=EITHER,
        )
        for words, operator, shape in (
            ("max pooling", "MaxPool", IMAGE),
            ("max pooling 3D", "MaxPool", CUBE),
            ("average pooling", "AveragePool", IMAGE),
            ("average pooling 3D", "AveragePool", CUBE),
        )
    ],
    *[
        Fact(
            f"{operator} of rank {len(shape)}",
            partial(single, operator, x=shape, y=rank(len(shape))),
            "all",
            "globalPoolingHelper: importers:1694@8.5.3, 1702@8.6.1 reduce all axes but two",
            by=EITHER,
        )
        for operator in ("GlobalMaxPool", "GlobalAveragePool")
        for shape in ((1, 4, 8), IMAGE, CUBE)
    ],
]

CONVOLUTION: List[Fact] = [
    *[
        Fact(f"convolution {n}D", partial(convolve, spatial=n), "all", "importers Conv")
        for n in (1, 2, 3)
    ],
    Fact(
        "convolution 4D",
        partial(convolve, spatial=4),
        "none",
        "NvInfer.h addConvolutionNd: kernels of two or three dimensions; seen with 8.5.3 and 8.6.0",
    ),
    Fact(
        "convolution with computed weights",
        partial(convolve, computed="w"),
        "8.5-",
        'importers:530@8.0.1, 614@8.2.1, 622@8.4.1 hands them on, and TensorRT has "two inputs are'
        ' allowed only in explicit-quantization mode" for it: issue 790 of onnx-tensorrt (8.2),'
        " issue 38 of WongKinYiu/yolov9 (8.4.1); NvInfer.h:IConvolutionLayer::setInput has no such"
        " word @8.5.1",
    ),
    Fact(
        "convolution with computed weights and no kernel_shape",
        partial(convolve, computed="w", kernel_shape=None),
        "none",
        "utils:2157@8.0.1, 2038@8.4.1, 2023@8.5.3, importerUtils.cpp:1685@10.0.0 look for the size"
        " in the attribute; seen with 8.5.3 and 8.6.0",
        unknown="10.13-",
    ),
    Fact(
        "convolution with a computed bias and no kernel_shape",
        partial(convolve, computed="b", kernel_shape=None),
        "none",
        "as with computed weights and no kernel_shape; seen with 8.5.3 and 8.6.0",
        unknown="10.13-",
    ),
    Fact(
        "convolution without kernel_shape",
        partial(convolve, kernel_shape=None),
        "all",
        "importers Conv reads the size of weights",
    ),
    Fact(
        "convolution with transposed weights",
        partial(convolve_changed, "Transpose", perm=[1, 0, 2, 3]),
        "8.0-8.2, 8.5-",
        "importers:4360@8.0.1, 4587@8.2.1 transpose weights; importers:4487@8.4.1 makes a tensor",
    ),
    Fact(
        "convolution with weights that are cast",
        partial(convolve_changed, "Cast", np.float16, to=FLOAT),
        "8.5-",
        "importers:270@8.0.1, 286@8.4.1: a tensor, and then as with computed weights",
    ),
    Fact(
        "convolution with a computed bias",
        partial(convolve, computed="b"),
        "8.5-",
        "importers:563@8.0.1, 647@8.2.1, 655@8.4.1; importers:664@8.5.3 hands it on",
    ),
    Fact(
        "convolution with negative padding",
        partial(convolve, pads=[-1, -1, -1, -1]),
        "none",
        "NvInfer.h setPrePadding; seen with 8.5.3 and 8.6.0",
    ),
    Fact(
        "transposed convolution",
        partial(convolve, "ConvTranspose"),
        "all",
        "importers ConvTranspose",
    ),
    Fact(
        "transposed convolution 1D",
        partial(convolve, "ConvTranspose", spatial=1),
        "all",
        "importers ConvTranspose@8.0.1; importers:789@8.6.1",
    ),
    Fact(
        "transposed convolution with output_padding",
        partial(convolve, "ConvTranspose", strides=[2, 2], output_padding=[1, 1]),
        "all",
        "importers ConvTranspose@8.0.1; importers:885@8.6.1",
    ),
    Fact(
        "transposed convolution with dilations",
        partial(convolve, "ConvTranspose", dilations=[2, 2]),
        "all",
        "importers:915@8.6.1",
    ),
    Fact(
        "transposed convolution with SAME_UPPER",
        partial(convolve, "ConvTranspose", strides=[2, 2], auto_pad="SAME_UPPER"),
        "all",
        "utils:1155@8.6.1",
    ),
    Fact(
        "transposed convolution to a larger output_shape",
        partial(convolve, "ConvTranspose", strides=[2, 2], output_shape=[30, 30]),
        "none",
        "importers:754@8.0.1, 840@8.2.1, 848@8.4.1, 900@8.5.3, 871@8.6.1, 996@10.0.0: padding"
        " before would be negative",
        unknown="11.1-",
    ),
    Fact(
        "transposed convolution with negative padding",
        partial(convolve, "ConvTranspose", pads=[-1, -1, -1, -1]),
        "none",
        "NvInfer.h setPrePadding; seen with 8.5.3 and 8.6.0",
    ),
    Fact(
        "transposed convolution 3D padded at the end",
        partial(convolve, "ConvTranspose", spatial=3, pads=[0, 0, 0, 1, 1, 1]),
        "8.4-",
        "importers:800@8.0.1, 896@8.2.1 want it on both sides; not in 8.4.1",
    ),
    Fact(
        "transposed convolution with computed weights",
        partial(convolve, "ConvTranspose", computed="w"),
        "8.5-",
        "importers:653@8.0.1, 751@8.2.1 hand them on;"
        " NvInfer.h:IDeconvolutionLayer::setInput@8.2.1:"
        " computable when it is built; no such word @8.5.1",
        by=EITHER,
    ),
    Fact(
        "transposed convolution with a computed bias",
        partial(convolve, "ConvTranspose", computed="b"),
        "8.5-",
        "importers:704@8.0.1, 747@8.2.1, 755@8.4.1; importers:807@8.5.3 hands it on",
    ),
]

NORMALIZATION: List[Fact] = [
    Fact("batch normalization", partial(batch_normalization, False), "all", "importers"),
    Fact(
        "batch normalization by computed statistics",
        partial(batch_normalization, True),
        "all",
        "importers:246@8.6.1, batchnormFallback",
    ),
    Fact(
        "batch normalization in training",
        training,
        "none",
        "parseGraph@8.0.1 to 8.4.1 asks for outputs that are not there; importers:259@8.5.3,"
        " 240@8.6.1;"
        " checkers:174@10.0.0",
    ),
    *[
        Fact(
            f"instance normalization of rank {len(shape)}",
            partial(instance_normalization, shape),
            "all",
            "importers:2113@8.0.1, 2208@8.2.1; utils:1247@8.6.1, 1313@10.1. The parsers of 8"
            " register its plugin themselves (model:531@8.0.1, 590@8.2.1, 571@8.4.1, 524@8.5.3,"
            " 552@8.6.1), those of 10 need none",
        )
        for shape in ((1, 4, 8), IMAGE, CUBE)
    ],
    Fact(
        "instance normalization of rank 2",
        partial(instance_normalization, (2, 4)),
        "none",
        "importers:2113@8.0.1, 2208@8.2.1; utils:1247@8.6.1, 1167@10.0.0",
    ),
    Fact(
        "instance normalization with a computed scale",
        partial(instance_normalization, computed=True),
        "8.6.0, 10.0-",
        "importers:2109@8.0.1, 2204@8.2.1, 2126@8.4.1, 2195@8.5.3; utils:1241@8.6.1 unless"
        " NATIVE_INSTANCENORM is set; set by default from 10.0 on (Changelog.md);"
        " seen with 8.6.0, where a layer is the default",
    ),
    Fact(
        "layer normalization",
        layer_normalization,
        "8.6-",
        "no importer before importers:2270@8.6.1",
    ),
    Fact(
        "layer normalization with its mean",
        partial(layer_normalization, "y mean deviation"),
        "none",
        "model:223@8.6.1, 221@10.0.0 count outputs; operators.md@11.1",
    ),
    Fact(
        "group normalization",
        group_normalization,
        "8.6-",
        "no importer before importers:1719@8.6.1",
        unknown="11.1-",
    ),
]

RECURRENCE: List[Fact] = [
    Fact("lstm", partial(recurrent, "LSTM", 4), "all", "importers LSTM"),
    Fact("lstm in both directions", partial(recurrent, "LSTM", 4, 2), "all", "importers LSTM"),
    Fact(
        "lstm with other activations backwards",
        partial(
            recurrent,
            "LSTM",
            4,
            2,
            activations=["Sigmoid", "Tanh", "Tanh", "Sigmoid", "Relu", "Tanh"],
        ),
        "none",
        "importers:2338@8.0.1, 2462@8.2.1, 2388@8.4.1, 2464@8.5.3, 2507@8.6.1; checkers:433@10.0.0",
    ),
    Fact(
        "lstm input_forget",
        partial(recurrent, "LSTM", 4, input_forget=1),
        "none",
        "importers:2310@8.0.1, 2436@8.2.1, 2362@8.4.1, 2438@8.5.3, 2481@8.6.1; checkers:411@10.0.0",
    ),
    Fact(
        "lstm layout",
        partial(recurrent, "LSTM", 4, layout=1),
        "all",
        "no importer of 8 reads it; operators.md@11.1 wants 0",
        unknown="10.0-",
        misread="8.0-8.6",
    ),
    Fact(
        "gru linear_before_reset",
        partial(recurrent, "GRU", 3, linear_before_reset=1),
        "all",
        "importers:1803@8.6.1",
    ),
]

FACTS: List[Fact] = [*POOLING, *CONVOLUTION, *NORMALIZATION, *RECURRENCE]
