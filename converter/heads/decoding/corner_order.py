"""Whether two corners have x or y first, determined from the boxes of a network."""

from __future__ import annotations

import numpy as np

from converter.heads.decoding.box_formats import CORNERS, PIXELS, Y_FIRST, telling_rows, unit

# How many times more often one coordinate must pass the shorter side to be the longer side's.
CLEARLY = 10
# Along a list row by row, y is correlated with the place in it by nearly 1, x by nearly 0. Fewer
# boxes may be so by chance.
ALONG, ACROSS, FEWEST = 0.75, 0.5, 50
_USUAL = "as is usual"


def corner_format(
    values: np.ndarray, scale: tuple[float, float], input_size: tuple[int, int], usual: str
) -> tuple[str, str]:
    """``xyxy`` or ``yxyx`` for corners ``[images, A, 4]``, and why.

    In pixels of an image that is not square, the coordinate that goes beyond the shorter side is
    the one along the longer side. A network lists the cells of its maps row by row, so that the
    coordinate that grows along the list is y. Where neither shows, it is the ``usual`` one.
    """
    height, width = input_size
    beyond = (telling_rows(values)[:, 2:] > 1.1 * min(input_size)).sum(axis=0)
    if unit(scale) == PIXELS and height != width and beyond.max() > CLEARLY * beyond.min():
        box_format = "xyxy" if (beyond[0] > beyond[1]) == (width > height) else "yxyx"
        return box_format, "as one coordinate goes further, along the longer side of the input"
    listed = _listed_by_rows(values)
    if listed is not None:
        return listed, "as y grows along the list of boxes, which goes row by row"
    return usual, f"{_USUAL} in {unit(scale)}, the values do not show which"


def order_of_entering(box_format: str, layout: str, exchanged: bool) -> str:
    """The order of the corners that enter a suppression, from the format of those that it gives.

    Args:
        box_format: what the user states of the boxes that the model gives.
        layout: theirs, as far as it is known: ``corners``, ``xywh`` or ``cxcywh``.
        exchanged: whether they have x and y in the other order than those that enter.

    Returns:
        ``box_format`` where it has another layout, as it cannot be meant of the model's boxes then.
    """
    x_first = Y_FIRST.get(box_format, box_format)
    if x_first != {"corners": "xyxy"}.get(layout, layout):
        return box_format
    return "yxyx" if (box_format in Y_FIRST) != exchanged else "xyxy"


def order_of_leaving(box_format: str, layout: str, exchanged: bool) -> str | None:
    """The format of the boxes that a suppression gives, from that of the boxes that enter it; see
    ``order_of_entering``. None where these are no corners and x and y are exchanged."""
    if box_format not in CORNERS:
        return None if exchanged else box_format
    x_first = {"corners": "xyxy"}.get(layout, layout)
    if (box_format in Y_FIRST) == exchanged:
        return x_first
    return next(y_first for y_first, other in Y_FIRST.items() if other == x_first)


def assumed_corners(box_format: str, why: str) -> tuple[str, ...]:
    """What was assumed where ``corner_format`` gives ``box_format`` and ``why``."""
    if not why.startswith(_USUAL):
        return ()
    order = "x1, y1, x2, y2" if box_format == "xyxy" else "y1, x1, y2, x2"
    return (f"corners are {order}, {why}: --box-format changes it",)


def _listed_by_rows(values: np.ndarray) -> str | None:
    """The order of corners ``[images, A, 4]`` that go over the image row by row, at least in one
    half of the list, where the finest map is; None for others."""
    if values.shape[1] < 2 * FEWEST:
        return None
    centres = (values[..., :2] + values[..., 2:]).astype(np.float64).mean(axis=0)
    for half in np.array_split(centres, 2):
        first, second = (_growth(half[:, axis]) for axis in (0, 1))
        if max(first, second) > ALONG and min(first, second) < ACROSS:
            return "yxyx" if first > second else "xyxy"
    return None


def _growth(values: np.ndarray) -> float:
    """How steadily they grow: their correlation with their places."""
    if not np.isfinite(values).all() or values.std() == 0:
        return 0.0
    return float(np.corrcoef(values, np.arange(len(values)))[0, 1])
