"""The error and its message about operators that cannot be converted."""

from __future__ import annotations

from collections.abc import Sequence

from converter.compatibility.tensorflow_operators import remedy_for
from converter.errors import ExportError
from converter.export.request_answer import Unsupported


class UnsupportedError(ExportError):
    """Nodes of the network cannot be expressed in ONNX.

    Attributes:
        nodes: these.
    """

    nodes: tuple[Unsupported, ...] = ()


def unsupported_error(nodes: Sequence[Unsupported]) -> UnsupportedError:
    """The error about these nodes."""
    error = UnsupportedError(describe_unsupported(nodes))
    error.nodes = tuple(nodes)
    return error


def describe_unsupported(nodes: Sequence[Unsupported]) -> str:
    """Every node with its operator and layer, and once for each operator what can be done."""
    what = "a node" if len(nodes) == 1 else f"{len(nodes)} nodes"
    lines = [f"{what} of the network cannot be expressed in ONNX:"]
    by_operator: dict[str, list[Unsupported]] = {}
    for node in nodes:
        by_operator.setdefault(node.operator, []).append(node)
    for operator, found in by_operator.items():
        lines.append(f"  {operator}: {found[0].reason}")
        lines += [f"    {node.node} (layer {layer_of(node.node)})" for node in found]
        lines.append(f"    what to do: {remedy_for(operator) or _usual_remedy(found[0].since)}")
    return "\n".join(lines)


def _usual_remedy(since: int) -> str:
    end = "end the exported signature before it, or use other operators"
    return f"convert with --opset {since} for boards that take it, or {end}" if since else end


def layer_of(node: str) -> str:
    """What makes a node: its name without the operator at its end, and without the calls of
    functions that an export puts around the model."""
    parts = [part for part in node.split("/")[:-1] if not is_call(part)]
    return "/".join(parts) or "at the top of the graph"


def is_call(part: str) -> bool:
    """Whether a part of a node's name is that of a call of a function."""
    return part.startswith(_CALLS)


_CALLS = ("StatefulPartitionedCall", "PartitionedCall")
