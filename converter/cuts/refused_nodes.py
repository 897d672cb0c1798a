"""The nodes of TensorFlow's graph that some TensorRT refuses, or that ONNX cannot express."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from converter.compatibility.python_names import name_in_python
from converter.compatibility.refusals import Refusal
from converter.cuts.written_as import WrittenAs
from converter.export.behind_layers import LAYERS
from converter.export.graph_view import GraphView
from converter.export.provenance import HANDS_ON
from converter.export.request_answer import Unsupported
from converter.export.unsupported import is_call


@dataclass(frozen=True)
class RefusedNode:
    """A node that stops the model.

    Attributes:
        name: in TensorFlow's graph.
        operator: of TensorFlow.
        onnx: what was made of it and is refused; empty where nothing could be made.
        function: what makes it in Python; empty where that is not known.
        layer: what is known of the layer that it is in; empty where nothing is.
        line: where it was written, as ``detector.py, line 42``; empty where that is not known.
    """

    name: str
    operator: str
    onnx: str
    function: str
    layer: str = ""
    line: str = ""


def refused_nodes(
    view: GraphView,
    refusals: Sequence[Refusal],
    unsupported: Sequence[Unsupported],
    written: WrittenAs,
) -> tuple[RefusedNode, ...]:
    """All of them, each once, in the order of the graph.

    Args:
        view: TensorFlow's graph, as it was before anything was changed.
    """
    made = origins_in(view, refusals)
    for one in unsupported:
        for name in _nodes(view, (one.node,)):
            made.setdefault(name, "")
    return tuple(
        _describe(name, view.nodes[name].op, made[name], written)
        for name in view.nodes
        if name in made
    )


def origins_in(view: GraphView, refusals: Sequence[Refusal]) -> dict[str, str]:
    """For each node of TensorFlow's graph that nodes of ONNX which are refused were made from, the
    operator of these."""
    made: dict[str, str] = {}
    for refusal in refusals:
        for origin in refusal.origins:
            names = _nodes(view, origin)
            if not refusal.limit and len(origin) == len(names) == 1:
                names = _of_one_kind(view, names[0])
            for name in names:
                made.setdefault(name, refusal.operator)
    return made


def _of_one_kind(view: GraphView, name: str) -> list[str]:
    """The nodes with the operator of one that makes what is lacking altogether: the export has
    merged those that compute the same. Operators of layers, and those that hand values on, make
    that only here and there."""
    operator = view.nodes[name].op
    if operator in LAYERS or operator in HANDS_ON:
        return [name]
    return [other for other, node in view.nodes.items() if node.op == operator]


def _describe(name: str, operator: str, onnx: str, written: WrittenAs) -> RefusedNode:
    function = name_in_python(operator, name.split("/")[:-1])
    return RefusedNode(name, operator, onnx, function, written.layer(name), written.line(name))


def _nodes(view: GraphView, origin: Sequence[str]) -> list[str]:
    """The nodes that are meant by an origin: what is between two names begins with what takes
    values at the second; what comes after a name, with all that take its values."""
    if len(origin) == 2 and not origin[1]:
        before = _existing(view, origin[0])
        return [node.name for name in before for node in view.consumers(name)]
    return _existing(view, origin[-1])


def _existing(view: GraphView, name: str) -> list[str]:
    """The node of that name, or, where the export has made it of others: the one whose name is the
    beginning of its, as of a loop that was unrolled, or all in a layer of that name."""
    parts = name.split("/")
    for length in range(len(parts), 0, -1):
        known = "/".join(parts[:length])
        if known in view.nodes and not is_call(parts[length - 1]):
            return [known]
        inside = [] if is_call(parts[length - 1]) else _within_calls(view, known)
        if len(inside) == 1:
            return inside
    return [other for other in view.nodes if other.startswith(f"{name}/")]


def _within_calls(view: GraphView, name: str) -> list[str]:
    """The nodes of that name inside of calls: those of an unrolled loop are named without them."""
    return [
        other
        for other in view.nodes
        if other.endswith(f"/{name}") and all(map(is_call, other[: -len(name) - 1].split("/")))
    ]
