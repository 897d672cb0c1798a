"""What anchors show when they are read in one way: which coordinate is y, and where centres are.

Anchors that are clipped to the input keep neither their size nor their centre, so that those inside
it decide.
"""

from __future__ import annotations

import numpy as np

# Under the right reading there are at most this part of the centres that the other gives.
CLEARLY_FEWER = 0.8
# Values that differ by less, in parts of the largest, are the same: float16 has three digits.
SAME = 1e-3
# How far the mean centre may be from the middle of the input, in cells: grids that begin in the
# corner of the first cell are half a cell before it.
SHIFTS, NEAR = (0.0, -0.5), 0.1
# A list goes on with the next map where it jumps back by more than this part of the input.
JUMP = 0.5
# How much nearer to the sides of the input the anchors must reach, in parts of its longer side.
CLEARLY_NEARER = 0.1
# How much more often x must change than y along the list.
CLEARLY_MORE = 1.5
# Fewer anchors show nothing.
FEWEST_ANCHORS = 8


class AnchorReading:
    """Anchors ``[A, 4]`` read as ``xyxy``, ``cxcywh`` or ``xywh``, whatever coordinate is first.

    Args:
        sides: width and height of the input in the unit of the anchors.
    """

    def __init__(self, form: str, values: np.ndarray, sides: np.ndarray) -> None:
        first, size = values[:, :2], values[:, 2:]
        self.form = form
        self.sizes = size - first if form == "xyxy" else size
        self.centres = first + {"xyxy": self.sizes / 2, "cxcywh": 0, "xywh": size / 2}[form]
        width_first, height_first = _misses(self.centres, sides)
        self.reaches = abs(width_first - height_first) > CLEARLY_NEARER * sides.max()
        changes = self._changes(sides.min())
        by_rows_y_first = bool(changes[1] > changes[0])
        walks = bool(changes.max() >= CLEARLY_MORE * max(changes.min(), 1))
        self.y_first = height_first < width_first if self.reaches else by_rows_y_first
        self.order_is_clear = self.reaches or walks
        self.goes_by_columns = walks and self.y_first != by_rows_y_first
        self.sides = sides[::-1] if self.y_first else sides

    def _changes(self, side: float) -> np.ndarray:
        """How often each of the two coordinates changes from one anchor to the next of the same
        size, of those that are not clipped: in a list by rows, x changes more often than y.

        Sizes with one row or column show nothing.
        """
        rows = np.flatnonzero(self.are_whole(np.array([side, side])))
        kinds = self.kinds(rows)
        order = np.argsort(kinds, kind="stable")
        kinds, centres = kinds[order], self.centres[rows[order]]
        if not len(rows):
            return np.zeros(2, int)
        begins = np.flatnonzero(np.diff(kinds, prepend=-1))
        extents = np.maximum.reduceat(centres, begins) - np.minimum.reduceat(centres, begins)
        least = SAME * np.abs(self.centres).max()
        many = (extents > least).all(axis=1)[kinds]
        changed = np.abs(np.diff(centres, axis=0)) > least
        return np.asarray(changed[(np.diff(kinds) == 0) & many[1:]].sum(axis=0))

    def kinds(self, rows: np.ndarray) -> np.ndarray:
        """A number ``[rows]`` for the size of each of these anchors, from 0."""
        sizes = np.round(self.sizes[rows] / (SAME * self.sizes.max(axis=0)))
        return np.unique(sizes, axis=0, return_inverse=True)[1].reshape(-1)

    def are_whole(self, sides: np.ndarray) -> np.ndarray:
        """Which anchors are not clipped, bool ``[A]``: all where some reach beyond the input, and
        otherwise those that do not touch its sides."""
        low, high = self.centres - self.sizes / 2, self.centres + self.sizes / 2
        margin = SAME * sides
        if (low < -margin).any() or (high > max(sides) + margin).any():
            return np.ones(len(low), bool)
        return np.asarray(((low > margin) & (high < sides - margin)).all(axis=1))

    def passes(self) -> list[np.ndarray]:
        """The rows of each walk over the image from top to bottom: of each map, or of each kind of
        anchor on a map."""
        y = self.centres[:, 0 if self.y_first else 1]
        ends = np.flatnonzero(np.diff(y) < -JUMP * self.sides[0 if self.y_first else 1]) + 1
        return np.split(np.arange(len(y)), ends)

    def count_centres(self, kept: np.ndarray) -> int:
        """How many different x and how many different y the ``kept`` anchors of each walk have."""
        walks = [rows[kept[rows]] for rows in self.passes()]
        return sum(_count(self.centres[rows, axis]) for rows in walks for axis in (0, 1))

    def spread_evenly(self) -> float:
        """The fraction of the anchors whose mean centre is the middle of the input, or half a cell
        before it, of those whose size others have in several rows and columns of the same walk."""
        even = seen = 0
        for walk in self.passes():
            kinds = self.kinds(walk)
            for kind in range(int(kinds.max()) + 1):
                centres = self.centres[walk[kinds == kind]]
                shifts = [_shift(centres[:, axis], self.sides[axis]) for axis in (0, 1)]
                if None not in shifts:
                    seen += len(centres)
                    even += len(centres) * all(shift in (0.0, -0.5) for shift in shifts)
        return even / seen if seen >= FEWEST_ANCHORS else 0.0

    def share_centres(self, kept: np.ndarray) -> bool:
        """Whether the ``kept`` anchors of each walk have clearly fewer centres than anchors."""
        walks = [rows[kept[rows]] for rows in self.passes()]
        unit = SAME * np.abs(self.centres).max()
        count = sum(len(np.unique(np.round(self.centres[rows] / unit), axis=0)) for rows in walks)
        return count <= CLEARLY_FEWER * kept.sum()


def _misses(centres: np.ndarray, sides: np.ndarray) -> tuple[float, float]:
    """How far the largest centres are from width and height, and from height and width."""
    reach = centres.max(axis=0)
    return float(np.abs(reach - sides).max()), float(np.abs(reach - sides[::-1]).max())


def _count(values: np.ndarray) -> int:
    """How many different values there are, but for rounding."""
    rising = np.unique(values)
    place = count = 0
    while place < len(rising):
        beyond = rising[place] + SAME * np.abs(rising).max()
        place = int(np.searchsorted(rising, beyond, side="right"))
        count += 1
    return count


def _shift(centres: np.ndarray, side: float) -> float | None:
    """How far their mean is from the middle of the cells that cover ``side``, in cells: 0 or -0.5
    where it is that but for rounding. None where there is one place only."""
    steps = np.diff(np.unique(centres))
    steps = steps[steps > SAME * side]
    if not len(steps):
        return None
    extent = float(np.ptp(centres))
    step = extent / round(extent / float(np.median(steps)))
    shift = float(centres.mean() / step - np.ceil(side / step - NEAR) / 2)
    return next((place for place in SHIFTS if abs(shift - place) < NEAR), shift)
