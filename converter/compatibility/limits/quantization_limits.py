"""Limits of QuantizeLinear and DequantizeLinear."""

from __future__ import annotations

import numpy as np
import onnx

from converter.compatibility.limits.limit import Limit
from converter.compatibility.limits.node_view import NodeView

_BOTH = ("DequantizeLinear", "QuantizeLinear")
_SYMMETRIC = (
    "export the float model, which the converter quantises symmetrically, with zero point 0"
)


def _is_shifted(node: NodeView) -> bool:
    values = node.values(2)
    return values is not None and bool(np.any(values))


def _is_unsigned(node: NodeView) -> bool:
    """What is quantised without a zero point or type is uint8, which has another range than the
    int8 that TensorRT would make of it."""
    if node.has(2):
        return bool(node.scope.type(node.node.input[2]) == onnx.TensorProto.UINT8)
    is_typed = node.has_attribute("output_dtype")
    return node.node.op_type == "QuantizeLinear" and not is_typed


def _has_no_zero_point(node: NodeView) -> bool:
    return not node.has(2)


def _scales_are_not_positive(node: NodeView) -> bool:
    values = node.values(1)
    return values is not None and bool(np.any(np.asarray(values, np.float64) <= 0))


def _sizes_differ(node: NodeView) -> bool:
    scale, zero = node.shape(1), node.shape(2)
    if None in (scale, zero) or not (scale or zero):
        return False
    return _count(scale) != _count(zero)


def _count(shape: tuple[int | None, ...] | None) -> int | None:
    sizes = shape or ()
    return None if None in sizes else int(np.prod([size or 0 for size in sizes], dtype=np.int64))


def _has_no_axis(node: NodeView) -> bool:
    """ONNX counts from 1, and the parsers from 0."""
    count = _count(node.shape(1))
    return count not in (None, 1) and not node.has_attribute("axis")


def _is_wide(node: NodeView) -> bool:
    return bool(node.scope.type(node.node.input[0]) == onnx.TensorProto.INT32)


def _names_axis_of_one(node: NodeView) -> bool:
    return node.has_attribute("axis") and _count(node.shape(1)) == 1


QUANTIZATION_LIMITS = (
    Limit(
        _BOTH,
        "zero point 0",
        _is_shifted,
        _SYMMETRIC,
        "builtin_op_importers.cpp:1143@8.0-GA, 1240@8.5-GA; onnxOpImporters.cpp:1491@10.1-GA",
    ),
    Limit(
        _BOTH,
        "int8, not uint8",
        _is_unsigned,
        _SYMMETRIC,
        "builtin_op_importers.cpp:1189@8.5-GA; onnxOpImporters.cpp:1457@10.1-GA, which takes int8 "
        "in its place",
    ),
    Limit(
        _BOTH,
        "a zero point, even if it is 0",
        _has_no_zero_point,
        "give each of them an int8 zero point of 0",
        "builtin_op_importers.cpp:1107@8.0-GA, 1206@8.5-GA; onnx2trt's helper for int8@8.6-GA",
        until="10.0",
    ),
    Limit(
        _BOTH,
        "positive scales",
        _scales_are_not_positive,
        "quantise with positive scales",
        "builtin_op_importers.cpp:1124@8.0-GA; onnxOpImporters.cpp:1403@10.1-GA",
    ),
    Limit(
        _BOTH,
        "constant scales",
        lambda node: node.depends(1),
        "quantise by scales that are known beforehand",
        "NvInfer.h:5245@8.0.1, 5338@v10.3.0 of NVIDIA/TensorRT: a build-time constant",
    ),
    Limit(
        _BOTH,
        "no axis with a single scale",
        _names_axis_of_one,
        "leave the attribute axis out",
        "builtin_op_importers.cpp:1096@8.0.1 of onnx-tensorrt",
        until="8.2",
    ),
    Limit(
        _BOTH,
        "as many zero points as scales",
        _sizes_differ,
        "give each scale a zero point of its own",
        "builtin_op_importers.cpp:1156@8.0-GA; onnxOpImporters.cpp:1506@10.1-GA",
    ),
    Limit(
        _BOTH,
        "the axis of scales for each channel",
        _has_no_axis,
        "give the attribute axis",
        "builtin_op_importers.cpp:1162@8.0-GA, 1259@8.5-GA; onnxOpImporters.cpp:1521@10.1-GA; as "
        "in ONNX: 10.15",
        until="10.15",
    ),
    Limit(
        ("DequantizeLinear",),
        "no int32, as biases have it",
        _is_wide,
        "leave biases in float32",
        "NvInfer.h, IDequantizeLayer of NVIDIA/TensorRT: its input is int8 or narrower",
    ),
)
