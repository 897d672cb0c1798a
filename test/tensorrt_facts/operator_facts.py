"""Operators that some versions lack, and what an operator's name is looked up by."""

from functools import partial
from typing import Any, Dict, List, Optional

import numpy as np
import onnx

from test.tensorrt_facts.fact import Fact
from test.tensorrt_facts.models import (
    FLOAT,
    INT32,
    INT64,
    Tensor,
    floats,
    ints,
    model,
    node,
    rank,
    single,
)


def of_integers(
    operator: str, names: str = "i two", opset: int = 13, **attributes: Any
) -> onnx.ModelProto:
    """An operator on ``x`` as int32 and the constant 2."""
    return model(
        node("Cast", "x", "i", to=INT32),
        node(operator, names, "j", **attributes),
        node("Cast", "j", "y", to=FLOAT),
        weights={"two": np.array([2], np.int32)},
        opset=opset,
    )


def to_booleans(operator: str, **attributes: Any) -> onnx.ModelProto:
    """An operator from ``x`` to booleans."""
    return model(node(operator, "x", "b", **attributes), node("Cast", "b", "y", to=FLOAT))


def exclusive_or() -> onnx.ModelProto:
    """Of two comparisons."""
    return model(
        node("Greater", "x one", "a"),
        node("Less", "x one", "b"),
        node("Xor", "a b", "c"),
        node("Cast", "c", "y", to=FLOAT),
        weights={"one": np.float32([1])},
    )


def einsum(equation: str, inputs: int = 2) -> onnx.ModelProto:
    """Of matrices [4, 4]."""
    names = [f"x{number}" for number in range(inputs)]
    return model(
        node("Einsum", " ".join(names), equation=equation),
        inputs=dict.fromkeys(names, (4, 4)),
        outputs={"y": rank(2)},
    )


def roi_align() -> onnx.ModelProto:
    """Two regions that are constant."""
    weights = {
        "regions": np.array([[0, 0, 4, 4], [2, 2, 8, 8]], np.float32),
        "images": ints(0, 0),
    }
    return single("RoiAlign", "x regions images", weights, output_height=2, output_width=2)


def shift_bits() -> onnx.ModelProto:
    """Of weights: no version takes inputs of an unsigned type but uint8."""
    return model(
        node("BitShift", "bits two", "shifted", direction="LEFT"),
        node("Cast", "shifted", "weights", to=FLOAT),
        node("Add", "x weights"),
        weights={"bits": np.ones(8, np.uint8), "two": np.full(8, 2, np.uint8)},
    )


def sequence() -> onnx.ModelProto:
    """A sequence of one tensor, and that tensor of it."""
    return model(
        node("SequenceConstruct", "x", "s"),
        node("SequenceAt", "s zero"),
        weights={"zero": np.array(0, np.int64)},
    )


def reverse_sequence() -> onnx.ModelProto:
    """Lengths are constant."""
    weights = {"lengths": ints(2, 3)}
    return single("ReverseSequence", "x lengths", weights, x=(4, 2, 3), y=rank(3))


def deform() -> onnx.ModelProto:
    """A deformable convolution with offsets of zero."""
    weights = {"w": floats(4, 4, 3, 3), "offset": np.zeros((1, 18, 6, 6), np.float32)}
    return single("DeformConv", "x w offset", weights, opset=19, kernel_shape=[3, 3])


def sample_grid() -> onnx.ModelProto:
    """At constant places."""
    weights = {"grid": np.zeros((1, 3, 3, 2), np.float32)}
    return single("GridSample", "x grid", weights, opset=16)


def eye(x: Tensor) -> onnx.ModelProto:
    """Ones on the diagonal."""
    return single("EyeLike", x=x, y=rank(2), dtype=FLOAT)


def custom(operator: str) -> onnx.ModelProto:
    """An operator of another domain."""
    return model(node(operator, "x", domain="my.domain"), domains=["my.domain"])


def attend() -> onnx.ModelProto:
    """Attention of a tensor to itself."""
    return single("Attention", "x x x", opset=23)


def root_mean_square() -> onnx.ModelProto:
    """RMSNormalization over the last axis."""
    return single("RMSNormalization", "x scale", {"scale": floats(8)}, opset=23)


def since(
    operator: str,
    first: str,
    source: str,
    opset: int = 13,
    names: str = "x",
    weights: Optional[Dict[str, np.ndarray]] = None,
    **attributes: Any,
) -> Fact:
    """One that exists from a version on."""
    make = partial(single, operator, names, weights, opset=opset, **attributes)
    return Fact(operator, make, first, source)


