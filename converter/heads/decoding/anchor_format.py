"""What the four numbers of an anchor are, by what all lists of anchors have in common.

The cells of a map are listed row by row. The anchors of one cell share their centre, and the
centres of all anchors of one size are spread evenly over the input, from the middle of the first
cell or from its corner. Under a wrong reading, each size is shifted by another distance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from converter.errors import HeadError
from converter.heads.decoding.anchor_reading import (
    CLEARLY_FEWER,
    FEWEST_ANCHORS,
    SAME,
    AnchorReading,
)
from converter.heads.decoding.box_formats import Y_FIRST

_ORDERED = "as the second corner of each is beyond the first"
_REACH = "they reach to the sides of the input"
_WALK = "they go over the image row by row"
# A reading is shown if so many anchors are spread evenly, and excluded if no more than so many.
SHOWN, EXCLUDED = 0.5, 0.2


@dataclass(frozen=True)
class FoundFormat:
    """The format of anchors, why, and what of it was assumed; see ``Recognised``."""

    name: str
    why: str
    assumed: tuple[str, ...] = ()


def anchor_format(values: np.ndarray, input_size: tuple[int, int], normalised: bool) -> FoundFormat:
    """The format of anchors ``[A, 4]``.

    Args:
        input_size: height, width of the input in pixels.
        normalised: they are fractions of the input.

    Raises:
        HeadError: the values leave open whether they are centres or corners with sides, or whether
            x or y is first.
    """
    height, width = input_size
    sides = np.array([1.0, 1.0] if normalised else [width, height])
    forms = ["xyxy"] if _are_corners(values) else ["cxcywh", "xywh"]
    found = [AnchorReading(form, values.astype(np.float64), sides) for form in forms]
    reading, why = (found[0], _ORDERED) if len(found) == 1 else _chosen(*found)
    formats = {form: name for name, form in Y_FIRST.items()}
    x_first, y_first = reading.form, formats[reading.form]
    if not reading.order_is_clear:
        raise HeadError(
            f"the anchors are {x_first} or {y_first}, and their values do not show which: they "
            "neither reach to the sides of an input that is not square nor go over it row by row; "
            f"give --box-format {x_first} or {y_first}"
        )
    name = y_first if reading.y_first else x_first
    assumed = _assumed(name, reading, values)
    return FoundFormat(name, f"{why}, and {_REACH if reading.reaches else _WALK}", assumed)


def _assumed(name: str, reading: AnchorReading, values: np.ndarray) -> tuple[str, ...]:
    """What of the format is usual only, or against it: corners of sizes that differ as much as the
    second corners, and lists that go over the image row by row, or column by column."""
    clauses = []
    if reading.form == "xyxy" and not _have_fewer_sizes(
        values[:, 2:] - values[:, :2], values[:, 2:]
    ):
        clauses.append(f"anchors are corners, {_ORDERED}: --box-format changes it")
    if not reading.reaches:
        clauses.append(
            f"anchors are {name}, as so {_WALK}: --box-format changes it, and with it the order "
            "that offsets seem to have"
        )
    if reading.goes_by_columns:
        clauses.append(
            f"anchors are {name}, as so {_REACH}, although they then go over it column by column: "
            "--box-format changes it"
        )
    return tuple(clauses)


def have_ordered_corners(values: np.ndarray) -> bool:
    """Whether the second corner of each of ``[A, 4]`` is beyond the first."""
    return bool((values[:, 2:] > values[:, :2]).all())


def _are_corners(values: np.ndarray) -> bool:
    """Whether ``[A, 4]`` are corners: anchors have few sizes, and their corners many places."""
    if not have_ordered_corners(values):
        return False
    return not _have_fewer_sizes(values[:, 2:], values[:, 2:] - values[:, :2])


def _have_fewer_sizes(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether ``one [A, 2]`` has clearly fewer different rows than ``other [A, 2]``."""
    first, second = (
        len(np.unique(np.round(sizes / (SAME * sizes.max(axis=0))), axis=0))
        for sizes in (one, other)
    )
    return first <= CLEARLY_FEWER * second


def _chosen(one: AnchorReading, other: AnchorReading) -> tuple[AnchorReading, str]:
    """The reading that the values show, and why.

    Raises:
        HeadError: they show neither.
    """
    kept = one.are_whole(one.sides) & other.are_whole(other.sides)
    readings = (one, other)
    fewer, more = sorted(readings, key=lambda reading: reading.count_centres(kept))
    differ = fewer.count_centres(kept) <= CLEARLY_FEWER * more.count_centres(kept)
    if differ and kept.sum() >= FEWEST_ANCHORS and fewer.share_centres(kept):
        return fewer, "as so the anchors of a cell share their centre"
    less, best = sorted(readings, key=lambda reading: reading.spread_evenly())
    if best.spread_evenly() >= SHOWN and less.spread_evenly() <= EXCLUDED:
        return best, "as so their centres are spread evenly over the input"
    raise HeadError(
        "the anchors may be centres with sides or corners with sides, and their values do not show "
        "which: give --box-format cxcywh or xywh, or cycxhw or yxhw where y is first"
    )
