"""Compare two lists of boxes as sets: what must be in both, and what rounding may have cut off."""

from dataclasses import dataclass
from typing import Dict, Mapping

import numpy as np

from converter.comparison.agreement import RowAgreement
from converter.comparison.match_rows import DetectionRows, match_rows
from converter.comparison.tolerance import Tolerance
from converter.onnx_tools.node_names import ALL_BOXES, CLASS_SCORES
from trt_inference.bundles.names import BOXES, CLASSES, SCORES

_MOST_PAIRS = 1 << 16


@dataclass(frozen=True)
class Undecided:
    """Where rounding decides which rows there are.

    Attributes:
        wanted, given: at the end of the reference, and of the candidate, because they are the
            best of more rows.
        anywhere: in the whole lists, because the rows do not show by what they were chosen.
    """

    wanted: bool = False
    given: bool = False
    anywhere: bool = False


@dataclass(frozen=True)
class RowPairs:
    """Rows of the reference beside rows of the candidate.

    Attributes:
        rows, columns: places in the reference and in the candidate, int ``[m]`` each.
        same: bool ``[m]``, True where the two are one row but for rounding. The others are unlike
            rows, each beside what is at its place in the other list.
        agreement: the counts.
    """

    rows: np.ndarray
    columns: np.ndarray
    same: np.ndarray
    agreement: RowAgreement


def box_rows(decoded: Mapping[str, np.ndarray]) -> DetectionRows:
    """What a head has decoded from one image, ``all_boxes [A, 4]`` and ``class_scores [A, C]``."""
    scores = decoded[CLASS_SCORES]
    classes = scores.argmax(axis=1).astype(np.int32)
    return DetectionRows(decoded[ALL_BOXES], scores.max(axis=1), classes, scores)


def best_of(rows: DetectionRows, count: int) -> Dict[str, np.ndarray]:
    """Return the best rows as a bundle gives them: ``scores`` (falling), ``boxes``, ``classes``."""
    best = _falling(rows.scores)[:count]
    return {SCORES: rows.scores[best], BOXES: rows.boxes[best], CLASSES: rows.classes[best]}


def pair_rows(decoded: Mapping[str, np.ndarray]) -> DetectionRows:
    """The same with a row for each box and each of its classes; the ``_MOST_PAIRS`` best, which
    are more than any bundle has."""
    scores = decoded[CLASS_SCORES]
    best = np.arange(scores.size)
    if scores.size > _MOST_PAIRS:
        best = np.argpartition(-scores, _MOST_PAIRS, axis=None)[:_MOST_PAIRS]
    boxes, classes = np.unravel_index(np.sort(best), scores.shape)
    return DetectionRows(
        decoded[ALL_BOXES][boxes], scores[boxes, classes], classes.astype(np.int32)
    )


def compare_sets(
    wanted: DetectionRows, given: DetectionRows, tolerance: Tolerance, undecided: Undecided
) -> RowPairs:
    """Find each row of the candidate in the reference, and each of the reference's best rows in
    the candidate.

    TensorFlow, ONNX Runtime and TensorRT sort NaN to different ends of a list. A row with one
    matches none, and is unlike wherever it is.

    Args:
        wanted: all rows of the reference, of which the best are compared, as many as ``given``
            has.
        given: all rows of the candidate.
    """
    rows, columns = match_rows(wanted, given, tolerance)
    order, order_of_given = _falling(wanted.scores), _falling(given.scores)
    lost = _without(order[: len(given)], rows)
    new = _without(order_of_given, columns)
    lost_may = _at_end(wanted.scores[lost], given.scores, undecided.given, tolerance)
    new_may = _at_end(given.scores[new], wanted.scores, undecided.wanted, tolerance)
    if undecided.anywhere:
        lost_may, new_may = wanted.is_sound()[lost], given.is_sound()[new]
    unlike, unlike_of_given = lost[~lost_may], new[~new_may]
    places, places_of_given = _places(order), _places(order_of_given)
    last = len(given) - 1
    counted = tolerance.score_gap
    return RowPairs(
        rows=np.concatenate([rows, unlike, order[places_of_given[unlike_of_given]]]),
        columns=np.concatenate(
            [columns, order_of_given[np.minimum(places[unlike], last)], unlike_of_given]
        ),
        same=np.arange(len(rows) + len(unlike) + len(unlike_of_given)) < len(rows),
        agreement=RowAgreement(
            rows=int((~(wanted.scores[order[: len(given)]] <= counted)).sum()),
            moved=int((places[rows] != places_of_given[columns]).sum()),
            undecided=int((wanted.scores[lost[lost_may]] > counted).sum())
            + int((given.scores[new[new_may]] > counted).sum()),
            unlike=len(unlike) + len(unlike_of_given),
            example=_example(wanted, unlike, "the reference")
            or _example(given, unlike_of_given, "the candidate"),
        ),
    )


def _falling(scores: np.ndarray) -> np.ndarray:
    return np.argsort(-scores, kind="stable")


def _without(places: np.ndarray, found: np.ndarray) -> np.ndarray:
    return places[~np.isin(places, found)]


def _places(order: np.ndarray) -> np.ndarray:
    """The place of each row in the order."""
    places = np.empty(len(order), int)
    places[order] = np.arange(len(order))
    return places


def _at_end(
    scores: np.ndarray, others: np.ndarray, is_cut: bool, tolerance: Tolerance
) -> np.ndarray:
    """Which rows may be missing from the other list, because it is cut off at their score but for
    rounding. A list that is not full ends with rows that have a score of 0."""
    if not is_cut or not len(others):
        return np.zeros(len(scores), bool)
    may: np.ndarray = scores <= others.min() + tolerance.score_gap
    return may


def _example(rows: DetectionRows, chosen: np.ndarray, side: str) -> str:
    """The best of the chosen rows, in words; empty where there is none."""
    if not len(chosen):
        return ""
    row = chosen[0]
    box = ", ".join(f"{value:.1f}" for value in rows.boxes[row])
    return f"score {rows.scores[row]:.4f}, class {rows.classes[row]}, box {box} of {side}"
