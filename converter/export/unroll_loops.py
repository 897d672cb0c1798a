"""Replace loops that run once, as ``tf.map_fn`` does over a batch of one image, by what they do."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from converter.export.flatten import untie
from converter.export.functional_loops import WAS_FRAME
from converter.export.graph_view import LOOPS, GraphView, node_of, port_of
from converter.export.known_values import KnownValues, evaluate
from converter.export.loop_bodies import Body, Loop, functional_loop
from converter.export.loop_frames import LoopFrame, frames_of, loop_of, remove_frame
from converter.export.nodes import become_identity
from converter.export.tensor_lists import read_lists

# A loop of more rounds, or of more nodes in all of them, is left to ONNX.
MOST_ROUNDS, MOST_NODES = 64, 5000


def unroll_loops(view: GraphView, wanted: Collection[str]) -> list[str]:
    """Replace every loop by its result that is known to run once or not at all, and those of a few
    rounds whose lists tf2onnx does not understand.

    What is known depends on the sizes of the inputs, above all on the batch. The result is that of
    the loop for these sizes, whatever it computes.

    Args:
        wanted: tensors that are kept, with all that they depend on.

    Returns:
        The names of the loops that were replaced.
    """
    unrolled: list[str] = []
    while True:
        view.keep(view.ancestors(wanted))
        if not has_loops(view) and not unrolled:
            return []
        known = KnownValues(view)
        read = read_lists(view, known)
        name = None if read else _unroll_one(view, known)
        if name is not None:
            unrolled.append(name)
        elif not read:
            return unrolled


def has_loops(view: GraphView) -> bool:
    """Whether there are loops in the graph itself, rather than in its functions."""
    return any(node.op in (*LOOPS, "LoopCond") for node in view.graph_def.node)


def _unroll_one(view: GraphView, known: KnownValues) -> str | None:
    """Replace the first loop that can be; its name."""
    for node in [node for node in view.graph_def.node if node.op in LOOPS]:
        loop = functional_loop(view, node)
        plain = WAS_FRAME not in node.attr and _has_plain_lists(view, loop)
        rounds = _rounds(loop, known, 1 if plain else MOST_ROUNDS)
        if rounds is not None:
            _hand_on(view, loop.name, _results(view, loop, rounds))
            return loop.name
    for frame in list(frames_of(view)):
        loop = loop_of(view, frame)
        rounds = _rounds(loop, known, 1 if _has_plain_lists(view, loop) else MOST_ROUNDS)
        if rounds is not None:
            _replace_frame(view, frame, loop, rounds)
            return loop.name
    return None


def _replace_frame(view: GraphView, frame: LoopFrame, loop: Loop, rounds: int) -> None:
    exits = [[node.name for node in one.exits] for one in frame.variables]
    remove_frame(view, frame)
    results = _results(view, loop, rounds)
    for names, tensor in zip(exits, results[: len(exits)], strict=True):
        for name in names:
            become_identity(view.nodes[name], tensor, view.nodes[name].attr["T"].type)
    view.refresh()


# Lists that have items before the loop begins, as those of ``tf.scan``, or none at all.
_UNUSUAL_LISTS = {
    "EmptyTensorList",
    "TensorArrayWriteV3",
    "TensorListPushBack",
    "TensorListSetItem",
}


def _has_plain_lists(view: GraphView, loop: Loop) -> bool:
    """Whether tf2onnx understands the lists that a loop reads and writes, as those of
    ``tf.map_fn``."""
    origins = {view.source(view.through_identity(tensor)).op for tensor in loop.inputs}
    return not origins & _UNUSUAL_LISTS


def _rounds(loop: Loop, known: KnownValues, most: int) -> int | None:
    """How often the body runs; None where that is not known, or more often than ``most``."""
    shapes = [known.shape(tensor) for tensor in loop.inputs]
    values = [known.value(tensor) for tensor in loop.inputs]
    most = min(most, max(1, MOST_NODES // len(loop.body.view.nodes)))
    for rounds in range(most + 1):
        goes_on = _decision(loop, values, shapes)
        if not goes_on or rounds == most:
            return rounds if goes_on is False else None
        values = evaluate(loop.body, values, shapes)
        shapes = [
            shape if argument == result else None
            for shape, argument, result in zip(
                shapes, loop.body.arguments, loop.body.results, strict=True
            )
        ]
    return None


def _decision(loop: Loop, values: Sequence[Any], shapes: Sequence[Any]) -> bool | None:
    """Whether the loop goes on with these values; None where that is not known."""
    (value,) = evaluate(loop.condition, values, shapes)
    return None if value is None else bool(value)


def _results(view: GraphView, loop: Loop, rounds: int) -> list[str]:
    """What the loop gives after so many rounds."""
    values = list(loop.inputs)
    for _ in range(rounds):
        values = _inline(view, loop.name, values, loop.body)
        view.refresh()
    return values


def _inline(view: GraphView, name: str, inputs: Sequence[str], body: Body) -> list[str]:
    """Copy the nodes of ``body`` into the graph; its results there."""
    untie(body.view.graph_def)
    body.view.refresh()
    given = dict(zip(body.arguments, inputs, strict=True))
    needed = body.view.ancestors(body.results) - set(given)
    taken, names = set(view.nodes), {}
    for node in body.view.graph_def.node:
        if node.name in needed:
            names[node.name] = _new_name(taken, name, node.name)
            taken.add(names[node.name])
    for inner, outer in names.items():
        copy = view.graph_def.node.add()
        copy.CopyFrom(body.view.nodes[inner])
        copy.name = outer
        copy.input[:] = [
            _outside(tensor, given, names)
            for tensor in copy.input
            if not (tensor.startswith("^") and node_of(tensor) in given)
        ]
    return [_outside(tensor, given, names) for tensor in body.results]


def _new_name(taken: Collection[str], loop: str, name: str) -> str:
    """Its own where that is free, so that messages name the layer."""
    if name not in taken:
        return name
    new = name if name.startswith(f"{loop}/") else f"{loop}/{name}"
    numbered = (f"{new}_round_{number}" for number in itertools.count(1))
    return next(one for one in itertools.chain([new], numbered) if one not in taken)


def _outside(tensor: str, given: Mapping[str, str], names: Mapping[str, str]) -> str:
    """What a tensor of the body is in the graph around it."""
    name = node_of(tensor)
    if name not in given:
        mark = "^" if tensor.startswith("^") else ""
        tensor = f"{mark}{names[name]}{tensor.lstrip('^')[len(name) :]}"
    # TensorFlow's optimizers take inputs of nodes to be spelled without the first port.
    return given.get(name, tensor).removesuffix(":0")


def _hand_on(view: GraphView, loop: str, results: Sequence[str]) -> None:
    """Give the results to those that take the outputs of the node ``loop``."""
    for node in view.consumers(loop):
        node.input[:] = [
            results[port_of(tensor)] if node_of(tensor) == loop else tensor
            for tensor in node.input
            if tensor != f"^{loop}"
        ]
    view.refresh()
