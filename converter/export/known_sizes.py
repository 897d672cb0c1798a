"""Write the sizes of an image that are known where a graph asks for them.

TensorFlow's own optimizers do so only where the batch is known too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from converter.export.graph_view import GraphView, canonical
from converter.export.nodes import become_constant
from converter.export.provenance import Shape
from converter.inputs.quiet_tensorflow import tensorflow

_UNUSUAL = ("ellipsis_mask", "new_axis_mask")


def write_known_sizes(view: GraphView, shapes: Mapping[str, Shape | None]) -> None:
    """Make constants of the sizes that are picked from a shape and are the same for any batch.

    Args:
        shapes: of all tensors, by their names.
    """
    for node in view.graph_def.node:
        if node.op != "StridedSlice":
            continue
        sizes = _picked(view, node, shapes)
        if sizes is not None and sizes.size and (sizes > 0).all():
            become_constant(node, sizes, node.attr["T"].type)
    view.refresh()


def _picked(view: GraphView, node: Any, shapes: Mapping[str, Shape | None]) -> np.ndarray | None:
    """The sizes that a slice takes of a shape, -1 for any size; None where that is not known."""
    source = view.source(view.through_identity(node.input[0]))
    shape = shapes.get(canonical(source.input[0])) if source.op == "Shape" else None
    ends = [view.source(tensor) for tensor in node.input[1:4]]
    usual = not any(node.attr[name].i for name in _UNUSUAL)
    if shape is None or not usual or any(one.op != "Const" for one in ends):
        return None
    values = [tensorflow().make_ndarray(one.attr["value"].tensor) for one in ends]
    if any(value.size != 1 for value in values):
        return None
    begin, end, step = (int(value.item()) for value in values)
    if node.attr["shrink_axis_mask"].i:
        return np.array(shape[begin])
    first = None if node.attr["begin_mask"].i else begin
    return np.array(shape[first : None if node.attr["end_mask"].i else end : step])
