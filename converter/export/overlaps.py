"""What a suppression does with boxes that overlap: from which IoU on, and of which classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from converter.export.own_outputs import SCORE, OutputValues

ROWS = 3  # so many boxes are made up
MADE_UP_SCORES = (SCORE, 0.96, 0.94)
NEARLY_WHOLLY = 0.98
CLEAR_OF_IOU = 0.02  # of an IoU, between what is suppressed and what is not
IOU_HALVINGS = 10  # of the range in which the IoU threshold is looked for
# In fractions of the unit: the first box, and one that does not touch it.
LEFT, TOP, SIDE = 0.0625, 0.25, 0.375
APART = (0.5, 0.5, 0.875, 0.9375)

Run = Callable[[Mapping[int, np.ndarray], Mapping[tuple[int, int], float]], OutputValues]
Boxes = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Overlaps:
    """How boxes that overlap are suppressed.

    Attributes:
        iou: above it, the box with the lower score goes.
        class_agnostic: boxes of other classes go too.
    """

    iou: float
    class_agnostic: bool


class NoSuppressionError(Exception):
    """What came out is not what a suppression lets through."""


class OverlapProbe:
    """Has boxes made up, and sees which of them come out.

    A greedy suppression takes out a box that a better one overlaps, and changes nothing else. What
    merges boxes, lowers scores or only sorts is none.
    """

    def __init__(self, run: Run, scores: str, row: int, unit: float) -> None:
        """
        Args:
            run: gives the outputs for boxes by row and scores by row and column.
            scores: the output with the scores.
            row: the first of ``ROWS`` rows in which boxes are made up.
            unit: the boxes that are made up are inside of 0 to ``unit``.
        """
        self._run, self._scores, self._row, self._unit = run, scores, row, unit

    def iou(self, column: int) -> float | None:
        """The IoU above which boxes with scores in ``column`` suppress each other.

        Returns:
            None where it is no greedy suppression by IoU.
        """
        if self._row < 0:
            return None
        try:
            iou = self._threshold(column)
            self._check_kind(column, iou)
        except NoSuppressionError:
            return None
        return iou

    def across(self, columns: Sequence[int], iou: float) -> bool | None:
        """Whether boxes of different classes suppress each other, above the same ``iou``.

        Returns:
            None where some do and some do not.
        """
        if len(columns) < 2:
            return False
        pairs = ((columns[0], columns[-1]), (columns[-1], columns[0]))
        near = _shifted(NEARLY_WHOLLY)
        try:
            across = {self._is_suppressed(near, pair) for pair in pairs}
            for pair in pairs:
                self._require((_FIRST, APART), pair, suppressed=False)
            if True in across:
                self._require(
                    _shifted(min(iou + CLEAR_OF_IOU, NEARLY_WHOLLY)), pairs[0], suppressed=True
                )
                self._require(_shifted(max(iou - CLEAR_OF_IOU, 0.0)), pairs[0], suppressed=False)
        except NoSuppressionError:
            return None
        return across.pop() if len(across) == 1 else None

    def _threshold(self, column: int) -> float:
        """The IoU from which on a box goes."""
        both = (column, column)
        for backwards in (False, True):
            self._require(_shifted(NEARLY_WHOLLY), both, suppressed=True, backwards=backwards)
            self._require((_FIRST, APART), both, suppressed=False, backwards=backwards)
        low, high = 0.0, NEARLY_WHOLLY
        for _ in range(IOU_HALVINGS):
            middle = (low + high) / 2
            if not self._come_out(self._run_two(_shifted(middle), both)):
                high = middle
            else:
                low = middle
        rounded = round((low + high) / 2, 2)
        return rounded if low - 1e-3 <= rounded <= high + 1e-3 else (low + high) / 2

    def _check_kind(self, column: int, iou: float) -> None:
        """That IoU is what counts, and that a box that is suppressed suppresses none."""
        both = (column, column)
        if iou > CLEAR_OF_IOU:
            self._require(_inside(iou - CLEAR_OF_IOU), both, suppressed=False)
        self._require(_inside(iou + (1 - iou) * CLEAR_OF_IOU * 2), both, suppressed=True)
        step = _shift(min(iou + CLEAR_OF_IOU, NEARLY_WHOLLY))
        if _iou_of_shift(2 * step) > iou - CLEAR_OF_IOU / 4:
            return
        chain = [_moved(number * step) for number in range(ROWS)]
        places = [(self._row + number, column) for number in range(ROWS)]
        boxes = self._boxes_at(chain, range(self._row, self._row + ROWS))
        each = dict(zip(places, MADE_UP_SCORES, strict=True))
        ends = {place: each[place] for place in (places[0], places[2])}
        if not _same(self._run(boxes, each), self._run(boxes, ends)):
            raise NoSuppressionError

    def _require(
        self, boxes: Boxes, columns: Sequence[int], suppressed: bool, backwards: bool = False
    ) -> None:
        if self._is_suppressed(boxes, columns, backwards) != suppressed:
            raise NoSuppressionError

    def _is_suppressed(self, boxes: Boxes, columns: Sequence[int], backwards: bool = False) -> bool:
        """Whether the second of two boxes goes because of the first, which has the better score.

        Raises:
            NoSuppressionError: it does not go, and does not come out either.
        """
        rows = self._two_rows(backwards)
        both = self._run_two(boxes, columns, backwards)
        alone = {(rows[0], columns[0]): MADE_UP_SCORES[0]}
        if _same(both, self._run(self._boxes_at(boxes, rows), alone)):
            return True
        if self._come_out(both):
            return False
        raise NoSuppressionError

    def _run_two(
        self, boxes: Boxes, columns: Sequence[int], backwards: bool = False
    ) -> OutputValues:
        rows = self._two_rows(backwards)
        scores = dict(zip(zip(rows, columns, strict=True), MADE_UP_SCORES[:2], strict=True))
        return self._run(self._boxes_at(boxes, rows), scores)

    def _two_rows(self, backwards: bool) -> list[int]:
        return [self._row, self._row + 1][:: -1 if backwards else 1]

    def _come_out(self, outputs: OutputValues) -> bool:
        """Whether both of two boxes come out, with their scores."""
        scores = outputs[self._scores].ravel().astype(np.float64)
        return all(np.isclose(scores, score, atol=1e-4).sum() == 1 for score in MADE_UP_SCORES[:2])

    def _boxes_at(self, boxes: Boxes, rows: Sequence[int]) -> dict[int, np.ndarray]:
        return {row: np.multiply(box, self._unit) for row, box in zip(rows, boxes, strict=True)}


def _moved(shift: float) -> tuple[float, ...]:
    """The first box, moved by a fraction of its side."""
    left = LEFT + shift * SIDE
    return (left, TOP, left + SIDE, TOP + SIDE)


_FIRST = _moved(0.0)


def _shift(iou: float) -> float:
    """The fraction of its side by which a box is moved to have that IoU with itself."""
    return (1 - iou) / (1 + iou)


def _iou_of_shift(shift: float) -> float:
    return max(1 - shift, 0.0) / (1 + shift)


def _shifted(iou: float) -> Boxes:
    return _FIRST, _moved(_shift(iou))


def _inside(iou: float) -> Boxes:
    """The first box, and one with the same centre inside it."""
    margin = SIDE * (1 - iou**0.5) / 2
    first = np.asarray(_FIRST)
    return _FIRST, tuple(first + np.multiply(margin, (1, 1, -1, -1)))


def _same(one: OutputValues, other: OutputValues) -> bool:
    return all(np.array_equal(value, other[name]) for name, value in one.items())
