"""Cut a non-maximum suppression out of the graph: the robot does it, with thresholds that live.

What is looked for are the boxes of all anchors and the scores of all their classes. They enter
one ``CombinedNonMaxSuppression``, or, in older exports, a ``NonMaxSuppression`` for each class,
often inside a loop over the images of a batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from converter.export.graph_inputs_outputs import add_output
from converter.export.graph_view import LOOPS, GraphView, node_of
from converter.export.loop_bodies import LoopBody
from converter.export.provenance import Sources, constant_value, shapes_of
from converter.export.request_answer import Suppression
from converter.heads.evidence import BOXES_BEFORE_NMS, SCORES_BEFORE_NMS
from converter.inputs.quiet_tensorflow import tensorflow

COMBINED = "CombinedNonMaxSuppression"
PER_CLASS = tuple(f"NonMaxSuppression{version}" for version in ("", "V2", "V3", "V4", "V5"))
# A suppression with one of these behind it chooses regions for a second stage.
_LAYERS = ("Conv2D", "DepthwiseConv2dNative", "MatMul", "BatchMatMulV2", "CropAndResize")
# Where the thresholds are among the inputs: IoU, score.
_THRESHOLDS = {
    COMBINED: (4, 5),
    "NonMaxSuppressionV2": (3, None),
    "NonMaxSuppression": (None, None),
}
_THRESHOLDS_LATER = (3, 4)


@dataclass(frozen=True)
class Cut:
    """The outputs that the graph has now, a sentence for the user, and what was cut out."""

    outputs: dict[str, str]
    note: str
    thresholds: Suppression


def cut_suppression(view: GraphView, outputs: Mapping[str, str], image: str) -> Cut | None:
    """Replace the outputs that come from a suppression by what enters it.

    Args:
        image: the input of the graph.

    Returns:
        None where there is no suppression, or where what enters it cannot be determined: then the
        graph is not changed.
    """
    places = _places(view, outputs)
    if not places:
        return None
    sources = Sources(view, shapes_of(view))
    found = _combined(sources, places) or _per_class(sources, places)
    if found is None:
        return None
    boxes, scores = found
    ends = {place.top for place in places}
    kept = {name: tensor for name, tensor in outputs.items() if not ends & view.ancestors([tensor])}
    replaced = [tensor for name, tensor in outputs.items() if name not in kept]
    if sources.shape(scores)[-1] == 1 and _takes_more(view, replaced, found, image):
        return None
    float32 = tensorflow().float32
    new = {
        name: add_output(view.graph_def, name, tensor, float32)
        for name, tensor in ((BOXES_BEFORE_NMS, boxes), (SCORES_BEFORE_NMS, scores))
    }
    view.refresh()
    thresholds = _thresholds(places[0])
    return Cut({**kept, **new}, _note(thresholds, set(outputs) - set(kept)), thresholds)


@dataclass(frozen=True)
class FoundSuppression:
    """A suppression: its node, the graph that it is in, and the node of the main graph that
    holds it, the loop or itself."""

    node: Any
    view: GraphView
    top: str
    body: LoopBody | None


def _places(view: GraphView, outputs: Mapping[str, str]) -> list[FoundSuppression]:
    """All suppressions that end the network."""
    needed = view.ancestors(outputs.values())
    found = []
    for node in view.graph_def.node:
        if node.name not in needed:
            continue
        if node.op in (COMBINED, *PER_CLASS):
            found.append(FoundSuppression(node, view, node.name, None))
        elif node.op in LOOPS:
            body = LoopBody(view, node)
            found += [
                FoundSuppression(inner, body.view, node.name, body)
                for inner in body.view.graph_def.node
                if inner.op in (COMBINED, *PER_CLASS)
            ]
    return [place for place in found if not _has_layers_behind(view, place.top)]


def _takes_more(
    view: GraphView, replaced: Sequence[str], found: tuple[str, str], image: str
) -> bool:
    """Whether the outputs tell more about the image than boxes and scores do: where the best class
    is chosen before the suppression, its number goes another way."""
    stop = {node_of(tensor) for tensor in found}
    return node_of(image) in view.ancestors(replaced, stop)


def _has_layers_behind(view: GraphView, name: str) -> bool:
    return any(view.nodes[follower].op in _LAYERS for follower in view.descendants([name]))


def _combined(sources: Sources, places: Sequence[FoundSuppression]) -> tuple[str, str] | None:
    if len(places) != 1 or places[0].node.op != COMBINED or places[0].body is not None:
        return None
    boxes, scores = places[0].node.input[:2]
    shape = sources.shape(boxes)
    if shape is None or len(shape) != 4 or shape[2] != 1:
        return None  # boxes of their own for each class
    return sources.squeezed(boxes, 2), scores


def _per_class(sources: Sources, places: Sequence[FoundSuppression]) -> tuple[str, str] | None:
    """The nearest tensors that the suppressions of all classes have in common."""
    if any(place.node.op == COMBINED for place in places):
        return None
    chains = [
        (sources.chain(place, place.node.input[0]), sources.chain(place, place.node.input[1]))
        for place in places
    ]
    boxes = _first_common([boxes for boxes, _ in chains], sources.boxes)
    if boxes is None:
        return None
    anchors = sources.shape(boxes)[1]
    scores = _first_common(
        [scores for _, scores in chains],
        lambda tensor: sources.scores(tensor, anchors),
    )
    return None if scores is None else (boxes, scores)


def _first_common(chains: Sequence[Sequence[str]], usable: Any) -> str | None:
    """The first tensor of all chains from which ``usable`` makes what is wanted."""
    for tensor in chains[0]:
        if all(tensor in chain for chain in chains):
            result: str | None = usable(tensor)
            if result is not None:
                return result
    return None


def _thresholds(place: FoundSuppression) -> Suppression:
    node = place.node
    iou, score = _THRESHOLDS.get(node.op, _THRESHOLDS_LATER)
    values = [
        None if index is None else constant_value(place.view, node.input[index])
        for index in (score, iou)
    ]
    if node.op == "NonMaxSuppression":
        values[1] = float(node.attr["iou_threshold"].f)
    return Suppression(node.op, *values)


def _note(thresholds: Suppression, replaced: set[str]) -> str:
    known = [
        f"{name} {value:g}"
        for name, value in (
            ("score", thresholds.score_threshold),
            ("IoU", thresholds.iou_threshold),
        )
        if value is not None
    ]
    frozen = f" (its thresholds were {', '.join(known)})" if known else ""
    return (
        f"the suppression of overlapping boxes ({thresholds.operator}) is cut out{frozen}: its "
        f"boxes and scores replace {', '.join(sorted(replaced))}, and the robot suppresses"
    )
