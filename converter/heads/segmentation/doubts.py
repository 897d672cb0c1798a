"""Maps that look like class scores and may be something else: images, depths, features, points.

Without a labels file nothing but their values can tell them apart, and a bundle with classes that
mean nothing is worse than a question.
"""

from __future__ import annotations

import re

import numpy as np

from converter.errors import HeadError
from converter.heads.decoding.feature_maps import Grid, cells_last
from converter.heads.decoding.scores import activated, are_probabilities, sum_to_one
from converter.heads.evidence import Evidence

# Maps of features have many channels and are coarse: cells of so many pixels.
_FEATURES, COARSE = 64, 8
BYTES = 255
# A heatmap, https://arxiv.org/abs/1603.06937, is high around its point and near 0 elsewhere, so
# that most cells have no class at all; a segmentation has one for nearly every cell.
_POINT_NAMES = re.compile("heat_?map|joint|key_?point|landmark")
_MEAN, _EMPTY, _SURE = 0.15, 0.75, 0.9
_PEAK, _FLAT = 0.1, 0.9  # so many cells of each map are below this part of its highest value


def check_are_scores(grid: Grid, evidence: Evidence) -> None:
    """Refuse what may be no class scores, unless the user states that they are: by labels, by the
    family or by the activation.

    Raises:
        HeadError: the map may be something else.
    """
    options = evidence.options
    if evidence.labels is not None or options.head != "auto" or options.activation != "auto":
        return
    values = cells_last(evidence.values[grid.name], grid)
    values = values[np.isfinite(values).all(axis=-1)]
    other = _other(grid, values, evidence) if len(values) else ""
    if other:
        raise HeadError(
            f"output {grid} may be {other}, not the scores of classes: if these are {grid.channels}"
            " class scores, give --labels or --head segmentation; otherwise it is no head that can "
            "be converted"
        )


def _other(grid: Grid, values: np.ndarray, evidence: Evidence) -> str:
    """What ``[cells, channels]`` may be; empty for class scores."""
    if grid.channels == 1:
        return _other_than_one_score(values)
    if sum_to_one(values):
        return ""
    if _POINT_NAMES.search(grid.name.lower()) or _are_heatmaps(values):
        return "heatmaps of key points, as most of each map is near 0"
    if grid.channels == 3 and values.min() >= -1 and values.max() <= BYTES:
        # The logits of three classes are below -1 somewhere.
        return "an image"
    coarse = max(grid.stride(evidence.input_size)) >= COARSE
    if coarse and grid.channels >= _FEATURES:
        return "a map of features"
    return ""


def _are_heatmaps(values: np.ndarray) -> bool:
    """Whether no channel of ``[cells, channels]`` is high in most cells: as probabilities, as
    logits of which neither a sigmoid nor a softmax is sure, or as peaks without an activation."""
    probable = are_probabilities(values)
    chances = values if probable else activated(values, "sigmoid")
    empty = float(np.mean(chances.max(axis=1) < 0.5))
    if chances.mean() < _MEAN and empty > _EMPTY:
        return probable or float(np.median(activated(values, "softmax").max(axis=1))) < _SURE
    flat = np.abs(values) <= _PEAK * values.max()
    return bool(flat.mean(axis=0).min() >= _FLAT)


def _other_than_one_score(values: np.ndarray) -> str:
    """A sigmoid gives nothing that is 0 but for its smallest values, and logits are below 0
    somewhere."""
    if values.min() < 0:
        return ""
    if not are_probabilities(values):
        return "a depth or another quantity"
    return "a depth or another quantity" if (values == 0).any() else ""
