"""Which ONNX operators the versions of TensorRT take, known before an engine is built.

``tensorrt_operators.json`` holds facts from the support matrix that onnx-tensorrt publishes with
each version, and names the commits. ``since`` is the first version with an operator: none has
lost one. ``limits`` hold from the version they stand under until the next; an empty text ends one.
The matrix was compared with the parser's sources up to 10.1; ``corrections`` lists where it errs.
``remedies`` are ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import onnx

from converter.compatibility.tensorrt_versions import TENSORRT_TABLE, VERSIONS, reaches

_ONNX_DOMAINS = ("", "ai.onnx")
_NAMES_SHOWN = 3
# The reduction that ScatterND has from opset 16 on counts as an operator of its own: TensorRT 10
# and later refuse it, and earlier versions overwrite values instead of adding to them.
_REDUCING_SCATTER = "ScatterND with reduction"

# For operators that exported networks have.
_REMEDIES: dict[str, str] = {
    operator: entry["remedy"]
    for entry in TENSORRT_TABLE["remedies"]
    for operator in entry["operators"]
}


@dataclass(frozen=True)
class Missing:
    """An operator of a model that some TensorRT does not take.

    Attributes:
        operator: its name, after its domain and a dot when that is not ONNX's own.
        count: how many nodes are of it, in all graphs of the model.
        nodes: names of the first ones, or of their first output where a node has no name.
        lacking: those of ``VERSIONS`` without it.
        remedy: what the user can do.
    """

    operator: str
    count: int
    nodes: tuple[str, ...]
    lacking: tuple[str, ...]
    remedy: str


def missing_operators(model: onnx.ModelProto) -> tuple[Missing, ...]:
    """The operators of the graph, and of its loops and branches, that not all ``VERSIONS`` take.

    Operators of other domains than ONNX's own count as lacking everywhere. By operator.
    """
    nodes: dict[str, list[str]] = {}
    for node in _nodes(model.graph):
        nodes.setdefault(_operator(node), []).append(node.name or node.output[0])
    return tuple(
        Missing(operator, len(names), tuple(names[:_NAMES_SHOWN]), lacking, _remedy(operator))
        for operator, names in sorted(nodes.items())
        if (lacking := tuple(version for version in VERSIONS if not takes(version, operator)))
    )


def takes(tensorrt: str, operator: str) -> bool:
    """Whether that version, such as ``10.3``, has the operator, such as ``TopK``."""
    since = TENSORRT_TABLE["since"].get(operator)
    return since is not None and reaches(tensorrt, since)


def limit(tensorrt: str, operator: str) -> str:
    """In a few words, what that version does not take of an operator; empty for nothing known."""
    limits = TENSORRT_TABLE["limits"].get(operator, {})
    return next((limits[since] for since in reversed(limits) if reaches(tensorrt, since)), "")


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for body in (attribute.g, *attribute.graphs):
                yield from _nodes(body)


def _operator(node: onnx.NodeProto) -> str:
    if node.op_type == "ScatterND" and _reduces(node):
        return _REDUCING_SCATTER
    return node.op_type if node.domain in _ONNX_DOMAINS else f"{node.domain}.{node.op_type}"


def _reduces(node: onnx.NodeProto) -> bool:
    return any(one.name == "reduction" and one.s != b"none" for one in node.attribute)


def _remedy(operator: str) -> str:
    known, since = _REMEDIES.get(operator), TENSORRT_TABLE["since"].get(operator)
    if since is None:
        return known or "express it in ONNX's own operators, or end the network before it"
    newer = f"use TensorRT {since} or newer"
    return f"{newer}, or {known}" if known else newer
