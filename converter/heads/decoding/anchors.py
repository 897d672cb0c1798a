"""Anchors: the fixed boxes to which the boxes of a head are relative."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from converter.errors import HeadError
from converter.heads.decoding.box_formats import corners, find_scale, unit
from converter.heads.evidence import Evidence
from converter.inputs.tensor import Tensor

_AUTO = "auto"
_SWAPPED = [1, 0, 3, 2]  # y before x to x before y, and back


@dataclass(frozen=True, eq=False)
class Anchors:
    """A fixed box for each box of the head.

    Attributes:
        boxes: float32 ``[A, 4]``, centre x, centre y, width, height in pixels of the input.
        y_first: they were given with y before x, and so the offsets from them are.
        description: how they were read.
    """

    boxes: np.ndarray
    y_first: bool
    description: str


def read_anchors(values: np.ndarray, evidence: Evidence) -> Anchors:
    """Anchors from ``[A, 4]`` in the format and unit that the options or the values give.

    Raises:
        HeadError: they are no boxes.
    """
    if not are_anchors(values, evidence.options.box_format):
        raise HeadError(
            f"the anchors are no boxes in --box-format {evidence.options.box_format}: each row "
            "must have corners in order, or sides above 0"
        )
    values = values.astype(np.float32)
    box_format, y_first = evidence.options.box_format, evidence.options.box_format == "yxyx"
    if box_format == _AUTO:
        y_first = _second_runs_first(values)
        values = values[:, _SWAPPED] if y_first else values
        box_format = "xyxy" if _are_corners(values) else "cxcywh"
    scale = find_scale(values, evidence.options.boxes, evidence.input_size)
    x1y1, x2y2 = np.split(corners(values, box_format, scale), 2, axis=1)
    boxes = np.concatenate([(x1y1 + x2y2) / 2, x2y2 - x1y1], axis=1)
    order = " with y before x" if y_first else ""
    return Anchors(boxes, y_first, f"{box_format}{order} in {unit(scale)}")


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
    if box_format in ("xyxy", "yxyx"):
        return _are_corners(values)
    sides = bool((values[:, 2:] > 0).all())
    return sides or (box_format == _AUTO and _are_corners(values))


def _are_corners(values: np.ndarray) -> bool:
    return bool((values[:, 2:] > values[:, :2]).all())


def _second_runs_first(values: np.ndarray) -> bool:
    """Whether the second coordinate changes more often from anchor to anchor than the first.

    Anchors are listed row by row, so that x is what changes from one cell to the next.
    """
    first = values[:, :2] + values[:, 2:] if _are_corners(values) else values[:, :2]
    changed = np.abs(np.diff(first, axis=0)) > 1e-4 * np.abs(first).max()
    changes = changed.sum(axis=0)
    return bool(changes[1] > changes[0])
