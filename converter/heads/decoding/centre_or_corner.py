"""Whether boxes with sides have their centre or their top left corner first.

Boxes that a model has clipped to the image lie within it under the right reading only. The boxes
of all cells of a network's maps have centres all over the image, so that their mean is its middle;
under the wrong reading it is half a side beside it.
"""

from __future__ import annotations

import numpy as np

from converter.heads.decoding.box_formats import corners, telling_rows

FEWEST_BOXES, OF_ALL_CELLS = 50, 1000
# The fraction of the boxes that lie within the image under the right and under the wrong reading.
INSIDE, NOT_INSIDE = 0.99, 0.9
BEYOND = 0.01  # a box may reach so far beyond the image by rounding, in parts of its longer side
# How far the mean centre may be from the middle, in mean sides, and how far it must be otherwise.
IN_THE_MIDDLE, BESIDE_IT = 0.2, 0.3


def centre_or_corner(
    values: np.ndarray, scale: tuple[float, float], input_size: tuple[int, int]
) -> tuple[str, str] | None:
    """``cxcywh`` or ``xywh`` for boxes ``[images, A, 4]`` with positive sides, and why; None where
    the values do not show it.

    Args:
        scale: what brings them to pixels, see ``find_scale``.
        input_size: height, width of the input in pixels.
    """
    rows = telling_rows(values).astype(np.float64)
    size = np.array(input_size[::-1], np.float64)
    if len(rows) < FEWEST_BOXES:
        return None
    boxes = {form: corners(rows, form, scale) for form in ("cxcywh", "xywh")}
    inside = {form: _fraction_inside(each, size) for form, each in boxes.items()}
    best = max(inside, key=lambda form: inside[form])
    if inside[best] >= INSIDE and min(inside.values()) <= NOT_INSIDE:
        return best, "as so read, they lie within the image"
    shifts = {form: _shift_of_mean(each, size) for form, each in boxes.items()}
    best = min(shifts, key=lambda form: float(shifts[form].max()))
    other = next(form for form in shifts if form != best)
    dense = values.shape[-2] >= OF_ALL_CELLS
    if dense and shifts[best].max() <= IN_THE_MIDDLE and shifts[other].min() >= BESIDE_IT:
        return best, "as so read, their centres lie around the middle of the image"
    return None


def _fraction_inside(boxes: np.ndarray, size: np.ndarray) -> float:
    margin = BEYOND * size.max()
    inside = (boxes[:, :2] >= -margin) & (boxes[:, 2:] <= size + margin)
    return float(np.mean(inside.all(axis=1)))


def _shift_of_mean(boxes: np.ndarray, size: np.ndarray) -> np.ndarray:
    """How far the mean centre is from the middle across and down, in mean sides: ``[2]``."""
    centre = (boxes[:, :2] + boxes[:, 2:]).mean(axis=0) / 2
    sides = (boxes[:, 2:] - boxes[:, :2]).mean(axis=0)
    return np.asarray(np.abs(centre - size / 2) / sides)
