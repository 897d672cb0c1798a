"""Compare detections: boxes of the same class at the same place are the same object."""

from dataclasses import replace
from typing import List, Sequence, Tuple

import numpy as np

from converter.comparison.accuracy import ACCURACY_THRESHOLDS
from converter.comparison.agreement import Agreement
from converter.comparison.base import (
    Choice,
    Outputs,
    Pairs,
    Parity,
    Ranked,
    TaskComparison,
    output_parity,
)
from converter.comparison.compare_sets import Undecided, best_of, box_rows, compare_sets, pair_rows
from converter.comparison.match_rows import DetectionRows
from converter.comparison.pair_best_first import pair_best_first
from converter.comparison.tolerance import TOLERANCES, Tolerance
from trt_inference.bundles.names import BOXES, CLASSES, SCORES
from trt_inference.inference.box_overlaps import pairwise_iou
from trt_inference.inference.detections import Detections
from trt_inference.inference.results import Result

# What there is to choose from, before suppression.
BEFORE_SUPPRESSION = replace(ACCURACY_THRESHOLDS, max_detections=1000000)
# Two boxes are of the same object from this IoU on.
MATCH_IOU = 0.5
# The same box, but for rounding, has this IoU.
MIN_IOU = 0.95
# Boxes whose IoU differs by less are at one place.
SAME_PLACE = 1e-3
# Detections this near to the threshold may fall on either side of it.
SCORE_MARGIN = 0.01


class DetectionComparison(TaskComparison):
    """Looks for each published detection in all that the other model chose from: a detection at
    the threshold is not missing because its score fell by a hair, and of two boxes with the same
    score but for rounding, either may suppress the other."""

    def rank(self, decoded: Outputs, count: int, gap: float, each_class: bool = False) -> Ranked:
        """Take the best class of each box, or each of its classes, and the best of these."""
        rows = pair_rows(decoded) if each_class else box_rows(decoded)
        return Ranked(best_of(rows, count), rows=rows)

    def as_ranked(self, outputs: Outputs, gap: float) -> Ranked:
        """Return the candidates of a bundle as a reference; others were cut off."""
        rows = DetectionRows(outputs[BOXES], outputs[SCORES], outputs[CLASSES])
        return Ranked(outputs, rows=rows, choice=Choice(is_whole=False))

    def parity(self, reference: Ranked, candidate: Outputs, tolerance: Tolerance) -> Parity:
        """Compare the rows as sets, and the falling scores in their order."""
        if reference.rows is None:
            raise ValueError("the detections of the reference are not ranked: use rank")
        given = DetectionRows(candidate[BOXES], candidate[SCORES], candidate[CLASSES])
        choice = reference.choice
        is_cut = len(given) < len(reference.rows) or not choice.is_whole
        undecided = Undecided(not choice.is_whole, is_cut, choice.is_hidden)
        sets = compare_sets(reference.rows, given, tolerance, undecided)
        pairs = {
            SCORES: (reference.outputs[SCORES], given.scores),
            BOXES: (reference.rows.boxes[sets.rows], given.boxes[sets.columns]),
            CLASSES: (
                np.where(sets.same, given.classes[sets.columns], reference.rows.classes[sets.rows]),
                given.classes[sets.columns],
            ),
        }
        return Parity(
            tuple(output_parity(name, *pairs[name]) for name in reference.outputs), sets.agreement
        )

    def publish(self, result: Result, threshold: float) -> Result:
        """Return the detections with that score or a better one."""
        return at_least(threshold, _detections(result))

    def agree(
        self, pairs: Pairs, threshold: float, least: float = TOLERANCES["float32"].same_class
    ) -> Agreement:
        """Compare the detections over all images; ``least`` is not used."""
        return match_all(
            [(_detections(one.published), _detections(other.pool)) for one, other in pairs],
            [(_detections(other.published), _detections(one.pool)) for one, other in pairs],
            threshold,
            [(one.cut, other.cut) for one, other in pairs],
        )

    def differ(self, wanted: Result, given: Result, threshold: float) -> float:
        """Count the detections that the other does not publish, and add what boxes and scores
        moved."""
        one = at_least(threshold, _detections(wanted))
        other = at_least(threshold, _detections(given))
        rows, columns, overlaps = match(one, other)
        moved = np.abs(one.scores[rows] - other.scores[columns]).sum() + (1 - overlaps).sum()
        return float(len(one) + len(other) - 2 * len(rows) + moved)

    def classes(self, result: Result, threshold: float) -> np.ndarray:
        """Return the classes of the published detections, each once."""
        return np.unique(at_least(threshold, _detections(result)).class_ids)


