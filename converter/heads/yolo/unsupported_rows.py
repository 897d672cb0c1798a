"""Rows that begin as those of YOLO detectors, and have more than class scores after the box.

Its models for instance segmentation, poses and rotated boxes have a row for each object as well,
with the coefficients of a mask, with points, or with an angle after the class scores:
https://docs.ultralytics.com/tasks/
"""

from __future__ import annotations

import numpy as np

from converter.errors import HeadError
from converter.heads.decoding.scores import TOLERANCE
from converter.heads.yolo.layout import SIDES

MASK, POINT = 32, 3  # coefficients of a mask, values of a point
_POSE = SIDES + 1 + 17 * POINT  # values for a person, with 17 points


def refuse_unsupported_rows(name: str, rows: np.ndarray, labels: int | None) -> None:
    """Refuse rows ``[images, A, values]`` of which some columns are probabilities, others not:
    class scores are all of one kind.

    Raises:
        HeadError: they are so, or have as many values as a pose of a person.
    """
    values = rows.shape[-1]
    finite = rows[np.isfinite(rows).all(axis=-1)]
    inside = _are_probabilities(finite[:, SIDES:])
    found = "" if inside.all() or not inside.any() else _kind(inside)
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


def _kind(inside: np.ndarray) -> str:
    """What the columns after the box probably are, by which of them are probabilities."""
    points = inside[1:]
    if len(points) % POINT == 0 and points[POINT - 1 :: POINT].all() and not points[::POINT].any():
        return f"x, y and a score for {len(points) // POINT} points of a pose"
    if inside[:-1].all():
        return "an angle in the last column, of a rotated box"
    if len(inside) > MASK and inside[:-MASK].all():
        return f"{MASK} coefficients of a mask, of instance segmentation"
    return "some columns are probabilities and some are not"
