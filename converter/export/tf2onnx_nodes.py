"""What the conversion of several operators has in common: nodes of tf2onnx's graphs."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import onnx

# A node to be made: operator, inputs, attributes. The input "" is what the one before it gives.
Step = tuple[str, list[str], dict[str, Any]]


class ResizedSide(NamedTuple):
    """Height or width of an image before and after, in pixels."""

    before: int
    after: int

    @property
    def factor(self) -> np.float32:
        """By how much it grows, rounded."""
        return np.float32(self.after / self.before)

    @property
    def is_exact(self) -> bool:
        """Whether the factor is what it should be."""
        return Fraction(float(self.factor)) == Fraction(self.after, self.before)


def known_sides(graph: Any, node: Any) -> tuple[ResizedSide, ResizedSide] | None:
    """Height and width of ``[N, h, w, C]`` before and after ``node``, whose second input is the
    size; None where not all are known."""
    before, after = graph.get_shape(node.input[0]), graph.get_shape(node.output[0])
    if node.inputs[1].is_const():
        after = [-1, *(int(one) for one in node.inputs[1].get_tensor_value()), -1]
    if not before or not after or min(*before[1:3], *after[1:3]) < 1:
        return None
    return ResizedSide(before[1], after[1]), ResizedSide(before[2], after[2])


def take_float32(graph: Any, node: Any) -> None:
    """Let ``node`` take float32: what TensorFlow gives whatever it takes is float32, and ONNX gives
    what it takes."""
    if graph.get_dtype(node.input[0]) == onnx.TensorProto.FLOAT:
        return
    attributes = {"to": onnx.TensorProto.FLOAT}
    shape = graph.get_shape(node.input[0])
    cast = graph.make_node(
        "Cast", [node.input[0]], attributes, shapes=[shape], dtypes=[onnx.TensorProto.FLOAT]
    )
    graph.replace_input(node, node.input[0], cast.output[0], 0)


def flag(node: Any, name: str) -> bool:
    """An attribute that is true or false; false where it is not there."""
    return name in node.attr and bool(node.attr[name].i)


def make_constant(graph: Any, node: Any, values: np.ndarray) -> str:
    """The output of a new constant, which is called like ``node``."""
    from tf2onnx import utils

    return str(graph.make_const(utils.make_name(node.name), values).output[0])


def replace(graph: Any, node: Any, steps: Sequence[Step]) -> None:
    """Put nodes one behind the other in the place of ``node``. The last one gets its name."""
    outputs, shapes, dtypes = node.output, node.output_shapes, node.output_dtypes
    graph.remove_node(node.name)
    *first, (operator, inputs, attributes) = steps
    before = ""
    for one, taken, values in first:
        made = graph.make_node(one, [name or before for name in taken], values)
        before = made.output[0]
    # An empty name is also that of an input that is left out, but never behind the first step.
    graph.make_node(
        operator,
        [name or before for name in inputs],
        attributes,
        name=node.name,
        outputs=outputs,
        shapes=shapes,
        dtypes=dtypes,
    )
