"""Rows that begin as those of YOLO detectors, and have more than class scores after the box.

Its models for instance segmentation, poses and rotated boxes have a row for each object as well,
with the coefficients of a mask, with points, or with an angle after the class scores:
https://docs.ultralytics.com/tasks/
"""

from __future__ import annotations

import numpy as np

from converter.errors import HeadError
from converter.heads.decoding.error_messages import point_count
from converter.heads.decoding.scores import TOLERANCE
from converter.heads.yolo.layout import SIDES

MASK, POINT = 32, 3  # coefficients of a mask, values of a point
_POSE = SIDES + 1 + 17 * POINT  # values for a person, with 17 points
_ALONG_BOX = 0.8  # correlation of x or y of a point, over all boxes, with that of the box's centre
_ENOUGH = 20_000  # boxes show it


def refuse_unsupported_rows(name: str, rows: np.ndarray, labels: int | None) -> None:
    """Refuse rows ``[images, A, values]`` of which some columns are probabilities, others not, or
    follow the centre of the box: class scores are all of one kind.

    Raises:
        HeadError: they are so, or have as many values as a pose of a person.
    """
    values = rows.shape[-1]
    finite = rows[np.isfinite(rows).all(axis=-1)]
    inside = _are_probabilities(finite[:, SIDES:])
    points = _count_points(finite[:: 1 + len(finite) // _ENOUGH])
    found = f"x and y of {point_count(points)} of a pose" if points else ""
    if inside.any() and not inside.all():
        found = _kind(inside) or found or "some columns are probabilities and some are not"
    if not found and values in (_POSE, _POSE + 1) and labels is None:
        found = "the points of a pose, or scores of many classes, which a labels file would tell"
    if found:
        raise HeadError(
            f"output {name} has rows of {values} values, as yolo has, but after the box there is "
            f"more than class scores: {found}. There is no bundle for instance segmentation, poses "
            "or rotated boxes: export the detection model, or give --head yolo or yolo-objectness "
            "if these are scores of classes alone"
        )


def _are_probabilities(columns: np.ndarray) -> np.ndarray:
    """For each column of ``[rows, columns]`` whether it is in [0, 1], but for rounding."""
    inside = (columns >= -TOLERANCE) & (columns <= 1 + TOLERANCE)
    return np.asarray(inside.all(axis=0))


def _count_points(rows: np.ndarray) -> int:
    """How many pairs of columns of ``[rows, values]`` follow the box over the image, x and then y,
    as points of an object do, in pixels or in fractions; 0 where it is one only."""
    if len(rows) < 2 or (rows[:, :2].std(axis=0) == 0).any():
        return 0
    x, y = (np.abs(_correlations(rows[:, SIDES:], rows[:, axis])) for axis in (0, 1))
    pairs = (x[:-1] > _ALONG_BOX) & (y[1:] > _ALONG_BOX)
    return int(pairs.sum()) if pairs.sum() > 1 else 0


def _correlations(columns: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The correlation of each of ``[rows, columns]`` with ``values [rows]``; 0 for constants."""
    columns = (columns - columns.mean(axis=0)).astype(np.float64)
    values = (values - values.mean()).astype(np.float64)
    norms = np.linalg.norm(columns, axis=0) * np.linalg.norm(values)
    products = columns.T @ values
    return np.divide(products, norms, out=np.zeros_like(products), where=norms > 0)


def _kind(inside: np.ndarray) -> str:
    """What the columns after the box probably are, by which of them are probabilities: first
    those of the classes, then the others."""
    others = inside[int(inside.argmin()) :]
    if len(others) > 1 and len(others) % POINT == 0:
        of_points = others.reshape(-1, POINT)
        if of_points[:, -1].all() and not of_points[:, 0].any():
            return f"x, y and a score for {point_count(len(of_points))} of a pose"
    if len(others) == 1 and len(inside) > 1:
        return "an angle in the last column, of a rotated box"
    if len(inside) > MASK and inside[:-MASK].all():
        return f"{MASK} coefficients of a mask, of instance segmentation"
    if not others.any() and len(others) % 2 == 0 and len(others) < len(inside):
        return f"x and y of {point_count(len(others) // 2)} of a pose"
    return ""
