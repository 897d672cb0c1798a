"""Limits of the types that operators take.

Before 9.0 int64 counts as int32 here, and before 8.5 uint8, as the parser or the engine builder
makes it so.
"""

from __future__ import annotations

from collections.abc import Callable

from converter.compatibility.limits.constant_limits import REDUCTIONS
from converter.compatibility.limits.limit import Limit
from converter.compatibility.limits.node_view import NodeView

_FLOATS = ("FLOAT", "FLOAT16", "BFLOAT16")
_WHOLE = ("INT32", "INT64")
_CAST = "cast to float32 before it"
_CAST_TO_INT = "cast to int32 before it, and back"
_ACTIVATIONS = (
    "Elu",
    "HardSigmoid",
    "LeakyRelu",
    "ParametricSoftplus",
    "Relu",
    "ScaledTanh",
    "Selu",
    "Sigmoid",
    "Softplus",
    "Softsign",
    "Tanh",
    "ThresholdedRelu",
)
_UNARY = (
    "Acos",
    "Acosh",
    "Asin",
    "Asinh",
    "Atan",
    "Atanh",
    "Ceil",
    "Cos",
    "Cosh",
    "Erf",
    "Exp",
    "Floor",
    "Log",
    "Reciprocal",
    "Round",
    "Sin",
    "Sinh",
    "Sqrt",
    "Tan",
)
_ARITHMETIC = ("Add", "Div", "Greater", "Less", "Max", "Mean", "Min", "Mul", "Sub", "Sum")
_ORDERED = ("GreaterOrEqual", "LessOrEqual")


def _first_is(*types: str) -> Callable[[NodeView], bool]:
    def breaks(node: NodeView) -> bool:
        return node.type(0) in types

    return breaks


def _first_is_not(*types: str) -> Callable[[NodeView], bool]:
    def breaks(node: NodeView) -> bool:
        return node.type(0) not in (*types, "")

    return breaks


def _any_is(*types: str) -> Callable[[NodeView], bool]:
    def breaks(node: NodeView) -> bool:
        return any(one in types for one in node.types())

    return breaks


def _not_all_bool(node: NodeView) -> bool:
    return any(one not in ("BOOL", "") for one in node.types())


def _selects_bool(node: NodeView) -> bool:
    return "BOOL" in (node.type(1), node.type(2))


def _limits_computed(node: NodeView) -> bool:
    """Whether a Clip is done by layers that compare, as for limits that are no weights."""
    return any(node.is_computed(index) for index in (1, 2))


