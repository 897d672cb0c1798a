"""Where a tensor comes from, through operators that only pick, move and reshape values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from converter.export.graph_view import GraphView, canonical, port_of
from converter.export.suppression_inputs import SuppressionInput
from converter.inputs.quiet_tensorflow import tensorflow

Shape = tuple[int, ...]  # -1 for any size

# Operator → which of its inputs is the one whose values it hands on.
HANDS_ON = {
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


def imported(view: GraphView) -> Any:
    """The graph of TensorFlow, which knows shapes and can be run."""
    tf = tensorflow()
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(view.graph_def, name="")
    return graph


def shapes_of(graph: Any) -> Mapping[str, Shape | None]:
    """The shapes that TensorFlow infers, by tensor; None where even the rank is unknown."""
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


def twins(view: GraphView, tensor: str) -> list[str]:
    """Other tensors that are picked from the same one in the same way."""
    node = view.source(tensor)
    return [
        canonical(f"{other.name}:{port_of(tensor)}")
        for other in view.graph_def.node
        if other.op == node.op and other.name != node.name and _alike(view, other, node)
    ]


def _alike(view: GraphView, one: Any, other: Any) -> bool:
    """Whether two nodes pick the same, or are the same constant."""
    if one.name == other.name:
        return True
    if one.op != other.op or one.op not in ("Const", *HANDS_ON) or one.attr != other.attr:
        return False
    inputs = [[tensor for tensor in node.input if tensor[0] != "^"] for node in (one, other)]
    return len(inputs[0]) == len(inputs[1]) and all(
        port_of(a) == port_of(b) and _alike(view, view.source(a), view.source(b))
        for a, b in zip(*inputs, strict=True)
    )


class Sources:
    """Follows tensors of a suppression back to those of the main graph."""

    def __init__(self, view: GraphView, shapes: Mapping[str, Shape | None]) -> None:
        self._view, self._shapes = view, shapes

    def shape(self, tensor: str) -> Any:
        """The shape of a tensor in the main graph."""
        return self._shapes.get(canonical(tensor))

    def chain(self, place: Any, tensor: str) -> list[str]:
        """The tensors of the main graph that ``tensor`` of a suppression is picked from, the
        nearest first."""
        if place.body is None:
            return self._up(self._view, tensor)
        given = self.outside(place, self._up(place.view, tensor)[-1])
        return [] if given is None else self._up(self._view, given)

    def constant(self, place: Any, tensor: str) -> float | None:
        """The one number that ``tensor`` of a suppression always is; None where it is computed."""
        value = constant_value(place.view, tensor)
        if value is not None or place.body is None:
            return value
        given = self.outside(place, place.view.through_identity(tensor))
        return None if given is None else constant_value(self._view, given)

    def outside(self, place: Any, tensor: str) -> str | None:
        """The tensor of the main graph that the loop around a suppression is given as ``tensor``,
        or of which it takes one item in each round."""
        source = place.view.source(tensor)
        if source.op == "TensorListGetItem":
            source = place.view.source(place.view.through_identity(source.input[0]))
        if source.name not in place.body.arguments:
            return None
        given: str = place.body.outside(self._view.nodes[place.top], source.name)
        node = self._view.source(self._view.through_identity(given))
        return str(node.input[0]) if node.op == "TensorListFromTensor" else given

    def _up(self, view: GraphView, tensor: str) -> list[str]:
        found = [canonical(tensor)]
        while True:
            node = view.source(found[-1])
            if node.op in HANDS_ON:
                found.append(canonical(node.input[HANDS_ON[node.op]]))
            elif node.op == "TensorArrayReadV3":  # a loop of TensorFlow 1 over a batch
                scatter = view.source(view.through_identity(node.input[2]))
                if scatter.op != "TensorArrayScatterV3":
                    return found
                found.append(canonical(scatter.input[2]))
            else:
                return found

    def boxes(self, tensor: str) -> SuppressionInput | None:
        """``tensor`` as four coordinates for each box, where it can be that."""
        shape = self.shape(tensor)
        if not shape or shape[-1] != 4:
            return None
        axes = {2: "AC", 3: "NAC", 4: "NA1C"}.get(len(shape), "")
        for axis, size in zip(axes, shape, strict=False):
            if (axis == "N" and size > 1) or (axis == "1" and size != 1):
                return None
        anchors = shape[axes.index("A")] if axes else 0
        return SuppressionInput(tensor, axes, anchors, 4) if anchors > 1 else None

    def scores(self, tensor: str, anchors: int) -> SuppressionInput | None:
        """``tensor`` as one or several scores for each box, where it can be that. One score for
        each is as good as scores of one class, as what enters a single suppression."""
        shape = self.shape(tensor)
        forms = {1: ("A",), 2: ("NA", "AC", "CA"), 3: ("NAC", "NCA")}
        for axes in forms.get(len(shape or ()), ()):
            sizes = dict(zip(axes, shape, strict=True))
            columns = sizes.get("C", 1)
            if sizes["A"] == anchors and columns > 0 and sizes.get("N", 1) in (-1, 1):
                return SuppressionInput(tensor, axes, anchors, columns)
        return None
