"""Finished detections with more than box, score and class: poses, masks, rotated boxes.

Ultralytics' end-to-end exports, and those with the suppression in them, have for each object a row
of box, score and class as a detector has, and then the coefficients of its mask, its points, or its
angle: https://docs.ultralytics.com/models/yolo26/.
"""

from __future__ import annotations

import numpy as np

from converter.heads.decoding.error_messages import point_count
from converter.heads.decoding.feature_maps import sizes_of
from converter.heads.decoding.scores import TOLERANCE, are_probabilities
from converter.heads.evidence import Evidence

_SCORE, _CLASS, _EXTRAS = 4, 5, 6  # columns
_MASK = 32  # coefficients
_ADVICE = (
    "There is no bundle for instance segmentation, poses or rotated boxes: export the detection "
    "model"
)


def find_finished_rows(evidence: Evidence) -> str:
    """What the outputs are, where one has rows [N, K, 6+n] with a probability and then a whole
    number after the box; else an empty text."""
    for output in evidence.outputs:
        sizes = sizes_of(output)
        if output.dtype != "float32" or len(sizes) != 2 or sizes[1] <= _EXTRAS:
            continue
        values = evidence.values[output.name]
        if not _has_score_and_class(values):
            continue
        what = _extras(values[..., _EXTRAS:])
        if what:
            return (
                f"{what}: {output.name} has finished detections, box, score and class, and "
                f"{sizes[1] - _EXTRAS} more values in each row. {_ADVICE}"
            )
    return ""


def _has_score_and_class(values: np.ndarray) -> bool:
    """Whether all rows ``[images, K, columns]`` have them. The class must be whole to the last
    bit, and either above 1 or beside scores that fall: the score of a class that no row has may be
    0 throughout."""
    scores, numbers = values[..., _SCORE], values[..., _CLASS]
    whole = bool((numbers == np.round(numbers)).all() and (numbers >= 0).all())
    return whole and are_probabilities(scores) and (numbers.max() > 1 or _is_ranked(scores))


def _is_ranked(scores: np.ndarray) -> bool:
    """Whether the scores ``[images, K]`` fall along each list, as those of finished ones do."""
    falling = bool((np.diff(scores, axis=1) <= TOLERANCE).all())
    return falling and bool((scores[:, 0] > scores[:, -1]).any())


def _extras(values: np.ndarray) -> str:
    """What ``[images, K, n]`` are: an angle is no whole number, as the class that follows the
    score of other layouts is."""
    columns = values.shape[-1]
    if columns == 1:
        return "" if (values == np.round(values)).all() else "a model for rotated boxes"
    if columns == _MASK:
        return "an instance segmentation model, with the coefficients of a mask"
    for of_point in (3, 2):
        if columns % of_point == 0:
            return f"a pose model, with {point_count(columns // of_point)}"
    return ""
