"""Whether the bit of the sign is set in a float, without looking at bits, which ONNX cannot.

``keras.ops.argmax`` asks this of every value, to tell -0 from 0: a score of -0 comes after one of
0 (https://github.com/keras-team/keras, ``signbit``).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from converter.export.graph_view import GraphView
from converter.export.nodes import constant
from converter.export.provenance import constant_value
from converter.inputs.quiet_tensorflow import tensorflow


def replace_sign_bits(view: GraphView, node: Any) -> list[Any]:
    """Make ``node`` a comparison of the float, if it compares the float's bits with 0.

    Returns:
        New nodes, which are still to be added to the graph; none where it is another node.
    """
    values = _compared_bits(view, node)
    if values is None:
        return []
    tensor, dtype = values
    kind = tensorflow().dtypes.as_dtype(dtype).as_numpy_dtype
    zero, one = (constant(f"{node.name}/{n}", np.array(n, kind)) for n in (0, 1))
    below = _node(f"{node.name}/below", "Less", [tensor, zero.name], dtype)
    # Of the two zeros, 1 / -0 is minus infinity; 1 / -infinity is a zero.
    inverse = _node(f"{node.name}/inverse", "RealDiv", [one.name, tensor], dtype)
    turned = _node(f"{node.name}/turned", "Less", [inverse.name, zero.name], dtype)
    node.op = "LogicalOr"
    node.input[:2] = [below.name, turned.name]
    node.attr.clear()
    return [zero, one, below, inverse, turned]


def _compared_bits(view: GraphView, node: Any) -> tuple[str, int] | None:
    """The float whose bits are below 0 as a whole number, or are so once the sign is singled out,
    with TensorFlow's number of its type."""
    if node.op != "Less" or constant_value(view, node.input[1]) != 0:
        return None
    bits = view.source(view.through_identity(node.input[0]))
    if bits.op == "BitwiseAnd":
        sides = [view.source(view.through_identity(tensor)) for tensor in bits.input[:2]]
        masks = [constant_value(view, tensor) for tensor in bits.input[:2]]
        found = [s for s, mask in zip(sides, masks[::-1], strict=True) if _is_sign(s, mask)]
        bits = found[0] if found else node
    if bits.op != "Bitcast" or not _is_whole(bits):
        return None
    return bits.input[0], bits.attr["T"].type


def _is_sign(bits: Any, mask: Any) -> bool:
    if bits.op != "Bitcast" or not _is_whole(bits) or mask is None:
        return False
    return bool(mask == tensorflow().dtypes.as_dtype(bits.attr["type"].type).min)


def _is_whole(bits: Any) -> bool:
    """Whether a float is taken for a whole number of as many bytes."""
    given, wanted = (tensorflow().dtypes.as_dtype(bits.attr[n].type) for n in ("T", "type"))
    signed = bool(wanted.is_integer) and not wanted.is_unsigned
    return bool(given.is_floating) and signed and given.size == wanted.size


def _node(name: str, operator: str, inputs: list[str], dtype: int) -> Any:
    node = tensorflow().compat.v1.NodeDef(name=name, op=operator, input=inputs)
    node.attr["T"].type = dtype
    return node
