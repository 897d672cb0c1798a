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
        remedy = remedy_for(operator) or (
            "end the exported signature before it, or use other operators"
        )
        lines.append(f"    what to do: {remedy}")
    return "\n".join(lines)


def layer_of(node: str) -> str:
    """What makes a node: its name without the operator at its end, and without the calls of
    functions that an export puts around the model."""
    parts = [part for part in node.split("/")[:-1] if not part.startswith(_CALLS)]
    return "/".join(parts) or "at the top of the graph"


_CALLS = ("StatefulPartitionedCall", "PartitionedCall")
