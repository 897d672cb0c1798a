"""What enters a suppression of overlapping boxes, and nodes that give it one form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from converter.export.graph_view import GraphView
from converter.export.nodes import constant, integer_type


@dataclass(frozen=True)
class SuppressionInput:
    """A tensor with a row of ``columns`` numbers for each of ``anchors`` boxes: coordinates, or
    scores of classes.

    ``axes`` has a letter for each of its axes: N for the images of a batch, A for the boxes, C for
    the columns, 1 for an axis of one element. Without a C, there is one column.
    """

    tensor: str
    axes: str
    anchors: int
    columns: int

    def arrange(self, rows: np.ndarray) -> np.ndarray:
        """``[anchors, columns]`` of one image, as the tensor has it."""
        sizes = {"N": 1, "1": 1, "A": self.anchors, "C": self.columns}
        order = self.axes if "C" in self.axes else f"{self.axes}C"
        turned = rows.T if order.index("C") < order.index("A") else rows
        return turned.reshape([sizes[axis] for axis in self.axes])

    def rows(self, view: GraphView, dtype: int, columns: Sequence[int] = ()) -> str:
        """Add nodes to the graph that give it as ``[N, A, C]``.

        Args:
            dtype: TensorFlow's number of its type.
            columns: those that are kept, in their new order; all of them where it is empty.
        """
        tensor, axes = self.tensor, self.axes
        if "1" in axes:
            tensor = _squeezed(view, dtype, tensor, axes.index("1"))
            axes = axes.replace("1", "")
        if "N" not in axes:
            tensor = _expanded(view, dtype, tensor, 0)
        if "CA" in axes:
            tensor = _picked(view, dtype, tensor, "Transpose", [0, 2, 1])
        if "C" not in axes:
            tensor = _expanded(view, dtype, tensor, 2)
        if columns and list(columns) != list(range(self.columns)):
            tensor = _picked(view, dtype, tensor, "GatherV2", list(columns), 2)
        view.refresh()
        return tensor


def _squeezed(view: GraphView, dtype: int, tensor: str, axis: int) -> str:
    node = _node(view, dtype, tensor, "Squeeze", "T")
    node.attr["squeeze_dims"].list.i.append(axis)
    return f"{node.name}:0"


def _expanded(view: GraphView, dtype: int, tensor: str, axis: int) -> str:
    node = _node(view, dtype, tensor, "ExpandDims", "T", axis)
    node.attr["Tdim"].type = integer_type()
    return f"{node.name}:0"


def _picked(view: GraphView, dtype: int, tensor: str, operator: str, *values: Any) -> str:
    transposes = operator == "Transpose"
    node = _node(view, dtype, tensor, operator, "T" if transposes else "Tparams", *values)
    for name in ("Tperm",) if transposes else ("Tindices", "Taxis"):
        node.attr[name].type = integer_type()
    return f"{node.name}:0"


def _node(
    view: GraphView, dtype: int, tensor: str, operator: str, type_name: str, *values: Any
) -> Any:
    """A node with ``tensor`` and constants as its inputs."""
    name = f"before_nms/{operator}_{len(view.graph_def.node)}"
    node = view.graph_def.node.add(name=name, op=operator)
    node.input.append(tensor)
    node.attr[type_name].type = dtype
    for number, value in enumerate(values):
        given = constant(f"{name}/value_{number}", value)
        view.graph_def.node.append(given)
        node.input.append(given.name)
    return node
