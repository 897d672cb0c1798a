"""The message about operators that cannot be converted."""

from __future__ import annotations

from collections.abc import Sequence

from converter.compatibility.tensorflow_operators import remedy_for
from converter.export.request_answer import Unsupported


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
    parts = [part for part in node.split("/")[:-1] if not part.startswith(_CALLS)]
    return "/".join(parts) or "at the top of the graph"


_CALLS = ("StatefulPartitionedCall", "PartitionedCall")
