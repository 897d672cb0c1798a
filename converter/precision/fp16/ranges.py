"""Which nodes float16 has no numbers for: what goes through them is too large or too small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import numpy_helper

from converter.precision.float32_model import Float32Model, short_name

LARGEST = float(np.finfo(np.float16).max)
# What images that were not looked at may add.
_MARGIN = 2.0
# They square what goes in.
_SQUARES = ("ReduceL2",)
_IS_0 = "which is 0 in float16"
# They give a tiny number on, and fail on 0.
_PASS_ON = (
    "Sqrt",
    "Add",
    "Max",
    "Reshape",
    "Squeeze",
    "Unsqueeze",
    "Expand",
    "Transpose",
    "Identity",
)
_NEED_MORE_THAN_0 = ("Div", "Reciprocal", "Log", "Pow")


def nodes_beyond_range(
    source: Float32Model, nodes: Sequence[onnx.NodeProto], largest: dict[str, float]
) -> dict[str, str]:
    """Find the nodes that float16 has no numbers for.

    Args:
        largest: the largest absolute value of each tensor on real images.

    Returns:
        The reason by name of node.
    """
    constants = {tensor.name: tensor for tensor in source.model.graph.initializer}
    users: dict[str, list[onnx.NodeProto]] = {}
    for node in nodes:
        for name in node.input:
            users.setdefault(name, []).append(node)
    reasons: dict[str, str] = {}
    for node in nodes:
        reason = _reason(node, largest) or _reason_in_constants(node, constants)
        if reason:
            reasons[node.name] = reason
        if reason.endswith(_IS_0):
            for name in _guarded(node, users):
                reasons.setdefault(name, f"is guarded by {short_name(node.name)}, which {reason}")
    return reasons


def _reason(node: onnx.NodeProto, largest: dict[str, float]) -> str:
    inside = max((largest.get(name, 0.0) for name in (*node.input, *node.output)), default=0.0)
    if node.op_type in _SQUARES:
        inside = inside**2
    if inside * _MARGIN <= LARGEST:
        return ""
    return f"values reach {inside:.3g}, which is near or beyond the end of float16, {LARGEST:.0f}"


def _guarded(node: onnx.NodeProto, users: Mapping[str, Sequence[onnx.NodeProto]]) -> set[str]:
    """Names of the nodes from one with a tiny constant up to the divisions, logarithms and powers
    that it keeps from 0: in float16 it would be lost before it gets there."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        for user in users.get(waiting.pop().output[0], ()):
            if user.name not in found and user.op_type in (*_PASS_ON, *_NEED_MORE_THAN_0):
                found.add(user.name)
                waiting.extend([user] if user.op_type in _PASS_ON else [])
    return found


def _reason_in_constants(node: onnx.NodeProto, constants: dict[str, onnx.TensorProto]) -> str:
    for name in node.input:
        if name not in constants or constants[name].data_type != onnx.TensorProto.FLOAT:
            continue
        values = np.abs(numpy_helper.to_array(constants[name]))
        most = float(values.max(initial=0))
        if most > LARGEST:
            return f"has a constant of {most:.3g}, float16 ends at {LARGEST:.0f}"
        if most > 0 and np.float16(most) == 0:
            return f"has a constant of {most:.3g}, {_IS_0}"
    return ""
