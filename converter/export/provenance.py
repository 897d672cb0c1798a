"""Where a tensor comes from, through operators that only pick, move and reshape values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from converter.export.graph_view import GraphView, canonical, node_of
from converter.export.nodes import constant, integer_type
from converter.inputs.quiet_tensorflow import tensorflow

Shape = tuple[int, ...]  # -1 for any size

# Operator → which of its inputs is the one whose values it hands on.
_HANDS_ON = {
    **dict.fromkeys(
        (
            "Identity",
            "Reshape",
            "Squeeze",
            "ExpandDims",
            "StridedSlice",
            "Slice",
            "Unpack",
            "SplitV",
            "GatherV2",
            "Gather",
            "GatherNd",
            "Transpose",
            "EnsureShape",
            "Enter",
            "StopGradient",
            "Cast",
        ),
        0,
    ),
    "Split": 1,
}


def shapes_of(view: GraphView) -> Mapping[str, Shape | None]:
    """The shapes that TensorFlow infers, by tensor; None where even the rank is unknown."""
    tf = tensorflow()
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(view.graph_def, name="")
    return {
        tensor.name: (
            None if tensor.shape.rank is None else tuple(s or -1 for s in tensor.shape.as_list())
        )
        for operation in graph.get_operations()
        for tensor in operation.outputs
    }


def constant_value(view: GraphView, tensor: str) -> float | None:
    """The one number that ``tensor`` always is; None where it is computed."""
    node = view.source(view.through_identity(tensor))
    if node.op != "Const":
        return None
    values = tensorflow().make_ndarray(node.attr["value"].tensor)
    return float(values) if values.size == 1 else None


class Sources:
    """Follows tensors of a suppression back to those of the main graph."""

    def __init__(self, view: GraphView, shapes: Mapping[str, Shape | None]) -> None:
        self._view, self._shapes = view, dict(shapes)

    def shape(self, tensor: str) -> Any:
        """The shape of a tensor in the main graph."""
        return self._shapes.get(canonical(tensor))

    def chain(self, place: Any, tensor: str) -> list[str]:
        """The tensors of the main graph that ``tensor`` of a suppression is picked from, the
        nearest first."""
        if place.body is None:
            return self._up(self._view, tensor)
        inside = self._up(place.view, tensor)
        source = place.view.source(inside[-1])
        if source.op == "TensorListGetItem":
            source = place.view.source(place.view.through_identity(source.input[0]))
        if source.name not in place.body.arguments:
            return []
        given = place.body.outside(self._view.nodes[place.top], source.name)
        node = self._view.source(self._view.through_identity(given))
        if node.op == "TensorListFromTensor":
            given = node.input[0]
        return self._up(self._view, given)

    def _up(self, view: GraphView, tensor: str) -> list[str]:
        found = [canonical(tensor)]
        while True:
            node = view.source(found[-1])
            if node.op in _HANDS_ON:
                found.append(canonical(node.input[_HANDS_ON[node.op]]))
            elif node.op == "TensorArrayReadV3":  # a loop of TensorFlow 1 over a batch
                scatter = view.source(view.through_identity(node.input[2]))
                if scatter.op != "TensorArrayScatterV3":
                    return found
                found.append(canonical(scatter.input[2]))
            else:
                return found

    def boxes(self, tensor: str) -> str | None:
        """``tensor`` as ``[N, A, 4]``, where it can be that."""
        shape = self.shape(tensor)
        if shape is None or shape[-1] != 4 or len(shape) < 2 or shape[1] == 1:
            return None
        if len(shape) == 4 and shape[2] == 1:
            return self.squeezed(tensor, 2)
        if len(shape) == 2 and shape[0] != 1:
            return self.with_batch(tensor)
        return tensor if len(shape) == 3 else None

    def scores(self, tensor: str, anchors: int) -> str | None:
        """``tensor`` as ``[N, A, C]``, where it can be that."""
        shape = self.shape(tensor)
        if shape is None or not 2 <= len(shape) <= 3 or anchors < 1:
            return None
        result = tensor if len(shape) == 3 else self.with_batch(tensor)
        if shape[-2] == anchors and shape[-1] > 0:
            return result
        if shape[-1] == anchors and shape[-2] > 0:
            return self.transposed(result)
        return None

    def squeezed(self, tensor: str, axis: int) -> str:
        """Without an axis of one element."""
        node = self._add("Squeeze", tensor)
        node.attr["squeeze_dims"].list.i.append(axis)
        return self._done(node, tensor, lambda shape: (*shape[:axis], *shape[axis + 1 :]))

    def with_batch(self, tensor: str) -> str:
        """With an axis for the batch before the others."""
        node = self._add("ExpandDims", tensor)
        self._give_integers(node, 0)
        node.attr["Tdim"].type = integer_type()
        return self._done(node, tensor, lambda shape: (1, *shape))

    def transposed(self, tensor: str) -> str:
        """``[N, C, A]`` as ``[N, A, C]``."""
        node = self._add("Transpose", tensor)
        self._give_integers(node, [0, 2, 1])
        node.attr["Tperm"].type = integer_type()
        return self._done(node, tensor, lambda shape: (shape[0], shape[2], shape[1]))

    def _add(self, operator: str, tensor: str) -> Any:
        name = f"before_nms/{operator}_{len(self._view.graph_def.node)}"
        node = self._view.graph_def.node.add(name=name, op=operator)
        node.input.append(tensor)
        node.attr["T"].type = tensorflow().float32.as_datatype_enum
        return node

    def _give_integers(self, node: Any, value: Any) -> None:
        given = constant(f"{node.name}/value", value)
        self._view.graph_def.node.append(given)
        node.input.append(given.name)

    def _done(self, node: Any, tensor: str, change: Any) -> str:
        self._view.refresh()
        result = f"{node_of(node.name)}:0"
        self._shapes[result] = change(self.shape(tensor))
        return result