TYPE_LIMITS = (
    Limit(
        _ACTIVATIONS,
        "floating-point only",
        _first_is(*_WHOLE, "BOOL"),
        _CAST,
        "onnx2trt_utils.cpp, activationHelper@8.0-GA; importerUtils.cpp@10.1-GA",
    ),
    Limit(
        _UNARY,
        "floating-point only",
        _first_is(*_WHOLE, "BOOL"),
        _CAST,
        "onnx2trt_utils.cpp:2081@8.0-GA, 1942@8.4-GA; importerUtils.cpp:1733@10.1-GA",
    ),
    Limit(
        ("Sign",),
        "floating-point only",
        _first_is(*_WHOLE, "BOOL"),
        _CAST,
        "onnx2trt_utils.cpp:1942@8.4-GA; whole numbers too: unaryHelper@9.0-GA",
        until="10.0",
    ),
    Limit(
        ("Abs", "Neg", "Sign"),
        "no booleans",
        _first_is("BOOL"),
        _CAST,
        "onnx2trt_utils.cpp:1916 and 1930@8.5-GA; importerUtils.cpp:1712@10.1-GA",
        since="8.5",
    ),
    Limit(
        ("Not",),
        "booleans only",
        _first_is_not("BOOL"),
        "compare with zero instead",
        "onnx2trt_utils.cpp:2053@8.0-GA; importerUtils.cpp:1705@10.1-GA",
    ),
    Limit(
        ("And", "Or", "Xor"),
        "booleans only",
        _not_all_bool,
        "compare with zero before it",
        "onnx2trt_utils.cpp:904@8.0-GA; importerUtils.cpp:528@10.1-GA",
    ),
    Limit(
        ("Pow",),
        "a floating-point base",
        _first_is(*_WHOLE, "BOOL"),
        "cast to float32 before it, or multiply",
        "onnx2trt_utils.cpp:929@8.0-GA; importerUtils.cpp:554@10.1-GA; taken: 10.12, CHANGELOG.md "
        "of NVIDIA/TensorRT",
        until="10.12",
    ),
    Limit(
        ("Pow",),
        "a floating-point exponent",
        lambda node: node.type(1) in (*_WHOLE, "BOOL"),
        "give the exponent as a floating-point number",
        "onnx2trt_utils.cpp:929@8.0-GA; importerUtils.cpp:554@10.1-GA; taken: 10.8, CHANGELOG.md "
        "of NVIDIA/TensorRT",
        until="10.8",
    ),
    Limit(
        (*_ARITHMETIC, *_ORDERED),
        "no booleans",
        _any_is("BOOL"),
        "cast to int32 or float32 before it",
        "onnx2trt_utils.cpp:913@8.0-GA; importerUtils.cpp:538@10.1-GA",
    ),
    Limit(
        ("Equal",),
        "no booleans",
        _any_is("BOOL"),
        "cast to int32 before it",
        "onnx2trt_utils.cpp:914@8.0-GA, 841@8.4-GA; taken: 858@8.5-GA",
        until="8.5",
    ),
    Limit(
        ("Gather", "GatherElements", "GatherND"),
        "no booleans",
        _first_is("BOOL"),
        _CAST_TO_INT,
        "builtin_op_importers.cpp, Gather@8.0-GA to 8.4-GA",
        until="8.5",
    ),
    Limit(
        ("Tile",),
        "no booleans",
        _first_is("BOOL"),
        _CAST_TO_INT,
        "builtin_op_importers.cpp, Tile@8.0-GA",
        until="8.2",
    ),
    Limit(
        ("Where",),
        "no booleans to choose from",
        _selects_bool,
        "write it with tf.logical_and and tf.logical_or",
        "builtin_op_importers.cpp, Where@8.0-GA to 8.4-GA",
        until="8.5",
    ),
    Limit(
        ("DepthToSpace", "SpaceToDepth", "GridSample"),
        "no booleans",
        _first_is("BOOL"),
        _CAST,
        "builtin_op_importers.cpp, DepthToSpace@8.0-GA, GridSample@8.5-GA",
    ),
    Limit(
        REDUCTIONS,
        "no booleans",
        _first_is("BOOL"),
        "cast to int32 before it",
        "importerUtils.cpp:1460@10.1-GA",
        since="10.0",
    ),
    Limit(
        ("ArgMax", "ArgMin", "TopK"),
        "floating-point only",
        _first_is(*_WHOLE),
        _CAST,
        "onnx2trt_utils.cpp, argMinMaxHelper@8.0-GA, 8.5-GA; builtin_op_importers.cpp:4894@8.5-GA; "
        "docs/Changelog.md, 8.6",
        until="8.6",
    ),
    Limit(
        ("Resize", "Upsample"),
        "floating-point only",
        _first_is(*_WHOLE, "BOOL"),
        _CAST,
        "builtin_op_importers.cpp:3388@8.0-GA; no booleans only: 3700@8.5-GA",
        until="8.5",
    ),
    Limit(
        ("Resize", "Upsample"),
        "no booleans",
        _first_is("BOOL"),
        _CAST,
        "builtin_op_importers.cpp:3700@8.5-GA; onnxOpImporters.cpp, Resize@10.1-GA",
        since="8.5",
    ),
    Limit(
        ("Gemm", "MatMul"),
        "floating-point only",
        _any_is(*_WHOLE),
        _CAST,
        "builtin_op_importers.cpp, MatMul@8.0-GA, 8.5-GA; onnxOpImporters.cpp, MatMul@10.15",
    ),
    Limit(
        ("PRelu",),
        "floating-point only",
        _any_is(*_WHOLE),
        _CAST,
        "builtin_op_importers.cpp, PRelu@8.0-GA; onnxOpImporters.cpp, PRelu@10.1-GA",
    ),
    Limit(
        ("Einsum",),
        "floating-point only",
        _first_is(*_WHOLE),
        _CAST,
        "onnxOpImporters.cpp, Einsum@10.15",
        since="10.14",
    ),
    Limit(
        ("Clip",),
        "float32 or int32 where its limits are computed",
        lambda node: _limits_computed(node) and node.type(0) not in ("FLOAT", "INT32", ""),
        _CAST,
        "builtin_op_importers.cpp:452@8.0-GA, 462@8.4-GA",
        until="8.5",
    ),
    Limit(
        ("Clip",),
        "constant limits",
        _limits_computed,
        "give the limits as Python numbers, or use tf.minimum and tf.maximum",
        "builtin_op_importers.cpp:392@8.0.1 of onnx-tensorrt",
        until="8.2",
    ),
    Limit(
        ("Clip",),
        "floating-point only",
        _first_is(*_WHOLE),
        "use tf.minimum and tf.maximum",
        "onnx2trt_utils.cpp:21@8.0.1 of onnx-tensorrt",
        until="8.2",
    ),
    Limit(
        ("HardSwish",),
        "no whole numbers and no booleans",
        _first_is(*_WHOLE, "BOOL"),
        _CAST,
        "builtin_op_importers.cpp, HardSwish@8.4-GA, 8.5-GA; onnxOpImporters.cpp@10.15",
    ),
    Limit(
        ("GlobalLpPool", "LpNormalization", "LpPool", "Mish"),
        "float32 or float16",
        _first_is_not("FLOAT", "FLOAT16"),
        _CAST,
        "builtin_op_importers.cpp, LpPool@8.0-GA, 8.5-GA; onnxOpImporters.cpp@10.1-GA",
    ),
    Limit(
        ("MeanVarianceNormalization",),
        "floating-point only",
        _first_is_not(*_FLOATS),
        _CAST,
        "builtin_op_importers.cpp, MeanVarianceNormalization@8.5-GA; onnxOpImporters.cpp@10.15",
    ),
    Limit(
        ("InstanceNormalization",),
        "float32 or float16, the same for scale and bias",
        lambda node: _first_is_not("FLOAT", "FLOAT16")(node) or len(set(node.types()) - {""}) > 1,
        _CAST,
        "onnxOpImporters.cpp:2681@10.1-GA",
        since="10.0",
    ),
    Limit(
        ("Hardmax",),
        "floating-point only",
        _first_is_not(*_FLOATS),
        _CAST,
        "onnxOpImporters.cpp:2531@10.1-GA",
    ),
    Limit(
        ("Shrink",),
        "no booleans",
        _first_is("BOOL"),
        _CAST,
        "builtin_op_importers.cpp, Shrink@8.4-GA; onnxOpImporters.cpp@10.15",
    ),
    Limit(
        ("Mod",),
        "whole numbers, unless fmod is 1",
        lambda node: not node.attribute("fmod", 0) and node.type(0) in _FLOATS,
        "write x - y * tf.floor(x / y) instead",
        "builtin_op_importers.cpp, Mod@8.5-GA; onnxOpImporters.cpp@10.1-GA",
    ),
    Limit(
        ("Range",),
        "int32, int64 or float32",
        _first_is_not("FLOAT", *_WHOLE),
        "make a range of int32, and cast it",
        "builtin_op_importers.cpp, Range@8.0-GA, 8.4-GA; onnxOpImporters.cpp@10.1-GA",
    ),
    Limit(
        ("STFT",),
        "float32",
        _first_is_not("FLOAT"),
        _CAST,
        "onnxOpImporters.cpp, STFT@10.15",
    ),
)
