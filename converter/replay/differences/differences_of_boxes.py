"""What differs between two sides that find boxes."""

from collections.abc import Iterator

import numpy as np

from converter.comparison.pair_best_first import pair_best_first
from converter.replay.differences.box_pairs import PairsOfImage, find_box_pairs
from converter.replay.differences.comparable_boxes import ComparableBoxes
from converter.replay.differences.difference import (
    LOST,
    MOVED,
    NEW,
    OTHER_CLASS,
    SCORE_SHIFTED,
    Difference,
    FoundThing,
    ImageDifferences,
)
from converter.replay.differences.difference_limits import DifferenceLimits, reaches_limit
from trt_inference.inference.detections import Detections


def differences_of_boxes(
    before: Detections, after: Detections, pool: Detections, limits: DifferenceLimits
) -> ImageDifferences:
    """Find out which boxes of the two sides are of one object, and what is different of it.

    Boxes are paired as ``find_box_pairs`` says. ``LOST`` and ``NEW`` is what has no other one, and
    ``matched`` what is near one of its own class, which may have moved or have another score.

    ``LOST``, ``NEW`` and ``OTHER_CLASS`` weigh 1 and the score, so that of two images with one each
    that with the surer one comes first; ``MOVED`` 1 - IoU; ``SCORE_SHIFTED`` the difference.

    Args:
        pool: all that the candidate has, with what has too low a score to be published.
    """
    one, other = ComparableBoxes.of(before), ComparableBoxes.of(after)
    pairs = find_box_pairs(one, other, limits)
    differences = [
        *_lost(one[pairs.lost], other, pool, limits),
        *(Difference(NEW, 1 + _part(new.score), None, new) for new in other[pairs.new].things()),
        *_renamed(pairs),
        *_moved(pairs, limits),
        *_score_shifted(pairs, limits),
    ]
    size = int(max(one.class_ids.max(initial=-1), other.class_ids.max(initial=-1))) + 1
    counted = (one, other, pairs.matched.before)
    return ImageDifferences(
        # What weighs the same stays in the order above, which is that of kinds, classes and scores.
        tuple(sorted(differences, key=lambda one: -one.weight)),
        *(np.bincount(boxes.class_ids, minlength=size).astype(np.float64) for boxes in counted),
    )


def _lost(
    lost: ComparableBoxes, other: ComparableBoxes, pool: Detections, limits: DifferenceLimits
) -> Iterator[Difference]:
    """Each lost box, with what the candidate has in its place and did not publish."""
    if not len(lost):
        return
    faded = _faded(lost, ComparableBoxes.of(pool).without(other), limits)
    for index, before in enumerate(lost.things()):
        yield Difference(LOST, 1 + _part(before.score), before, faded.get(index))


def _faded(
    lost: ComparableBoxes, rest: ComparableBoxes, limits: DifferenceLimits
) -> dict[int, FoundThing]:
    rows, columns, overlaps = lost.overlapping(rest, limits.match_iou)
    same = np.flatnonzero(lost.class_ids[rows] == rest.class_ids[columns])
    best = same[pair_best_first(rows[same], columns[same], overlaps[same])]
    return dict(zip(rows[best].tolist(), rest[columns[best]].things(), strict=True))


def _renamed(pairs: PairsOfImage) -> Iterator[Difference]:
    for before, after in pairs.renamed.things():
        yield Difference(OTHER_CLASS, 1 + _part(max(before.score, after.score)), before, after)


def _moved(pairs: PairsOfImage, limits: DifferenceLimits) -> Iterator[Difference]:
    is_moved = ~reaches_limit(pairs.matched.overlaps, limits.moved_iou)
    for moved in (pairs.far, pairs.matched[is_moved]):
        for overlap, things in zip(moved.overlaps.tolist(), moved.things(), strict=True):
            yield Difference(MOVED, 1 - overlap, *things)


def _score_shifted(pairs: PairsOfImage, limits: DifferenceLimits) -> Iterator[Difference]:
    one, other = pairs.matched.before.scores, pairs.matched.after.scores
    has_scores = (one != 0) & (other != 0)
    is_shifted = has_scores & reaches_limit(np.abs(one - other), limits.score_shift)
    for before, after in pairs.matched[is_shifted].things():
        yield Difference(SCORE_SHIFTED, _part(abs(before.score - after.score)), before, after)


def _part(score: float) -> float:
    """A score or its difference as it counts: other software may give percent, or less than 0."""
    return min(max(score, 0.0), 1.0)