EXISTENCE: List[Fact] = [
    *[since(name, "all", f"importers {name}@8.0.1") for name in ("Erf", "Elu", "Softplus", "Celu")],
    *[since(name, "8.2-", f"no importer before {name}@8.2.1") for name in ("Round", "Sign")],
    Fact("IsNaN", partial(to_booleans, "IsNaN"), "8.2-", "no importer before IsNaN@8.2.1"),
    Fact("IsInf", partial(to_booleans, "IsInf"), "8.6-", "no importer before importers:2218@8.6.1"),
    Fact("Xor", exclusive_or, "8.4-", "no importer before Xor@8.4.1"),
    since("Shrink", "8.4-", "no importer before Shrink@8.4.1"),
    since("HardSwish", "8.4-", "no importer before HardSwish@8.4.1", 14),
    since("MeanVarianceNormalization", "8.5-", "no importer before it@8.5.3"),
    since("RandomNormalLike", "8.5-", "no importer before it@8.5.3"),
    since("NonZero", "8.5-", "no importer before it@8.5.3", y=rank(2, INT64)),
    since("Hardmax", "10.0-", "no importer before Hardmax@10.0.0"),
    since("Mish", "10.0-", "no importer before Mish@10.0.0", 18),
    since("Gelu", "10.0-", "no importer before Gelu@10.0.0", 20),
    since("CastLike", "10.0-", "no importer before CastLike@10.0.0", 15, "x x"),
    Fact("DeformConv", deform, "10.3-", "no importer before DeformConv@10.1"),
    Fact("GridSample", sample_grid, "8.5-", "no importer before importers:4386@8.5.3"),
    Fact("Attention", attend, "11.1-", "Changelog.md: new in 10.14; operators.md@11.1"),
    Fact("RMSNormalization", root_mean_square, "11.1-", "Changelog.md: new in 10.15"),
    Fact(
        "ReverseSequence",
        reverse_sequence,
        "all",
        "importers:3482@8.0.1; a layer @8.6.1",
    ),
    Fact(
        "Trilu",
        partial(single, "Trilu", x=(4, 4), y=rank(2), opset=14),
        "8.5-",
        "no importer before Trilu@8.5.3",
    ),
    Fact(
        "Trilu of rank 4",
        partial(single, "Trilu", opset=14),
        "8.6.1-",
        "importers:4982@8.5.3, 4950@8.6.0; importers:4950@8.6.1 takes any",
    ),
    Fact(
        "Mod of integers",
        partial(of_integers, "Mod"),
        "8.5-",
        "no importer before importers:3018@8.5.3",
    ),
    Fact(
        "Mod of floats",
        partial(single, "Mod", "x two", {"two": np.float32([2])}, fmod=1),
        "8.5-",
        "no importer before importers:3018@8.5.3",
    ),
    Fact(
        "Mod of floats without fmod",
        partial(single, "Mod", "x two", {"two": np.float32([2])}),
        "none",
        "no importer before importers:3018@8.5.3, which asserts integers",
        unknown="10.0-",
    ),
    Fact(
        "RoiAlign",
        roi_align,
        "8.5-",
        "no importer before importers:4204@8.5.3; seen with 8.6.0: needs libnvinfer_vc_plugin,"
        " which not every wheel has; the parsers of 8 register its plugin themselves"
        " (model:524@8.5.3, 552@8.6.1), importers:4909@10.0.0 does not find it by itself",
        unknown="8.6.0",
        plugins="10.0-",
    ),
    Fact("BitShift", shift_bits, "none", "no importer; checkers:857@10.0.0"),
    Fact(
        "BitwiseAnd",
        partial(of_integers, "BitwiseAnd", opset=18),
        "none",
        "no importer; checkers:862@10.0.0",
    ),
    Fact(
        "Unique",
        partial(single, "Unique", y=rank(1), sorted=1),
        "none",
        "no importer; checkers:1037@10.0.0",
    ),
    Fact("SequenceConstruct", sequence, "none", "no importer; checkers:987@10.0.0"),
    Fact(
        "an operator of another domain",
        partial(custom, "Sharpen"),
        "none",
        "importers:4643@8.0.1, 4870@8.2.1, 4890@8.4.1, 5435@8.5.3, 5405@8.6.1; checkers:778@10.0.0",
    ),
    Fact(
        "an operator of another domain with a known name",
        partial(custom, "Relu"),
        "all",
        "importers are found by the operator alone: model:145@8.0.1, 161@8.6.1; parseNode@10.1",
        misread="all",
        unknown="11.1-",
    ),
    Fact(
        "a later opset than the documented one",
        partial(single, "Relu", opset=20),
        "all",
        "importModel looks at opsets below 7 only",
    ),
]

EINSUM: List[Fact] = [
    Fact("Einsum", partial(einsum, "ij,jk->ik"), "8.2-", "no importer before importers:1302@8.2.1"),
    Fact(
        "Einsum in capital letters",
        partial(einsum, "IJ,JK->IK"),
        "none",
        "importers:1320@8.2.1, 1322@8.4.1, 1391@8.5.3, 1398@8.6.1; checkers:279@10.0.0",
        unknown="11.1-",
    ),
    Fact(
        "Einsum with an ellipsis",
        partial(einsum, "...j,jk->...k"),
        "10.13-",
        "NvInfer.h IEinsumLayer@8.2.1 to 10.3.0, seen with 8.5.3 and 8.6.0; Changelog.md: new in"
        " 10.12",
    ),
    Fact(
        "Einsum of a diagonal",
        partial(einsum, "ii,ik->ik"),
        "10.13-",
        "NvInfer.h IEinsumLayer@8.2.1 to 10.3.0, seen with 8.5.3 and 8.6.0; Changelog.md: new in"
        " 10.12",
    ),
    Fact(
        "Einsum of three inputs",
        partial(einsum, "ij,jk,kl->il", 3),
        "none",
        "NvInfer.h IEinsumLayer@8.2.1 to 10.3.0, seen with 8.5.3 and 8.6.0",
        unknown="10.13-",
    ),
]

SHAPES: List[Fact] = [
    Fact("EyeLike", partial(eye, (4, 4)), "all", "importers EyeLike"),
    Fact(
        "EyeLike of unknown sizes",
        partial(eye, (None, 4)),
        "none",
        "importers:1268@8.0.1, 1415@8.2.1, 1417@8.4.1, 1488@8.5.3, 1495@8.6.1, 1834@10.0.0;"
        " operators.md@11.1",
    ),
    *[
        Fact(
            f"DepthToSpace {mode}",
            partial(single, "DepthToSpace", blocksize=2, mode=mode),
            "all",
            "importers:1116@8.6.1",
        )
        for mode in ("DCR", "CRD")
    ],
    Fact("SpaceToDepth", partial(single, "SpaceToDepth", blocksize=2), "all", "importers"),
]

FACTS: List[Fact] = [*EXISTENCE, *EINSUM, *SHAPES]
