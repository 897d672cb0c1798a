"""Loops as TensorFlow 1 writes them, and as freezing leaves those of TensorFlow 2: nodes ``Enter``,
``Merge``, ``Switch``, ``NextIteration`` and ``Exit`` in the graph itself, in a frame of their own.
See https://www.tensorflow.org/api_docs/python/tf/raw_ops/Enter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from converter.export.graph_view import GraphView, canonical, node_of
from converter.export.loop_bodies import Body, Loop
from converter.export.nodes import attribute, become_placeholder


@dataclass(frozen=True)
class Variable:
    """What changes from round to round: ``Enter`` and ``NextIteration`` meet in ``merge``;
    ``switch`` hands the value on to the next round or to the ``exits``."""

    enter: Any
    merge: Any
    switch: Any
    next: Any
    exits: tuple[Any, ...]


@dataclass(frozen=True)
class LoopFrame:
    """One loop.

    Attributes:
        variables: in the order of the graph.
        invariants: nodes ``Enter`` of what is the same in each round.
        condition: the tensor that decides on the next round.
        ends: the node that does so, ``LoopCond``.
    """

    name: str
    variables: tuple[Variable, ...]
    invariants: tuple[Any, ...]
    condition: str
    ends: Any


def frames_of(view: GraphView) -> Iterator[LoopFrame]:
    """The loops of a graph that are complete."""
    enters: dict[str, list[Any]] = {}
    for node in view.graph_def.node:
        if node.op in ("Enter", "RefEnter"):
            enters.setdefault(node.attr["frame_name"].s.decode(), []).append(node)
    for name, nodes in enters.items():
        frame = _frame(view, name.rstrip("/").removesuffix("/while_context"), nodes)
        if frame is not None:
            yield frame


def _frame(view: GraphView, name: str, enters: list[Any]) -> LoopFrame | None:
    invariants = tuple(node for node in enters if attribute(node, "is_constant").b)
    variables = []
    for enter in enters:
        if not attribute(enter, "is_constant").b:
            variable = _variable(view, enter)
            if variable is None:
                return None
            variables.append(variable)
    switches = [variable.switch for variable in variables if variable.switch is not None]
    if not switches:
        return None
    ends = view.source(view.through_identity(switches[0].input[1]))
    if ends.op != "LoopCond":
        return None
    return LoopFrame(name, tuple(variables), invariants, ends.input[0], ends)


def _variable(view: GraphView, enter: Any) -> Variable | None:
    for merge in view.consumers(enter.name):
        if merge.op not in ("Merge", "RefMerge"):
            continue
        for tensor in merge.input:
            following = view.source(tensor)
            if following.op in ("NextIteration", "RefNextIteration"):
                switch = _switch(view, merge)
                exits = view.consumers(switch.name) if switch is not None else []
                left = tuple(node for node in exits if node.op in ("Exit", "RefExit"))
                return Variable(enter, merge, switch, following, left)
    return None


def _switch(view: GraphView, merge: Any) -> Any:
    """The node that hands what ``merge`` gives on to the next round or out of the loop."""
    found = [node for node in view.consumers(merge.name) if node.op in ("Switch", "RefSwitch")]
    return next((node for node in found if node_of(node.input[0]) == merge.name), None)


def loop_of(view: GraphView, frame: LoopFrame) -> Loop:
    """The frame as a loop, whose condition and body are copies. What it takes from outside
    without an ``Enter``, which is weights, is an argument like the others."""
    arguments = _arguments(frame)
    results = [variable.next.input[0] for variable in frame.variables]
    names = _reached(view, frame, [frame.condition, *results])
    outer = _from_outside(view, frame, names)
    arguments.update({canonical(name): name for name in outer})
    inputs = [variable.enter.input[0] for variable in frame.variables]
    inputs += [node.input[0] for node in frame.invariants]
    inputs += outer
    types = [_type(node) for node in (*(v.enter for v in frame.variables), *frame.invariants)]
    types += [view.nodes[name].attr["dtype"].type for name in outer]
    placeholders = list(dict.fromkeys(arguments.values()))
    kept = names - set(outer)
    graph_def = type(view.graph_def)()
    graph_def.library.CopyFrom(view.graph_def.library)
    graph_def.versions.CopyFrom(view.graph_def.versions)
    for name, dtype in zip(placeholders, types, strict=True):
        become_placeholder(graph_def.node.add(name=name), dtype, None)
    for node in view.graph_def.node:
        if node.name not in kept:
            continue
        copy = graph_def.node.add()
        copy.CopyFrom(node)
        copy.input[:] = list(_inputs(copy, arguments, kept))
    inside = GraphView(graph_def)
    passed = placeholders[len(frame.variables) :]
    ends = [arguments.get(canonical(tensor), tensor) for tensor in results]
    condition = arguments.get(canonical(frame.condition), frame.condition)
    return Loop(
        frame.name,
        inputs,
        Body(inside, placeholders, [condition]),
        Body(inside, placeholders, [*ends, *passed]),
    )


def _arguments(frame: LoopFrame) -> dict[str, str]:
    """Placeholder by the tensor that it stands for. A variable is read behind its ``Switch`` in
    the body, and before it in the condition."""
    found = {}
    for variable in frame.variables:
        found[canonical(variable.merge.name)] = variable.enter.name
        if variable.switch is not None:
            found[canonical(f"{variable.switch.name}:1")] = variable.enter.name
    return {**found, **{canonical(node.name): node.name for node in frame.invariants}}


def _reached(view: GraphView, frame: LoopFrame, tensors: Iterable[str]) -> set[str]:
    """The nodes of the loop that lead to ``tensors``."""
    border = {node.name for node in _control(frame)}
    waiting = [node_of(tensor) for tensor in tensors]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found and name not in border and name in view.nodes:
            found.add(name)
            waiting += [node_of(tensor) for tensor in view.nodes[name].input]
    return found


def _control(frame: LoopFrame) -> Iterator[Any]:
    """The nodes that make a loop of the others."""
    yield from frame.invariants
    yield frame.ends
    for variable in frame.variables:
        yield variable.enter
        yield variable.merge
        yield variable.next
        if variable.switch is not None:
            yield variable.switch


def _from_outside(view: GraphView, frame: LoopFrame, names: set[str]) -> list[str]:
    return sorted(name for name in names if view.nodes[name].op == "Placeholder")


def _type(enter: Any) -> int:
    return int(enter.attr["T"].type)


def _inputs(node: Any, arguments: dict[str, str], kept: set[str]) -> Iterator[str]:
    """The inputs of a copy: arguments for what comes from the borders of the frame. Control inputs
    from there say only that the round has begun."""
    for tensor in node.input:
        if not tensor.startswith("^"):
            yield arguments.get(canonical(tensor), tensor)
        elif node_of(tensor) in kept:
            yield tensor


def remove_frame(view: GraphView, frame: LoopFrame) -> None:
    """Take the nodes of the loop out of the graph, but not the ``Exit`` nodes."""
    results = [variable.next.input[0] for variable in frame.variables]
    inside = view.descendants(node.name for node in enters_of(frame))
    gone = _reached(view, frame, [frame.condition, *results]) & inside
    gone |= {node.name for node in _control(frame)}
    view.keep(set(view.nodes) - gone)


def enters_of(frame: LoopFrame) -> Iterator[Any]:
    """The nodes by which values come into the loop."""
    yield from (variable.enter for variable in frame.variables)
    yield from frame.invariants
