"""How many candidates K a detector needs, so that none of its detections is cut off before the
suppression of overlapping boxes.

The robot's suppression goes from the best box to the worst, so that K candidates give what all
boxes give, except the detections that come after the K best boxes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from converter.comparison.match_rows import DetectionRows
from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.names import BOXES, CLASSES, SCORES
from trt_inference.inference.detections import Detections
from trt_inference.inference.geometry import Placement
from trt_inference.inference.postprocess import postprocess

# As many as TensorRT chooses from at most, and more than a robot ever suppresses.
_MOST_TIMED = 3840
_RUNS = 5


@dataclass(frozen=True)
class ImageBoxes:
    """All boxes of one image, from the best score to the worst, as far as they count.

    Attributes:
        best: the first of those at or above the score threshold, for ``seconds``.
        placement: where the image lies in the input.
        above: how many boxes are at or above the score threshold.
        needed: how many candidates lose nothing.
        lost: how many detections the bundle's K candidates lose.
    """

    best: DetectionRows
    placement: Placement
    above: int
    needed: int
    lost: int


@dataclass(frozen=True)
class CandidateCount:
    """What K candidates lose of all boxes at the bundle's thresholds, over all images.

    Attributes:
        candidates: K.
        boxes: A, of which the K are the best.
        threshold: the score threshold.
        above: the most boxes at or above the score threshold in one image, and ``image`` its name.
        needed: how many candidates would lose nothing.
        lost: detections that K candidates lose, in ``lost_images`` images.
        full_images: how many images have K boxes or more at or above the score threshold.
        worst: of that image, for ``seconds``.
    """

    candidates: int
    boxes: int
    threshold: float
    above: int
    image: str
    needed: int
    lost: int
    lost_images: int
    full_images: int
    worst: ImageBoxes

    def seconds(self, bundle: Bundle, candidates: int) -> float:
        """Measure how long threshold and suppression take here for the most crowded image, as a
        robot runs them: the shortest of a few runs."""
        times = []
        for _ in range(_RUNS):
            started = time.perf_counter()
            _published(self.worst.best, candidates, self.worst.placement, bundle)
            times.append(time.perf_counter() - started)
        return min(times)


def look_at_boxes(rows: DetectionRows, placement: Placement, bundle: Bundle) -> ImageBoxes:
    """Compare what a robot publishes of the best K boxes of one image with what it would of all.

    Args:
        rows: all boxes, in any order.
    """
    threshold, count = bundle.defaults.score_threshold, bundle.candidates
    order = np.argsort(-rows.scores, kind="stable")
    order = order[rows.scores[order] >= threshold]  # not those that are no numbers
    above = len(order)
    best = DetectionRows(rows.boxes[order], rows.scores[order], rows.classes[order])
    kept = _published(best, count, placement, bundle)
    found = kept
    while len(found) < bundle.defaults.max_detections and count < above:
        count = min(2 * count, above)
        found = _published(best, count, placement, bundle)
    lost = len(found) - len(kept)
    needed = int((best.scores >= found.scores[-1]).sum()) if lost else bundle.candidates
    return ImageBoxes(_first(best, _MOST_TIMED), placement, above, needed, lost)


def count_candidates(
    images: Sequence[ImageBoxes], names: Sequence[str], boxes: int, bundle: Bundle
) -> CandidateCount | None:
    """Sum up all images; None where the bundle gives all boxes of the network, so that it cuts
    off none.

    Args:
        boxes: A.
    """
    if not images or bundle.candidates >= boxes:
        return None
    worst = max(range(len(images)), key=lambda place: images[place].above)
    return CandidateCount(
        candidates=bundle.candidates,
        boxes=boxes,
        threshold=bundle.defaults.score_threshold,
        above=images[worst].above,
        image=names[worst],
        needed=max(image.needed for image in images),
        lost=sum(image.lost for image in images),
        lost_images=sum(image.lost > 0 for image in images),
        full_images=sum(image.above >= bundle.candidates for image in images),
        worst=images[worst],
    )


def _published(best: DetectionRows, count: int, placement: Placement, bundle: Bundle) -> Detections:
    """What a robot publishes of the first ``count`` boxes."""
    first = _first(best, count)
    outputs = {BOXES: first.boxes, SCORES: first.scores, CLASSES: first.classes}
    across = bundle.class_agnostic
    return postprocess(outputs, placement, bundle.defaults, bundle.needs_nms, class_agnostic=across)


def _first(rows: DetectionRows, count: int) -> DetectionRows:
    return replace(
        rows, boxes=rows.boxes[:count], scores=rows.scores[:count], classes=rows.classes[:count]
    )
