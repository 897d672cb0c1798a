"""Anchors: the fixed boxes to which the boxes of a head are relative."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from converter.errors import HeadError
from converter.heads.decoding.anchor_format import FoundFormat, anchor_format, have_ordered_corners
from converter.heads.decoding.box_formats import (
    CORNERS,
    LARGEST_FRACTION,
    LEAST_SIDE,
    NORMALISED,
    PIXELS,
    corners,
    find_scale,
    unit,
)
from converter.heads.evidence import Evidence
from converter.inputs.tensor import Tensor

_AUTO = "auto"


@dataclass(frozen=True, eq=False)
class Anchors:
    """A fixed box for each box of the head.

    Attributes:
        boxes: float32 ``[A, 4]``, centre x, centre y, width, height in pixels of the input.
        description: how they were read, and why.
        assumed: what of that rests on a convention only; see ``Recognised``.
    """

    boxes: np.ndarray
    description: str
    assumed: tuple[str, ...] = ()


def read_anchors(values: np.ndarray, evidence: Evidence) -> Anchors:
    """Anchors from ``[A, 4]`` in the format and unit that the options or the values give.

    Raises:
        HeadError: they are no boxes, or their values leave the format open.
    """
    box_format = evidence.options.box_format
    if not are_anchors(values, box_format):
        raise HeadError(
            f"the anchors are no boxes in --box-format {box_format}: each row must have corners "
            "in order, or sides above 0"
        )
    values = values.astype(np.float32)
    scale = find_scale(values, _unit_of(values, evidence), evidence.input_size)
    found = FoundFormat(box_format, "as specified")
    if box_format == _AUTO:
        normalised = unit(scale) != PIXELS
        found = anchor_format(values, evidence.input_size, normalised)
    x1y1, x2y2 = np.split(corners(values, found.name, scale), 2, axis=1)
    boxes = np.concatenate([(x1y1 + x2y2) / 2, x2y2 - x1y1], axis=1)
    return Anchors(boxes, f"{found.name} in {unit(scale)}, {found.why}", found.assumed)


def _unit_of(values: np.ndarray, evidence: Evidence) -> str:
    """The unit of ``[A, 4]``: anchors of the upper levels may be many times as large as the input,
    but not most anchors."""
    if evidence.options.boxes != _AUTO:
        return evidence.options.boxes
    fractions = float(np.median(np.abs(values).max(axis=1))) <= LARGEST_FRACTION
    return NORMALISED if fractions and max(evidence.input_size) > LEAST_SIDE else PIXELS


def anchors_in(output: Tensor, count: int, evidence: Evidence) -> np.ndarray | None:
    """``[count, 4]`` if an output ``[A, 4]`` or ``[1 or N, A, 4]`` has the same valid boxes for
    all images, else None."""
    values = evidence.values[output.name]
    if output.dtype != "float32" or values.shape[-1] != 4 or values.size % (4 * count):
        return None
    rows = values.reshape(-1, count, 4)
    same = np.array_equal(rows, np.broadcast_to(rows[:1], rows.shape))
    return rows[0] if same and are_anchors(rows[0], evidence.options.box_format) else None


def are_anchors(values: np.ndarray, box_format: str = _AUTO) -> bool:
    """Whether all rows of ``[A, 4]`` are boxes with an area."""
    if not len(values) or not np.isfinite(values).all():
        return False
    if box_format in CORNERS:
        return have_ordered_corners(values)
    sides = bool((values[:, 2:] > 0).all())
    return sides or (box_format == _AUTO and have_ordered_corners(values))
