"""How far boxes overlap: intersection over union of each with each other one."""

from typing import NamedTuple

import numpy as np

_TINY = float(np.finfo(np.float32).tiny)


class Corners(NamedTuple):
    """Boxes as overlaps are computed from them, coordinate by coordinate.

    Attributes:
        near: ``[2, n]``, x1 and y1.
        far: ``[2, n]``, x2 and y2.
        areas: ``[n]``, above 0 also of empty boxes, so that a union of areas divides.
    """

    near: np.ndarray
    far: np.ndarray
    areas: np.ndarray

    def only(self, chosen: np.ndarray) -> "Corners":
        """Some of the boxes, by indices. ``near[:, chosen]`` would be laid out box by box, with
        which all that follows takes three times as long."""
        return Corners(self.near.take(chosen, 1), self.far.take(chosen, 1), self.areas[chosen])


def corners_of(boxes: np.ndarray) -> Corners:
    """``boxes`` is ``[n, 4]``, x1, y1, x2, y2; it is copied."""
    coordinates = boxes.T.copy()
    near, far = coordinates[:2], coordinates[2:]
    sides = far - near
    np.maximum(sides, 0, out=sides)
    areas = sides[0] * sides[1]
    np.maximum(areas, _TINY, out=areas)
    return Corners(near, far, areas)


def iou_of(lengths: np.ndarray, areas: np.ndarray, other_areas: np.ndarray) -> np.ndarray:
    """Intersection over union of pairs of boxes.

    The division stays, though comparing the intersection with a part of the union would do
    without: it rounds just as a threshold is rounded, so that an IoU at the threshold is not above.

    Args:
        lengths: ``[2, ...]``, how far they overlap along x and y, negative where there is a gap
            between them. It is overwritten.
        areas: of the first boxes, as in ``Corners``.
        other_areas: of the second ones; both together have the shape of ``lengths[0]``.

    Returns:
        ``lengths[0]``, at most 1, and not above 0 where they do not overlap.
    """
    shared, union = lengths
    np.maximum(shared, 0, out=shared)  # along one axis is enough: no product of both is above 0
    shared *= union
    np.add(areas, other_areas, out=union)
    union -= shared
    shared /= union
    return shared


def signed_iou(boxes: Corners, others: Corners) -> np.ndarray:
    """IoU of each box with each other one, ``[n, m]``; where they do not overlap, it is 0 or below.

    Both axes in one array, coordinate by coordinate: nine calls of NumPy. At the rate of a camera
    a call costs some microseconds more than its work, and for 50 boxes that is most of it.
    """
    lengths = np.minimum(boxes.far[:, :, None], others.far[:, None])
    lengths -= np.maximum(boxes.near[:, :, None], others.near[:, None])
    return iou_of(lengths, boxes.areas[:, None], others.areas)


def pairwise_iou(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of each box with each other one.

    Args:
        boxes: ``[n, 4]``, x1, y1, x2, y2.
        others: ``[m, 4]``, in the same coordinates.

    Returns:
        ``[n, m]`` in [0, 1]; 0 where both boxes are empty.
    """
    result = signed_iou(corners_of(boxes), corners_of(others))
    return np.maximum(result, 0, out=result)
