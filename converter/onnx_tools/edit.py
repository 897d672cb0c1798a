"""Walk through the graphs of an ONNX model, and remove what nothing uses."""

from typing import Iterator

import onnx


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """Yield a graph, and those of its loops and branches."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for body in (attribute.g, *attribute.graphs):
                if body.node or body.output:
                    yield from _graphs(body)


def all_nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """Yield the nodes of a graph, and those of its loops and branches."""
    for one in _graphs(graph):
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
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in reversed(kept)]
    del graph.node[:]
    graph.node.extend(copies)
    for field in (graph.initializer, graph.value_info):
        used = [entry for entry in field if entry.name in needed]
        copied = [type(entry).FromString(entry.SerializeToString()) for entry in used]
        del field[:]
        field.extend(copied)
