"""Name the loop that cannot be converted, rather than the nodes around it that fail with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from converter.export.functional_loops import WAS_FRAME
from converter.export.graph_view import LOOPS, GraphView
from converter.export.known_values import KnownValues
from converter.export.loop_frames import enters_of, frames_of
from converter.export.nodes import attribute
from converter.export.request_answer import Unsupported

# The operator that stands for all of a loop in frames.
FRAME = "Enter"
_OF_LOOPS = ("Enter", "Exit", "Merge", "Switch", "NextIteration", "LoopCond", *LOOPS)
_LISTS = ("TensorArray", "TensorList")
_REASON = (
    "the number of its rounds, or the list that it fills, follows from the values in the picture, "
    "or it is of a form that ONNX does not have"
)


def name_loops(found: Sequence[Unsupported], graph_def: Any) -> list[Unsupported]:
    """The nodes that cannot be converted, with one entry for each loop that is the cause of others.

    The operators of a loop and of its lists stand for the loop. So does a layer behind it that
    fails because the rank of what it takes is not known there.
    """
    view = GraphView(graph_def)
    loops = list(_loops(view))
    if not found or not loops:
        return list(found)
    known = KnownValues(view)
    causes: dict[Unsupported, None] = {}
    for one in found:
        if _is_of_loops(one.operator) or _has_lost_shapes(view, known, one.node):
            causes.update(dict.fromkeys(_around(view, loops, one.node) or [one]))
        else:
            causes[one] = None
    return list(causes)


def _loops(view: GraphView) -> Iterator[tuple[set[str], Unsupported]]:
    """The nodes by which values come into each loop, and the entry for the loop."""
    for frame in frames_of(view):
        names = {node.name for node in enters_of(frame)}
        yield names, Unsupported(f"{frame.name}/{FRAME}", FRAME, _REASON)
    for node in view.graph_def.node:
        if node.op in LOOPS:
            was_frame = attribute(node, WAS_FRAME).b
            yield {node.name}, Unsupported(node.name, FRAME if was_frame else node.op, _REASON)


def _is_of_loops(operator: str) -> bool:
    return operator in _OF_LOOPS or operator.startswith(_LISTS)


def _has_lost_shapes(view: GraphView, known: KnownValues, name: str) -> bool:
    """Whether the rank of something that the node takes is not known."""
    if name not in view.nodes:
        return False
    given = view.data_inputs(view.nodes[name])
    return any(known.shape(tensor).rank is None for tensor in given)


def _around(
    view: GraphView, loops: Sequence[tuple[set[str], Unsupported]], name: str
) -> list[Unsupported]:
    """The loops that the node is in or behind; of lists, those that they enter."""
    if name not in view.nodes:
        return []
    before, after = view.ancestors([name]), view.descendants([name])
    return [entry for loop, entry in loops if loop & before] or [
        entry for loop, entry in loops if loop & after
    ]
