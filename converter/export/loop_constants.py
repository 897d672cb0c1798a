"""Take what is computed from weights alone out of the bodies of loops and branches.

There, it would be computed in each round; and a convolution whose kernel is computed, as those of
ConvLSTM are from parts of one weight, is none that TensorRT takes before 8.5.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import onnx

from converter.onnx_tools.edit import all_nodes, draws_random_numbers, replace_entries

_FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE)
# They give whole numbers, which stay where shapes are computed of them.
_STAY = ("Constant", "Shape", "Size")


def hoist_constants(graph: onnx.GraphProto, weights: Collection[str]) -> set[str]:
    """Move such nodes before the loop or branch, in bodies of bodies too.

    Args:
        weights: names of the inputs of the graph that stand for weights.

    Returns:
        The tensors that are computed outside now.
    """
    hoisted: set[str] = set()
    _visit(graph, set(weights), set(weights), hoisted)
    return hoisted


def _visit(
    graph: onnx.GraphProto, constants: set[str], floats: set[str], hoisted: set[str]
) -> None:
    """
    Args:
        constants: names of tensors in the graphs around this one that are known.
        floats: those of them that have floats.
    """
    constants = constants | {one.name for one in graph.initializer}
    floats = floats | {one.name for one in graph.initializer if one.data_type in _FLOATS}
    nodes = []
    for node in graph.node:
        for body in bodies(node):
            if node.op_type == "Loop":
                _drop_invariants(graph, node, body, constants)
            _visit(body, constants, floats, hoisted)
            moved = _take_out(graph, node, body, constants, floats)
            hoisted.update(name for one in moved for name in one.output)
            nodes += moved
        if _is_known(node, constants, floats):
            constants.update(node.output)
            floats.update(node.output)
        nodes.append(node)
    replace_entries(graph.node, nodes)


def bodies(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    """The graphs of a loop or a branch."""
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:
            yield attribute.g


def _is_known(node: onnx.NodeProto, constants: Collection[str], floats: Collection[str]) -> bool:
    """Whether a node computes something of floats that are known, and nothing else."""
    inputs = [name for name in node.input if name]
    return (
        all(name in constants for name in inputs)
        and any(name in floats for name in inputs)
        and not draws_random_numbers(node)
        and node.op_type not in _STAY
        and not any(bodies(node))
    )


def _drop_invariants(
    graph: onnx.GraphProto, loop: onnx.NodeProto, body: onnx.GraphProto, constants: Collection[str]
) -> None:
    """Take a weight that a loop hands from round to round from around the loop instead."""
    origins = {node.output[0]: node.input[0] for node in body.node if node.op_type == "Identity"}
    ends = {value.name for value in graph.output}
    for index in reversed(range(len(loop.input) - 2)):  # before them: rounds and condition
        given, outer = body.input[index + 2].name, loop.input[index + 2]
        result = body.output[index + 1].name
        while result in origins:
            result = origins[result]
        if result != given or outer not in constants or loop.output[index] in ends:
            continue
        _rename(body, {given: outer})
        if loop.output[index]:
            _rename(graph, {loop.output[index]: outer}, besides=loop)
        del body.input[index + 2], body.output[index + 1]
        del loop.input[index + 2], loop.output[index]


def _take_out(
    graph: onnx.GraphProto,
    owner: onnx.NodeProto,
    body: onnx.GraphProto,
    constants: set[str],
    floats: set[str],
) -> list[onnx.NodeProto]:
    """The nodes of a body that are known, with names that are new outside."""
    inside = {one.name: one for one in body.initializer}
    known = constants | set(inside)
    known_floats = floats | {n for n, one in inside.items() if one.data_type in _FLOATS}
    ends = {value.name for value in body.output}
    moved, kept, names = [], [], {}
    for node in body.node:
        if not _is_known(node, known, known_floats) or ends & set(node.output):
            kept.append(node)
            continue
        moved.append(onnx.NodeProto.FromString(node.SerializeToString()))
        known.update(node.output)
        known_floats.update(node.output)
        names.update({name: f"{owner.name or owner.output[0]}/{name}" for name in node.output})
    for name in {name for node in moved for name in node.input} & set(inside):
        copy = graph.initializer.add()
        copy.CopyFrom(inside[name])
        copy.name = f"{owner.name or owner.output[0]}/{name}"
        constants.add(copy.name)
        names[name] = copy.name
    body_names = dict(names)
    for node in moved:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names[name] for name in node.output]
        constants.update(node.output)
        floats.update(node.output)
    replace_entries(body.node, kept)
    used = {name for node in all_nodes(body) for name in node.input} | ends
    replace_entries(body.initializer, [one for name, one in inside.items() if name in used])
    _rename(body, {old: new for old, new in body_names.items() if old not in inside})
    return moved


def _rename(
    graph: onnx.GraphProto, names: Mapping[str, str], besides: onnx.NodeProto | None = None
) -> None:
    """Let all that takes tensors take others."""
    for node in graph.node:
        if node is besides:
            continue
        node.input[:] = [names.get(name, name) for name in node.input]
        for body in bodies(node):
            _rename(body, names)
    for value in graph.output:
        value.name = names.get(value.name, value.name)
