"""What TensorFlow knows of the tensors of a graph without running it: values, shapes and types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from converter.export.graph_view import GraphView, canonical
from converter.export.loop_bodies import Body
from converter.export.nodes import become_constant, become_placeholder
from converter.inputs.quiet_tensorflow import tensorflow


class KnownValues:
    """Values, shapes and types of the tensors of a graph as it was when this was made."""

    def __init__(self, view: GraphView) -> None:
        tf = tensorflow()
        with tf.Graph().as_default() as self._graph:
            tf.import_graph_def(view.graph_def, name="")

    def value(self, tensor: str) -> np.ndarray | None:
        """The value, where it depends on constants and on known shapes only; else None."""
        from tensorflow.python.framework import tensor_util

        found = self._tensor(tensor)
        if found.dtype in (tensorflow().variant, tensorflow().resource):
            return None
        value: np.ndarray | None = tensor_util.try_evaluate_constant(found)
        return value

    def integer(self, tensor: str) -> int | None:
        """The one whole number that ``tensor`` always is; None where that is not known."""
        value = self.value(tensor)
        return None if value is None or value.size != 1 else int(value.reshape(()))

    def shape(self, tensor: str) -> Any:
        """TensorFlow's TensorShape of it."""
        return self._tensor(tensor).shape

    def dtype(self, tensor: str) -> int:
        """TensorFlow's number of its type."""
        return int(self._tensor(tensor).dtype.as_datatype_enum)

    def _tensor(self, tensor: str) -> Any:
        return self._graph.get_tensor_by_name(canonical(tensor))


def evaluate(
    body: Body, values: Sequence[np.ndarray | None], shapes: Sequence[Any]
) -> list[np.ndarray | None]:
    """What a function gives, each result None where that is not known.

    Args:
        values: of the arguments, None where it is not known.
        shapes: of the arguments, TensorFlow's, or None for any.
    """
    graph_def = type(body.view.graph_def)()
    graph_def.CopyFrom(body.view.graph_def)
    inside = GraphView(graph_def)
    for name, value, shape in zip(body.arguments, values, shapes, strict=True):
        node = inside.nodes[name]
        if value is None:
            become_placeholder(node, node.attr["dtype"].type, shape)
        else:
            become_constant(node, value)
    known = KnownValues(inside)
    return [known.value(tensor) for tensor in body.results]
