"""Follow tensors of a TensorFlow graph through tf2onnx, which renames, moves and merges nodes.

A mark is a LeakyRelu of a slope that no network has, next to 1: to tf2onnx it is a node like any
other, which transpositions pass and nothing takes away.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

import numpy as np
import onnx

from converter.onnx_tools.edit import all_graphs, all_nodes, replace_entries
from converter.onnx_tools.trained_grids import TrainedGrid

_ROUNDING = float(np.finfo(np.float32).eps)


def mark(graph_def: Any, nodes: Iterable[str]) -> dict[str, int]:
    """Turn these nodes, identities of float32, into marks.

    Returns:
        The number of each mark, by the name of the node.
    """
    numbers = {name: number for number, name in enumerate(nodes, start=1)}
    for node in graph_def.node:
        if node.name in numbers:
            node.op = "LeakyRelu"
            node.attr["alpha"].f = 1 + numbers[node.name] * _ROUNDING
    return numbers


def take_marks(model: onnx.ModelProto, grids: Mapping[int, TrainedGrid]) -> dict[str, TrainedGrid]:
    """Take the marks out of a model.

    Args:
        grids: by the numbers of the marks.

    Returns:
        The grids of tensors, by their names. Of two marks one behind the other, the narrower grid
        counts, of two beside each other the wider one.
    """
    marks = [(node, grids[n]) for node in all_nodes(model.graph) if (n := _number(node)) in grids]
    sources: dict[str, str] = {}
    given: dict[str, TrainedGrid] = {}
    for node, grid in marks:
        before, after = node.input[0], node.output[0]
        sources[after] = sources.get(before, before)
        given[after] = min(grid, given.get(before, grid), key=_reach)
    used = _used(model.graph, sources)
    found: dict[str, TrainedGrid] = {}
    for name, grid in given.items():
        if name in used:
            source = sources[name]
            found[source] = max(grid, found.get(source, grid), key=_reach)
    for graph in all_graphs(model.graph):
        _remove(graph, sources)
    return found


def _used(graph: onnx.GraphProto, marks: Container[str]) -> set[str]:
    """What nodes take that are no marks, and the outputs."""
    used = {value.name for one in all_graphs(graph) for value in one.output}
    for node in all_nodes(graph):
        if node.output[0] not in marks:
            used.update(node.input)
    return used


def _number(node: onnx.NodeProto) -> int:
    """The number of a mark; 0 of any other node."""
    if node.op_type != "LeakyRelu":
        return 0
    alpha = next((one.f for one in node.attribute if one.name == "alpha"), 0.01)
    return max(0, round((alpha - 1) / _ROUNDING))


def _reach(grid: TrainedGrid) -> float:
    return max(-grid.low, grid.high)


def _remove(graph: onnx.GraphProto, sources: Mapping[str, str]) -> None:
    """Let everything take what went into the marks. At an output, an identity stays."""
    ends = {value.name for value in graph.output}
    kept = []
    for node in graph.node:
        if node.output[0] not in sources:
            node.input[:] = [sources.get(name, name) for name in node.input]
        elif node.output[0] in ends:
            node.input[:] = [sources[node.output[0]]]
            node.op_type = "Identity"
            del node.attribute[:]
        else:
            continue
        kept.append(node)
    replace_entries(graph.node, kept)
    known = [value for value in graph.value_info if value.name not in sources]
    replace_entries(graph.value_info, known)