def at_least(score: float, detections: Detections) -> Detections:
    """Return the detections with that score or a better one."""
    return detections[detections.scores >= score]


def match_all(
    wanted: Sequence[Tuple[Detections, Detections]],
    given: Sequence[Tuple[Detections, Detections]],
    threshold: float,
    cuts: Sequence[Tuple[float, float]] = (),
) -> Agreement:
    """Compare detections of the same images, found at ``threshold``.

    Args:
        wanted: for each image the reference's detections, and the candidate's to find them in.
        given: for each image the candidate's detections, and the reference's to find them in.
        cuts: for each image the scores up to which the reference and the candidate may have cut
            off detections; empty where they have cut off none.
    """
    ious: List[float] = []
    score_differences: List[float] = []
    alone: List[np.ndarray] = []
    found_alone: List[np.ndarray] = []
    cuts = cuts or [(-np.inf, -np.inf)] * len(wanted)
    for (reference, candidate), (_, cut) in zip(wanted, cuts):
        rows, columns, overlaps = _match_above(reference, candidate, cut)
        ious.extend(overlaps.tolist())
        score_differences.extend(
            np.abs(reference.scores[rows] - candidate.scores[columns]).tolist()
        )
        alone.append(_unmatched(reference, rows, threshold))
    for (candidate, reference), (cut, _) in zip(given, cuts):
        rows, _, _ = _match_above(candidate, reference, cut)
        found_alone.append(_unmatched(candidate, rows, threshold))
    missing = sum(int((scores > cut).sum()) for scores, (_, cut) in zip(alone, cuts))
    extra = sum(int((scores > cut).sum()) for scores, (cut, _) in zip(found_alone, cuts))
    return Agreement(
        images=len(wanted),
        detections=sum(len(reference) for reference, _ in wanted),
        matched=len(ious),
        missing=missing,
        extra=extra,
        mean_iou=float(np.mean(ious)) if ious else 1.0,
        lowest_iou=min(ious, default=1.0),
        largest_score_difference=max(score_differences, default=0.0),
        cut_off=sum(map(len, alone + found_alone)) - missing - extra,
    )


def match(
    reference: Detections, candidate: Detections, least_iou: float = MATCH_IOU
) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pair detections of the same class, the best overlap first, each at most once. Where boxes lie
    at one place, as those that reach beyond the image do, take the one with the nearest score.

    Returns:
        Indices into ``reference``, indices into ``candidate``, and their IoU, ``[m]`` each.
    """
    overlaps = pairwise_iou(reference.xyxy, candidate.xyxy)
    overlaps[reference.class_ids[:, None] != candidate.class_ids[None, :]] = 0
    rows, columns = np.nonzero(overlaps >= least_iou)
    values = overlaps[rows, columns].astype(float)
    distances = np.abs(reference.scores[rows] - candidate.scores[columns])
    best = pair_best_first(rows, columns, values - SAME_PLACE * distances)
    return rows[best], columns[best], values[best]


def _match_above(
    reference: Detections, candidate: Detections, cut: float
) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``match``, but a detection that the candidate may have cut off is matched by the same box
    only: another one that overlaps it does not stand for it."""
    rows, columns, overlaps = match(reference, candidate)
    moved = np.abs(reference.scores[rows] - candidate.scores[columns])
    same = (overlaps >= MIN_IOU) & (moved <= SCORE_MARGIN)
    kept = same | (reference.scores[rows] > cut)
    return rows[kept], columns[kept], overlaps[kept]


def _unmatched(detections: Detections, matched: np.ndarray, threshold: float) -> np.ndarray:
    """The scores of the detections that are not matched, except those at the threshold."""
    alone = np.delete(detections.scores, matched)
    result: np.ndarray = alone[alone >= threshold + SCORE_MARGIN]
    return result


def _detections(result: Result) -> Detections:
    if not isinstance(result, Detections):
        raise TypeError(f"a {type(result).__name__} was given where Detections are compared")
    return result
