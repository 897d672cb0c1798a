"""What differs between two sides that name the class of an image."""

import numpy as np

from converter.replay.differences.difference import (
    LOST,
    NEW,
    OTHER_CLASS,
    SCORE_SHIFTED,
    Difference,
    FoundThing,
    ImageDifferences,
)
from converter.replay.differences.difference_limits import DifferenceLimits, reaches_limit
from trt_inference.inference.results import Classification


def differences_of_classes(
    before: Classification, after: Classification, pool: Classification, limits: DifferenceLimits
) -> ImageDifferences:
    """Compare the best class of each side, which is what a robot acts on.

    The other classes that a side publishes do not count: they share what the best one leaves over,
    are often a hair apart, and change places whenever anything is rounded; and each time the best
    class changes, they all do. A side that publishes no class has found nothing. Weights are those
    of boxes.

    Args:
        pool: all that the candidate has, with what has too low a score to be published.
    """
    one, other = _best(before), _best(after)
    found = _differences(one, other, pool, limits)
    size = max(thing.class_id + 1 if thing else 0 for thing in (one, other))
    is_same = one is not None and other is not None and one.class_id == other.class_id
    return ImageDifferences(
        tuple(found),
        _count(one, size),
        _count(other, size),
        _count(one if is_same else None, size),
    )


def _differences(
    one: FoundThing | None,
    other: FoundThing | None,
    pool: Classification,
    limits: DifferenceLimits,
) -> list[Difference]:
    """The one thing that differs, if any does."""
    if one is None:
        return [] if other is None else [Difference(NEW, 1 + _inside(other), None, other)]
    if other is None:
        return [Difference(LOST, 1 + _inside(one), one, _of_class(pool, one.class_id))]
    if one.class_id != other.class_id:
        weight = 1 + max(_inside(one), _inside(other))
        return [Difference(OTHER_CLASS, weight, one, other)]
    shift = abs(one.score - other.score)
    if one.score and other.score and reaches_limit(np.asarray(shift), limits.score_shift):
        return [Difference(SCORE_SHIFTED, min(shift, 1.0), one, other)]
    return []


def _best(result: Classification) -> FoundThing | None:
    """The class with the best score, of equal ones the first number: other software need not put it
    first."""
    if not len(result):
        return None
    scores = _scores(result)
    index = int(np.lexsort((result.class_ids, -scores))[0])
    return FoundThing(int(result.class_ids[index]), float(scores[index]))


def _of_class(result: Classification, class_id: int) -> FoundThing | None:
    scores = _scores(result)[np.asarray(result.class_ids) == class_id]
    return FoundThing(class_id, float(scores.max())) if len(scores) else None


def _scores(result: Classification) -> np.ndarray:
    """float64 ``[n]``, 0 for what has none."""
    return np.nan_to_num(np.asarray(result.scores, np.float64), posinf=0, neginf=0)


def _inside(thing: FoundThing) -> float:
    return min(max(thing.score, 0.0), 1.0)


def _count(thing: FoundThing | None, size: int) -> np.ndarray:
    counts = np.zeros(size)
    if thing is not None:
        counts[thing.class_id] = 1
    return counts
