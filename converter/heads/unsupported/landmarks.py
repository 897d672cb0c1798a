"""Lists with the five points of a face, beside boxes and scores of the same rows.

RetinaFace, https://arxiv.org/abs/1905.00641, has them for all its anchors together, and SCRFD,
https://arxiv.org/abs/2105.04714, for each level. Ten columns may as well be ten classes, so that
names or values have to show that they are points.
"""

from __future__ import annotations

import re

import numpy as np

from converter.heads.decoding.output_groups import OutputGroup, find_groups
from converter.heads.decoding.scores import are_probabilities, sum_to_one
from converter.heads.evidence import Evidence

COLUMNS = 10  # x and y of five points
# What a face detector may have beside boxes and points: scores, maybe with the background or a
# quality.
SCORES_OF_FACES = {(1,), (2,), (1, 1), (1, 2)}
_UNNAMED = {(1,), (2,)}
_POINT_NAMES = re.compile("landm|ldm|point|kps")
_SCORE_NAMES = re.compile("score|class|cls|logit|prob|conf")
# Of the values of each coordinate in pixels at least so many are above 1. Of offsets, so many are
# outside [0, 1], and so many above 0, as logits of a class are in few rows.
_PIXELS, _OUTSIDE, _ABOVE = 0.5, 0.25, 0.1


def landmark_names(evidence: Evidence) -> list[str]:
    """The outputs with the points of a face beside boxes and scores that can be read without
    them, of all rows together; none where the ten columns may be class scores."""
    groups = find_groups(evidence)
    if len(groups) != 1 or not are_boxes_with_landmarks(groups[0]):
        return []
    return groups[0].names(COLUMNS) if are_landmarks(groups[0], evidence) else []


def are_boxes_with_landmarks(group: OutputGroup) -> bool:
    """Whether lists have the columns of a face detector: a box, five points, and scores."""
    return not group.of_maps and _others(group) in SCORES_OF_FACES


def are_landmarks(group: OutputGroup, evidence: Evidence) -> bool:
    """Whether the ten columns of such lists are points, by their name; else by the values of all
    lists, where there are no labels of several classes. Offsets may be the logits of a network
    without training too, unless they are beside background and face."""
    (name,) = group.names(COLUMNS)
    if _POINT_NAMES.search(name.lower()):
        return True
    if _SCORE_NAMES.search(name.lower()) or evidence.labels not in (None, 1):
        return False
    others = _others(group)
    if others not in _UNNAMED:
        return False
    scores, values = (_rows(group, columns, evidence) for columns in (others[0], COLUMNS))
    if not are_probabilities(scores):
        return False
    return _are_pixels(values) or (sum_to_one(scores) and _are_offsets(values))


def _others(group: OutputGroup) -> tuple[int, ...]:
    """The columns of the other lists beside a box and five points; none without these."""
    others = list(group.columns)
    if others.count(4) != 1 or others.count(COLUMNS) != 1:
        return ()
    others.remove(4)
    others.remove(COLUMNS)
    return tuple(others)


def _rows(group: OutputGroup, columns: int, evidence: Evidence) -> np.ndarray:
    """The list with so many columns as ``[images, A, columns]``."""
    values = evidence.values[group.names(columns)[0]]
    return values if values.shape[2] == columns else values.transpose(0, 2, 1)


def _are_pixels(values: np.ndarray) -> bool:
    return bool((values > 1).mean(axis=(0, 1)).min() >= _PIXELS)


def _are_offsets(values: np.ndarray) -> bool:
    outside = ((values < 0) | (values > 1)).mean(axis=(0, 1))
    above = (values > 0).mean(axis=(0, 1))
    return bool(outside.min() >= _OUTSIDE and above.min() >= _ABOVE)
