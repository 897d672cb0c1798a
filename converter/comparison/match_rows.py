"""Match the rows of two lists of boxes, whatever their order: as sets, not place by place.

A network that ranks its rows gives those with equal scores in an order that rounding decides. Box,
score and class of a row belong together, so that rows with exchanged classes or boxes match none.
"""

from dataclasses import dataclass
from typing import List, Optional, Tuple

import numpy as np

from converter.comparison.tolerance import Tolerance

# Rows this near to each other, as a part of what rounding may do, are paired where they stand.
_SAME = 0.1
# So many rows are compared with others at once, which bounds the memory.
_AT_ONCE = 64
# Of rows that are equally near, the one at the nearest place is taken.
_PLACE = 1e-9


@dataclass(frozen=True)
class DetectionRows:
    """Boxes that belong to one image.

    Attributes:
        boxes: float ``[n, 4]``, x1, y1, x2, y2 in pixels of the input.
        scores: float ``[n]``, those of the best class of each box.
        classes: int ``[n]``, the best classes.
        class_scores: float ``[n, C]``, of all classes; None where only the best is known.
    """

    boxes: np.ndarray
    scores: np.ndarray
    classes: np.ndarray
    class_scores: Optional[np.ndarray] = None

    def __len__(self) -> int:
        return len(self.scores)

    def is_sound(self) -> np.ndarray:
        """Return which rows have neither NaN nor infinite values, bool ``[n]``."""
        sound: np.ndarray = np.isfinite(self.scores) & np.isfinite(self.boxes).all(axis=1)
        return sound

    def is_class(self, rows: np.ndarray, classes: np.ndarray, gap: float) -> np.ndarray:
        """Return whether each of ``rows`` may be of each of ``classes``, which have the same
        number of axes: it is of that class, or both classes have the same score but for ``gap``."""
        same: np.ndarray = self.classes[rows] == classes
        if self.class_scores is None:
            return same
        given = self.class_scores[rows, np.clip(classes, 0, self.class_scores.shape[1] - 1)]
        return same | ((given >= self.scores[rows] - gap) & (classes >= 0))


def match_rows(
    wanted: DetectionRows, given: DetectionRows, tolerance: Tolerance
) -> Tuple[np.ndarray, np.ndarray]:
    """Pair rows of the same box, score and class but for rounding, each at most once.

    A row that has a NaN or an infinite value matches none.

    Returns:
        Places in ``wanted`` and places in ``given``, int ``[m]`` each.
    """
    distance = _Distance(wanted, given, tolerance)
    rows, columns = _ranked(wanted), _ranked(given)
    both = min(len(rows), len(columns))
    same = np.flatnonzero(distance.of(rows[:both], columns[:both]) <= _SAME)
    pairs = [(rows[same], columns[same])]
    rows, columns = np.delete(rows, same), np.delete(columns, same)
    while len(rows) and len(columns):
        chosen = _nearest(distance, rows, columns)
        if not len(chosen[0]):
            break
        pairs.append((rows[chosen[0]], columns[chosen[1]]))
        rows, columns = np.delete(rows, chosen[0]), np.delete(columns, chosen[1])
    return np.concatenate([one for one, _ in pairs]), np.concatenate([one for _, one in pairs])


class _Distance:
    """How far rows are apart, in units of what rounding may do; infinite for another class."""

    def __init__(self, wanted: DetectionRows, given: DetectionRows, tolerance: Tolerance) -> None:
        self.wanted, self.given, self._gap = wanted, given, tolerance.score_gap
        self.score = max(tolerance.relative, tolerance.score_gap)
        # A few boxes that reach far beyond the image must not hide what the others do.
        sizes = np.abs(wanted.boxes).max(axis=1, initial=0)
        usual = np.median(sizes[np.isfinite(sizes)]) if np.isfinite(sizes).any() else 1.0
        self._boxes = tolerance.relative * np.maximum(sizes, max(1.0, float(usual)))

    def of(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """The distances of rows of ``wanted`` to rows of ``given``, which broadcast."""
        wanted, given = self.wanted, self.given
        moved = np.abs(wanted.boxes[rows] - given.boxes[columns]).max(axis=-1) / self._boxes[rows]
        changed = np.abs(wanted.scores[rows] - given.scores[columns]) / self.score
        fits = wanted.is_class(rows, given.classes[columns], self._gap)
        distance: np.ndarray = np.where(fits, np.maximum(moved, changed), np.inf)
        return distance

    def begin_near(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Which boxes begin at one place, bool ``[rows, columns]``: few pairs of many are left to
        be compared as a whole."""
        near: np.ndarray = np.ones((len(rows), len(columns)), bool)
        for axis in (0, 1):
            begins = self.wanted.boxes[rows, axis][:, None] - self.given.boxes[columns, axis]
            near &= np.abs(begins) <= self._boxes[rows, None]
        return near


def _ranked(rows: DetectionRows) -> np.ndarray:
    """The places of the rows without NaN and infinity, the best score first."""
    sound = np.flatnonzero(rows.is_sound())
    return sound[np.argsort(-rows.scores[sound], kind="stable")]


def _nearest(
    distance: _Distance, rows: np.ndarray, columns: np.ndarray
) -> Tuple[np.ndarray, np.ndarray]:
    """For each column the nearest row, and of the columns that want the same row the nearest.

    Args:
        rows, columns: places, the best score first.

    Returns:
        Indices into ``rows`` and into ``columns``, no index twice.
    """
    falling = -distance.wanted.scores[rows]
    found: List[Tuple[np.ndarray, np.ndarray]] = []
    for start in range(0, len(columns), _AT_ONCE):
        block = np.arange(start, min(start + _AT_ONCE, len(columns)))
        scores = -distance.given.scores[columns[block]]
        first = int(np.searchsorted(falling, scores[0] - distance.score, "left"))
        last = int(np.searchsorted(falling, scores[-1] + distance.score, "right"))
        beside, above = np.nonzero(distance.begin_near(rows[first:last], columns[block]))
        found.append((beside + first, block[above]))
    chosen, taken = (np.concatenate(part) for part in zip(*found))
    near = distance.of(rows[chosen], columns[taken])
    near = np.where(near <= 1, near + _PLACE * np.abs(chosen - taken), np.inf)
    order = np.lexsort((near, taken))
    order = order[np.isfinite(near[order])]
    order = order[np.unique(taken[order], return_index=True)[1]]  # the nearest for each column
    order = order[np.argsort(near[order], kind="stable")]
    order = order[np.unique(chosen[order], return_index=True)[1]]
    return chosen[order], taken[order]
