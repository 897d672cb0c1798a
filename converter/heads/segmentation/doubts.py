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
from converter.heads.segmentation.plateaus import have_plateaus, is_best_of

# Maps of features have many channels and are coarse: cells of so many pixels.
_FEATURES, COARSE = 64, 8
BYTES = 255
# A heatmap, https://arxiv.org/abs/1603.06937, is high around its point and near 0 elsewhere, so
# that most cells have no class at all; a segmentation has one for nearly every cell.
_POINT_NAMES = re.compile("heat_?map|joint|key_?point|landmark")
_MEAN, _EMPTY = 0.15, 0.75
# A softmax is sure of the best class in most cells, or nearly sure of several classes: of the
# logits of heatmaps, one may be somewhat higher throughout.
_SURE, _NEARLY, _MOST = 0.9, 0.7, 0.95
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
    maps = cells_last(evidence.values[grid.name], grid)
    values = maps[np.isfinite(maps).all(axis=-1)]
    if grid.channels > 1 and any(is_best_of(maps, each) for each in evidence.values.values()):
        return
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
    maps = cells_last(evidence.values[grid.name], grid)
    if _POINT_NAMES.search(grid.name.lower()) or _are_heatmaps(maps, values):
        return "heatmaps of key points, as most of each map is near 0"
    if grid.channels == 3 and values.min() >= -1 and values.max() <= BYTES:
        # The logits of three classes are below -1 somewhere.
        return "an image"
    coarse = max(grid.stride(evidence.input_size)) >= COARSE
    if coarse and grid.channels >= _FEATURES:
        return "a map of features"
    return ""


def _are_heatmaps(maps: np.ndarray, values: np.ndarray) -> bool:
    """Whether no channel of ``[images, h, w, channels]``, finite ``[cells, channels]``, is high in
    most cells, nor in regions: as probabilities, as logits of which neither a sigmoid nor a
    softmax is sure, or as peaks without an activation."""
    probable = are_probabilities(values)
    if have_plateaus(maps if probable else activated(maps, "sigmoid")):
        return False
    if _are_mostly_empty(values):
        return probable or not _is_softmax_sure(values)
    flat = np.abs(values) <= _PEAK * values.max()
    return bool(flat.mean(axis=0).min() >= _FLAT)


def empty_cells(grid: Grid, evidence: Evidence) -> str:
    """A clause on cells without any class, for people, where most cells may be such."""
    values = cells_last(evidence.values[grid.name], grid)
    values = values[np.isfinite(values).all(axis=-1)]
    if grid.channels == 1 or not len(values) or sum_to_one(values):
        return ""
    logits = not are_probabilities(values)
    if not _are_mostly_empty(values) or (logits and _is_softmax_sure(values)):
        return ""
    return "; most cells have no score above 0.5, and get their best class all the same"


def _are_mostly_empty(values: np.ndarray) -> bool:
    """Whether most of ``[cells, channels]`` have no class, as probabilities or under a sigmoid."""
    chances = values if are_probabilities(values) else activated(values, "sigmoid")
    empty = float(np.mean(chances.max(axis=1) < 0.5))
    return empty > _EMPTY and bool(chances.mean() < _MEAN)


def _is_softmax_sure(logits: np.ndarray) -> bool:
    probable = float(np.median(activated(logits, "softmax").max(axis=1)))
    counts = np.bincount(logits.argmax(axis=1))
    return probable >= _SURE or (probable >= _NEARLY and counts.max() < _MOST * len(logits))


def _other_than_one_score(values: np.ndarray) -> str:
    """A sigmoid gives nothing that is 0 but for its smallest values, and logits are below 0
    somewhere."""
    if values.min() < 0:
        return ""
    if not are_probabilities(values):
        return "a depth or another quantity"
    return "a depth or another quantity" if (values == 0).any() else ""
