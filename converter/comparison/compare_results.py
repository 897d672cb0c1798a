"""Results of one precision and of fp32 on the same images, by task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from converter.comparison.accuracy import ACCURACY_THRESHOLDS
from converter.comparison.agreement import (
    SCORE_MARGIN,
    Agreement,
    ClassAgreement,
    agreement,
    at_least,
    match,
)
from trt_inference.bundles.bundle import Thresholds
from trt_inference.bundles.names import CLASSIFICATION, DETECTION, SEGMENTATION
from trt_inference.inference.detections import Detections
from trt_inference.inference.results import Classification, Result, Segmentation

# Of a class map, so many pixels are looked at, in a grid: all frames of a run stay in memory.
_MOST_PIXELS = 1 << 16


@dataclass(frozen=True)
class TaskComparison:
    """What one task asks of two results.

    Attributes:
        thresholds: with which detectors run.
        keep: what is kept of a result, whose arrays the next image may overwrite.
        agree: over all images, fp32's first, with the score from which a robot publishes.
        differ: how much the results of one image differ, the same scale for all images.
        classes: those in the results that a robot would show.
    """

    thresholds: Thresholds
    keep: Callable[[Result], Result]
    agree: Callable[[Sequence[Result], Sequence[Result], float], Agreement | ClassAgreement]
    differ: Callable[[Result, Result, float], float]
    classes: Callable[[Result, float], np.ndarray]


def _agree_on_detections(
    wanted: Sequence[Result], given: Sequence[Result], threshold: float
) -> Agreement:
    """Published detections, each looked for in what the other publishes or all but publishes: one
    at the threshold is not missing because its score fell by a hair."""
    nearly = threshold - SCORE_MARGIN
    pairs = list(zip(_detections(wanted), _detections(given), strict=True))
    return agreement(
        [(at_least(threshold, one), at_least(nearly, other)) for one, other in pairs],
        [(at_least(threshold, other), at_least(nearly, one)) for one, other in pairs],
        threshold,
    )


def _detections(results: Sequence[Result]) -> list[Detections]:
    return [one for one in results if isinstance(one, Detections)]


def _differ_in_detections(wanted: Result, given: Result, threshold: float) -> float:
    """Detections that the other does not publish, and what boxes and scores moved."""
    if not isinstance(wanted, Detections) or not isinstance(given, Detections):
        return 0.0
    one, other = at_least(threshold, wanted), at_least(threshold, given)
    rows, columns, overlaps = match(one, other)
    moved = np.abs(one.scores[rows] - other.scores[columns]).sum() + (1 - overlaps).sum()
    return float(len(one) + len(other) - 2 * len(rows) + moved)


def _agree_on_classes(
    wanted: Sequence[Result], given: Sequence[Result], threshold: float
) -> ClassAgreement:
    pairs = [_best(one, other) for one, other in zip(wanted, given, strict=True)]
    return ClassAgreement(
        len(pairs),
        sum(same for same, _ in pairs),
        max((difference for _, difference in pairs), default=0.0),
    )


def _best(wanted: Result, given: Result) -> tuple[bool, float]:
    """Whether both have the same best class, and how much its score moved."""
    if not isinstance(wanted, Classification) or not isinstance(given, Classification):
        raise TypeError(f"{type(wanted).__name__} is no classification")
    if not len(wanted) or not len(given):  # its scores are no numbers
        return False, 1.0
    difference = abs(float(wanted.scores[0]) - float(given.scores[0]))
    return bool(wanted.class_ids[0] == given.class_ids[0]), difference


def _differ_in_class(wanted: Result, given: Result, threshold: float) -> float:
    same, difference = _best(wanted, given)
    return difference + (not same)


def _sampled(result: Result) -> Result:
    if not isinstance(result, Segmentation):
        raise TypeError(f"{type(result).__name__} is no segmentation")
    step = max(1, round((result.class_map.size / _MOST_PIXELS) ** 0.5))
    return Segmentation(result.class_map[::step, ::step].copy())


def _agree_on_pixels(
    wanted: Sequence[Result], given: Sequence[Result], threshold: float
) -> ClassAgreement:
    compared = same = 0
    for one, other in zip(wanted, given, strict=True):
        part = _same_pixels(one, other)
        compared, same = compared + part.size, same + int(part.sum())
    return ClassAgreement(compared, same)


def _same_pixels(wanted: Result, given: Result) -> np.ndarray:
    if not isinstance(wanted, Segmentation) or not isinstance(given, Segmentation):
        raise TypeError(f"{type(wanted).__name__} is no segmentation")
    return np.asarray(wanted.class_map == given.class_map)


def _differ_in_pixels(wanted: Result, given: Result, threshold: float) -> float:
    return float(1 - _same_pixels(wanted, given).mean())


def _detected(result: Result, threshold: float) -> np.ndarray:
    if not isinstance(result, Detections):
        return np.zeros(0, int)
    return np.unique(at_least(threshold, result).class_ids)


def _best_class(result: Result, threshold: float) -> np.ndarray:
    return result.class_ids[:1] if isinstance(result, Classification) else np.zeros(0, int)


def _seen(result: Result, threshold: float) -> np.ndarray:
    return np.unique(result.class_map) if isinstance(result, Segmentation) else np.zeros(0, int)


def _as_it_is(result: Result) -> Result:
    return result


_ALL_CLASSES = replace(ACCURACY_THRESHOLDS, score_threshold=0.0)
COMPARISONS = {
    DETECTION: TaskComparison(
        ACCURACY_THRESHOLDS, _as_it_is, _agree_on_detections, _differ_in_detections, _detected
    ),
    CLASSIFICATION: TaskComparison(
        _ALL_CLASSES, _as_it_is, _agree_on_classes, _differ_in_class, _best_class
    ),
    SEGMENTATION: TaskComparison(
        ACCURACY_THRESHOLDS, _sampled, _agree_on_pixels, _differ_in_pixels, _seen
    ),
}
