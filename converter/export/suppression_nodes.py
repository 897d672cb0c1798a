"""The nodes of suppressions, and the thresholds that they have as constants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from converter.export.graph_view import GraphView
from converter.export.loop_bodies import LoopBody
from converter.export.provenance import Sources
from converter.export.request_answer import Suppression

COMBINED = "CombinedNonMaxSuppression"
PER_CLASS = tuple(f"NonMaxSuppression{version}" for version in ("", "V2", "V3", "V4", "V5"))
# Where the thresholds are among the inputs: IoU, score.
_THRESHOLDS = {
    COMBINED: (4, 5),
    "NonMaxSuppressionV2": (3, None),
    "NonMaxSuppression": (None, None),
}
_THRESHOLDS_LATER = (3, 4)
_MOST, _SIGMA = 2, 5  # of one class; the width of Soft-NMS, in NonMaxSuppressionV5


@dataclass(frozen=True)
class FoundSuppression:
    """A suppression: its node, the graph that it is in, and the node of the main graph that
    holds it, the loop or itself."""

    node: Any
    view: GraphView
    top: str
    body: LoopBody | None


def constant_thresholds(sources: Sources, places: Sequence[FoundSuppression]) -> Suppression:
    """What the graph has as constants; the score threshold is the lowest of all classes."""
    each = [_constants(sources, place) for place in places]
    scores, ious, most, soft = (list(values) for values in zip(*each, strict=True))
    return Suppression(
        places[0].node.op,
        None if None in scores else max(min(scores), 0.0),
        ious[0] if len(set(ious)) == 1 else None,
        most_of_class=None if None in most else int(max(most)),
        soft=any(soft),
    )


def _constants(
    sources: Sources, place: FoundSuppression
) -> tuple[float | None, float | None, float | None, bool]:
    """Score threshold, IoU threshold, the most boxes, and whether it is Soft-NMS."""
    node = place.node
    iou, score = _THRESHOLDS.get(node.op, _THRESHOLDS_LATER)
    thresholds = [
        None if index is None else sources.constant(place, node.input[index])
        for index in (score, iou)
    ]
    if node.op == "NonMaxSuppression":
        thresholds[1] = float(node.attr["iou_threshold"].f)
    if score is None:
        thresholds[0] = 0.0
    soft = node.op == PER_CLASS[-1] and sources.constant(place, node.input[_SIGMA]) != 0
    return thresholds[0], thresholds[1], sources.constant(place, node.input[_MOST]), soft
