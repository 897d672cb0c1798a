"""Which boxes of two sides are of one object."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from converter.comparison.compare_detections import SAME_PLACE
from converter.comparison.pair_best_first import pair_best_first
from converter.replay.differences.comparable_boxes import ComparableBoxes
from converter.replay.differences.difference import FoundThing
from converter.replay.differences.difference_limits import DifferenceLimits, reaches_limit


@dataclass(frozen=True)
class PairedBoxes:
    """Boxes of one side, each with that of the other side that belongs to it.

    Attributes:
        before, after: n boxes each.
        overlaps: their IoU, float64 ``[n]``.
    """

    before: ComparableBoxes
    after: ComparableBoxes
    overlaps: np.ndarray

    def __getitem__(self, index: np.ndarray) -> "PairedBoxes":
        """A part of them, by a mask or indices."""
        return PairedBoxes(self.before[index], self.after[index], self.overlaps[index])

    def things(self) -> Iterator[tuple[FoundThing, FoundThing]]:
        """Each pair."""
        return zip(self.before.things(), self.after.things(), strict=True)


class PairsOfImage(NamedTuple):
    """All boxes of an image.

    Attributes:
        matched: of one class, and near each other.
        renamed: of two classes, and near each other.
        far: of one class, and overlapping a little.
        lost: which boxes of the baseline belong to no other one, bool ``[n]``.
        new: which of the candidate, bool ``[m]``.
    """

    matched: PairedBoxes
    renamed: PairedBoxes
    far: PairedBoxes
    lost: np.ndarray
    new: np.ndarray


def find_box_pairs(
    one: ComparableBoxes, other: ComparableBoxes, limits: DifferenceLimits
) -> PairsOfImage:
    """Pair boxes in three steps, in each the best overlap first, boxes at one place by the nearest
    score, and each box once: those of one class that overlap as far as ``match_iou``; of what is
    left those of two classes; of what is left those of one class that overlap as far as
    ``far_iou``."""
    rows, columns, overlaps = one.overlapping(other, min(limits.far_iou, limits.match_iou))
    choice = _Choice(one, other, rows, columns, overlaps)
    same = one.class_ids[rows] == other.class_ids[columns]
    is_near = reaches_limit(choice.overlaps, limits.match_iou)
    return PairsOfImage(
        choice.take(same & is_near),
        choice.take(~same & is_near),
        choice.take(same & reaches_limit(choice.overlaps, limits.far_iou)),
        *choice.left(),
    )


class _Choice:
    """Pairs that overlap at all, and which boxes are still free."""

    def __init__(
        self,
        one: ComparableBoxes,
        other: ComparableBoxes,
        rows: np.ndarray,
        columns: np.ndarray,
        overlaps: np.ndarray,
    ) -> None:
        self._one, self._other = one, other
        self._rows, self._columns, self.overlaps = rows, columns, overlaps
        self._preferences = overlaps - SAME_PLACE * np.abs(one.scores[rows] - other.scores[columns])
        self._free_rows, self._free_columns = np.ones(len(one), bool), np.ones(len(other), bool)

    def take(self, allowed: np.ndarray) -> PairedBoxes:
        """The best pairs of those that are allowed and free, in the order of the baseline."""
        free = self._free_rows[self._rows] & self._free_columns[self._columns]
        pairs = np.flatnonzero(allowed & free)
        rows, columns = self._rows[pairs], self._columns[pairs]
        best = np.sort(pair_best_first(rows, columns, self._preferences[pairs]))
        self._free_rows[rows[best]] = False
        self._free_columns[columns[best]] = False
        return PairedBoxes(
            self._one[rows[best]], self._other[columns[best]], self.overlaps[pairs[best]]
        )

    def left(self) -> tuple[np.ndarray, np.ndarray]:
        """Which boxes are in no pair, of either side."""
        return self._free_rows, self._free_columns
