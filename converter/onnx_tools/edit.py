"""Walk through the graphs of an ONNX model, and remove what nothing uses."""

from typing import Any, Iterable, Iterator

import onnx


def all_graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """Yield a graph, and those of its loops and branches."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for body in (attribute.g, *attribute.graphs):
                if body.node or body.output:
                    yield from all_graphs(body)


def all_nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """Yield the nodes of a graph, and those of its loops and branches."""
    for one in all_graphs(graph):
        yield from one.node


def used_inside(node: onnx.NodeProto) -> Iterator[str]:
    """Yield every name that the loops and branches of a node use, those from outside included."""
    for attribute in node.attribute:
        for body in (attribute.g, *attribute.graphs):
            yield from (name for inner in all_nodes(body) for name in inner.input)
            yield from (value.name for value in body.output)


def remove_unused(graph: onnx.GraphProto) -> None:
    """Drop nodes and constants that no output depends on. Nodes are in the order of execution."""
    needed = {value.name for value in graph.output}
    kept = []
    for node in reversed(graph.node):
        if not needed & set(node.output):
            continue
        kept.append(node)
        needed.update(node.input)
        needed.update(used_inside(node))
    replace_entries(graph.node, reversed(kept))
    for field in (graph.initializer, graph.value_info):
        replace_entries(field, [entry for entry in field if entry.name in needed])


def replace_entries(field: Any, entries: Iterable[Any]) -> None:
    """Put entries, which may be some of those that are there, in the place of all in a repeated
    field."""
    copies = [type(entry).FromString(entry.SerializeToString()) for entry in entries]
    del field[:]
    field.extend(copies)


def draws_random_numbers(node: onnx.NodeProto) -> bool:
    """Whether what a node gives is another one each time."""
    return node.op_type.startswith("Random") or node.op_type in ("Bernoulli", "Multinomial")
