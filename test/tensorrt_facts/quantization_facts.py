"""QuantizeLinear and DequantizeLinear: zero points, scales, axes."""

from functools import partial
from typing import Any, Dict, List, Optional, Sequence

import numpy as np
import onnx

from test.tensorrt_facts.fact import BUILDER, EITHER, Fact
from test.tensorrt_facts.models import IMAGE, Tensor, floats, model, node, rank

SCALE = np.array(0.1, np.float32)
OF_3, OF_3D = {"kernel_shape": [3, 3]}, {"kernel_shape": [3, 3, 3]}


def quantize(
    zero: Optional[Any], scale: Optional[np.ndarray] = SCALE, **axis: int
) -> onnx.ModelProto:
    """``x`` quantised and back.

    Args:
        zero: None leaves it out.
        scale: None makes it an input of the model.
    """
    names = "scale" if zero is None else "scale zero"
    weights = {"scale": scale, "zero": zero}
    inputs: Dict[str, Tensor] = {"x": (1, 4, 8, 8)}
    if scale is None:
        inputs["scale"] = []
    return model(
        node("QuantizeLinear", f"x {names}", "q", **axis),
        node("DequantizeLinear", f"q {names}", "y", **axis),
        inputs=inputs,
        weights={name: array for name, array in weights.items() if array is not None},
    )


def convolve(quantized_weights: bool, **attributes: Any) -> onnx.ModelProto:
    """A convolution whose weights have a scale for each channel."""
    weights = {
        "w": floats(4, 4, 3, 3),
        "s": floats(4),
        "z": np.zeros(4, np.int8),
        "scale": SCALE,
        "zero": np.int8(0),
    }
    nodes = [
        node("QuantizeLinear", "x scale zero", "q"),
        node("DequantizeLinear", "q scale zero", "d"),
        node("QuantizeLinear", "w s z", "qw", axis=0),
        node("DequantizeLinear", "qw s z", "dw", axis=0),
        node("Conv", "d dw", "y", **attributes),
    ]
    if quantized_weights:
        weights["qw"] = np.ones((4, 4, 3, 3), np.int8)
        del weights["w"], nodes[2]
    return model(*nodes, outputs={"y": rank(4)}, weights=weights)


def product(
    operator: str, kernel: Sequence[int], axis: int, x: Sequence[int], **attributes: Any
) -> onnx.ModelProto:
    """A product with int8 weights, which have a scale for each channel along ``axis``."""
    channels = kernel[axis]
    return model(
        node("QuantizeLinear", "x scale zero", "q"),
        node("DequantizeLinear", "q scale zero", "d"),
        node("DequantizeLinear", "w s z", "dw", axis=axis),
        node(operator, "d dw", "y", **attributes),
        inputs={"x": x},
        outputs={"y": rank(len(x))},
        weights={
            "w": np.ones(kernel, np.int8),
            "s": floats(channels),
            "z": np.zeros(channels, np.int8),
            "scale": SCALE,
            "zero": np.int8(0),
        },
    )


FACTS: List[Fact] = [
    Fact(
        "int8 with zero point 0", partial(quantize, np.int8(0)), "all", "QuantDequantLinearHelper"
    ),
    Fact(
        "int8 with zero point 5",
        partial(quantize, np.int8(5)),
        "none",
        "importers:1058@8.0.1, 1169@8.2.1, 1173@8.4.1, 1240@8.5.3, 1220@8.6.1, 1458@10.0.0;"
        " operators.md@11.1",
    ),
    Fact(
        "uint8 with zero point 128",
        partial(quantize, np.uint8(128)),
        "none",
        "as int8 with zero point 5: uint8 weights are int32 ones of which the first byte is read",
    ),
    Fact(
        "uint8 with zero point 0",
        partial(quantize, np.uint8(0)),
        "all",
        "only zeros are looked for, and int8 is made of it; a warning @10.1",
        misread="all",
    ),
    Fact(
        "quantisation without a zero point",
        partial(quantize, None),
        "10.0-",
        "importers:1022@8.0.1, 1133@8.2.1, 1139@8.4.1, 1206@8.5.3; importers:1229@8.6.1 reads a"
        " third"
        " input that is not there; two inputs are enough @10.0.0, for int8",
        misread="10.0-",
    ),
    Fact(
        "quantisation of a tensor with an axis",
        partial(quantize, np.int8(0), axis=1),
        "8.2-",
        "importers:1096@8.0.1; not in the branch after 8.0.1, nor in 8.2.1",
    ),
    Fact(
        "quantisation by a scale of 0",
        partial(quantize, np.int8(0), np.float32(0)),
        "none",
        "importers:1039@8.0.1, 1197@8.6.1: positive; as well @10.1",
        unknown="11.1-",
    ),
    Fact(
        "quantisation by a scale of an input",
        partial(quantize, np.int8(0), None),
        "none",
        "NvInfer.h:5636@8.2.1, 6033@8.6.1, 5249@10.0.0: constant when it is built",
        by=BUILDER,
        unknown="10.3-",
    ),
    Fact(
        "weights by channel, then a convolution",
        partial(convolve, False, kernel_shape=[3, 3]),
        "all",
        "importers QuantizeLinear",
    ),
    Fact(
        "int8 weights by channel, then a convolution",
        partial(convolve, True, kernel_shape=[3, 3]),
        "all",
        "convertOnnxWeights has int8: utils:702@8.6.1",
    ),
    Fact(
        "int8 weights by channel, then a convolution without kernel_shape",
        partial(convolve, True),
        "none",
        "as convolution with computed weights and no kernel_shape; seen with 8.5.3 and 8.6.0",
        unknown="10.13-",
    ),
    *[
        Fact(
            f"int8 weights by channel, then {words}",
            partial(product, operator, kernel, axis, x, **attributes),
            "all",
            "importers QuantizeLinear; kernels of ConvTranspose: importers:816@8.5.3, 787@8.6.1",
            by=EITHER,
        )
        for words, operator, kernel, axis, x, attributes in (
            ("a convolution in groups", "Conv", (4, 2, 3, 3), 0, IMAGE, {"group": 2, **OF_3}),
            ("a convolution of each channel", "Conv", (4, 1, 3, 3), 0, IMAGE, {"group": 4, **OF_3}),
            ("a convolution 3D", "Conv", (4, 4, 3, 3, 3), 0, (1, 4, 8, 8, 8), OF_3D),
            ("a transposed convolution", "ConvTranspose", (4, 4, 3, 3), 1, IMAGE, OF_3),
            (
                "a transposed convolution without kernel_shape",
                "ConvTranspose",
                (4, 4, 3, 3),
                1,
                IMAGE,
                {},
            ),
            ("a product", "MatMul", (8, 4), 1, IMAGE, {}),
            ("Gemm", "Gemm", (8, 4), 1, (2, 8), {}),
            ("Gemm of transposed weights", "Gemm", (4, 8), 0, (2, 8), {"transB": 1}),
        )
    ],
]
