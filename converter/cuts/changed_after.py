"""What a model does after a cut to the numbers of a tensor there, so that its own results are not
those that the tensor gives: weighted scores, classes in another order, moved boxes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from converter.cuts.cut_graph import CutGraph
from converter.cuts.last_axis import picks_last, reorders_last
from converter.export.provenance import HANDS_ON

# Comparing and counting: what depends on their results has the decisions, not the numbers.
_DECIDES = (
    *("ArgMax", "ArgMin", "OneHot", "Where", "Any", "All", "Unique", "UniqueV2", "IsFinite"),
    *("Greater", "GreaterEqual", "Less", "LessEqual", "Equal", "NotEqual", "IsNan", "InTopKV2"),
    *("NonMaxSuppressionV2", "NonMaxSuppressionV3", "NonMaxSuppressionV4"),
)
_SELECTS = ("Select", "SelectV2")
_KEEPS = (
    *HANDS_ON,
    *_SELECTS,
    *("Pad", "PadV2", "ConcatV2", "Pack", "Tile", "BroadcastTo", "Max", "TopK", "TopKV2"),
    *("Maximum", "Minimum", "ClipByValue", "Relu", "FloorMod", "Mod"),
    *("IdentityN", "ScatterNd", "TensorListStack"),
    *("NonMaxSuppressionV5", "CombinedNonMaxSuppression", "While", "StatelessWhile", "If"),
    *("StatelessIf", "Switch", "Merge", "Enter", "Exit", "NextIteration", "LoopCond"),
)
_MASKS = ("Mul", "RealDiv", "MulNoNan")
# After these, the last axis has no classes, or it is not known.
_TURNS = ("Transpose", "Max", "TopK", "TopKV2", "Reshape", "Pack", "Unpack", "GatherNd")


def changed_scores(graph: CutGraph, tensor: str, allowed: str) -> list[str]:
    """The nodes that change scores, or the order or number of their classes, on the way from
    ``tensor`` to the outputs.

    Args:
        allowed: a description of what the robot does, with "sigmoid", "softmax", "background".
    """

    def changes(node: Any, given: str, has_classes: bool, carried: set[str]) -> bool:
        if node.op in ("Sigmoid", "Softmax"):
            return node.op.lower() not in allowed
        if has_classes and picks_last(graph, node.name):
            return "background" not in allowed or reorders_last(graph, node.name)
        if node.op in _MASKS:
            others = [one for one in graph.all_inputs(node.name) if one != given]
            # A mask makes logits 0, which are scores of a half.
            return (
                "logits" in allowed
                or not others
                or not all(graph.is_behind(one, _DECIDES) and one not in carried for one in others)
            )
        return node.op not in _KEEPS

    return _walk(graph, tensor, changes)


def moved_boxes(graph: CutGraph, tensor: str) -> list[str]:
    """The nodes that add constants to boxes on the way from ``tensor`` to the outputs."""

    def changes(node: Any, given: str, *_: Any) -> bool:
        others = [one for one in graph.all_inputs(node.name) if one != given]
        return node.op in ("Add", "AddV2", "Sub") and not any(map(graph.is_seen, others))

    return _walk(graph, tensor, changes)


def _walk(graph: CutGraph, tensor: str, changes: Any) -> list[str]:
    """The nodes that ``changes`` is true for, on ways by which numbers get to the outputs."""
    start = (tensor, True)
    came_from: dict[Any, set[Any]] = {start: set()}
    waiting, steps = [start], []
    while waiting:
        here = waiting.pop()
        given, has_classes = here
        for node in graph.takers(given):
            if not _takes_numbers(graph, node, given):
                continue
            for made in graph.made_by(node.name):
                turned = node.op in _TURNS or graph.rank(made) != graph.rank(given)
                there = (made, has_classes and not turned)
                if there not in came_from:
                    came_from[there] = set()
                    waiting.append(there)
                came_from[there].add(here)
                steps.append((node, here, there))
    used = set(_leading_to_ends(graph, came_from))
    carried = {one for one, _ in came_from}
    found = [
        node.name for node, here, there in steps if there in used and changes(node, *here, carried)
    ]
    return list(dict.fromkeys(found))


def _leading_to_ends(graph: CutGraph, came_from: dict[Any, set[Any]]) -> Iterator[Any]:
    waiting = [state for state in came_from if graph.is_end(state[0])]
    found = set(waiting)
    while waiting:
        state = waiting.pop()
        yield state
        waiting.extend(came_from[state] - found)
        found |= came_from[state]


def _takes_numbers(graph: CutGraph, node: Any, given: str) -> bool:
    """Whether numbers of ``given`` are among what the node gives, as they are or changed."""
    if node.op in _DECIDES:
        return False
    inputs = graph.all_inputs(node.name)
    if node.op in HANDS_ON:
        return inputs[HANDS_ON[node.op]] == given
    return not (node.op in _SELECTS and given not in inputs[1:])
