"""What the four numbers of an anchor are, by what all lists of anchors have in common.

The cells of a map are listed row by row. The anchors of one cell share their centre, and the
centres of all anchors of one size are spread evenly over the input, from the middle of the first
cell or from its corner. Under a wrong reading, each size is shifted by another distance.
"""

from __future__ import annotations

import numpy as np

from converter.errors import HeadError
from converter.heads.decoding.box_formats import Y_FIRST

_ORDERED = "as the second corner of each is beyond the first"
# Under the right reading there are at most this part of the centres that the other gives.
CLEARLY_FEWER = 0.8
# Values that differ by less, in parts of the largest, are the same: float16 has three digits.
SAME = 1e-3
# How far the mean centre may be from the middle of the input, in cells: grids that begin in the
# corner of the first cell are half a cell before it.
SHIFTS, NEAR = (0.0, -0.5), 0.1
# A reading is shown if so many anchors are spread evenly, and excluded if no more than so many.
SHOWN, EXCLUDED = 0.5, 0.2
# A list goes on with the next map where it jumps back by more than this part of the input.
JUMP = 0.5
# How much nearer to the sides of the input the anchors must reach, in parts of its longer side.
CLEARLY_NEARER = 0.1


def anchor_format(
    values: np.ndarray, input_size: tuple[int, int], normalised: bool
) -> tuple[str, str]:
    """The format of anchors ``[A, 4]``, and why.

    Args:
        input_size: height, width of the input in pixels.
        normalised: they are fractions of the input.

    Raises:
        HeadError: the values leave open whether they are centres or corners with sides.
    """
    height, width = input_size
    sides = np.array([1.0, 1.0] if normalised else [width, height])
    forms = ["xyxy"] if have_ordered_corners(values) else ["cxcywh", "xywh"]
    found = [_Reading(form, values.astype(np.float64), sides) for form in forms]
    reading, why = (found[0], _ORDERED) if len(found) == 1 else _chosen(*found)
    formats = {form: name for name, form in Y_FIRST.items()}
    name = formats[reading.form] if reading.y_first else reading.form
    return name, f"{why}, and {reading.why_order}"


def have_ordered_corners(values: np.ndarray) -> bool:
    """Whether the second corner of each of ``[A, 4]`` is beyond the first."""
    return bool((values[:, 2:] > values[:, :2]).all())


class _Reading:
    """Anchors ``[A, 4]`` read as ``xyxy``, ``cxcywh`` or ``xywh``, whatever coordinate is first.

    Args:
        sides: width and height of the input in the unit of the anchors.
    """

    def __init__(self, form: str, values: np.ndarray, sides: np.ndarray) -> None:
        first, size = values[:, :2], values[:, 2:]
        self.form = form
        self.sizes = size - first if form == "xyxy" else size
        self.centres = first + {"xyxy": self.sizes / 2, "cxcywh": 0, "xywh": size / 2}[form]
        self.y_first, self.why_order = _order(self.centres, sides)
        self.sides = sides[::-1] if self.y_first else sides

    def passes(self) -> list[np.ndarray]:
        """The rows of each walk over the image from top to bottom: of each map, or of each kind of
        anchor on a map."""
        y = self.centres[:, 0 if self.y_first else 1]
        ends = np.flatnonzero(np.diff(y) < -JUMP * self.sides[0 if self.y_first else 1]) + 1
        return np.split(np.arange(len(y)), ends)

    def is_inside(self) -> np.ndarray:
        """Which anchors do not touch the sides of the input, bool ``[A]``."""
        low, high = self.centres - self.sizes / 2, self.centres + self.sizes / 2
        margin = SAME * self.sides
        return np.asarray(((low > margin) & (high < self.sides - margin)).all(axis=1))

    def count_centres(self, kept: np.ndarray) -> int:
        """How many different x and how many different y the ``kept`` anchors of each walk have."""
        walks = [rows[kept[rows]] for rows in self.passes()]
        return sum(_count(self.centres[rows, axis]) for rows in walks for axis in (0, 1))

    def spread_evenly(self) -> float:
        """The fraction of the anchors whose mean centre is the middle of the input, or half a cell
        before it, of those whose size others have in several rows and columns of the same walk."""
        even = seen = 0
        for walk in self.passes():
            sizes = np.round(self.sizes[walk] / (SAME * self.sizes.max(axis=0)))
            kinds = np.unique(sizes, axis=0, return_inverse=True)[1].reshape(-1)
            for kind in range(int(kinds.max()) + 1):
                centres = self.centres[walk[kinds == kind]]
                shifts = [_shift(centres[:, axis], self.sides[axis]) for axis in (0, 1)]
                if None not in shifts:
                    seen += len(centres)
                    even += len(centres) * all(shift in (0.0, -0.5) for shift in shifts)
        return even / seen if seen else 0.0


def _chosen(one: _Reading, other: _Reading) -> tuple[_Reading, str]:
    """The reading that the values show, and why.

    Raises:
        HeadError: they show neither.
    """
    kept = one.is_inside() & other.is_inside()
    readings = (one, other)
    fewer, more = sorted(readings, key=lambda reading: reading.count_centres(kept))
    if fewer.count_centres(kept) <= CLEARLY_FEWER * more.count_centres(kept):
        return fewer, "as so the anchors of a cell share their centre"
    less, best = sorted(readings, key=lambda reading: reading.spread_evenly())
    if best.spread_evenly() >= SHOWN and less.spread_evenly() <= EXCLUDED:
        return best, "as so their centres are spread evenly over the input"
    raise HeadError(
        "the anchors may be centres with sides or corners with sides, and their values do not show "
        "which: give --box-format cxcywh or xywh, or cycxhw or yxhw where y is first"
    )


def _order(centres: np.ndarray, sides: np.ndarray) -> tuple[bool, str]:
    """Whether y is first, and why: anchors reach over the whole input, and from one to the next in
    a row of cells x changes."""
    reach = centres.max(axis=0)
    x_first, y_first = (np.abs(reach - each).max() for each in (sides, sides[::-1]))
    if abs(x_first - y_first) > CLEARLY_NEARER * sides.max():
        return bool(y_first < x_first), "they reach to the sides of the input"
    changed = np.abs(np.diff(centres, axis=0)) > SAME * np.abs(centres).max()
    changes = changed.sum(axis=0)
    return bool(changes[1] > changes[0]), "they go over the image row by row"


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
