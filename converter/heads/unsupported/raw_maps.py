"""Maps of several levels in which box and scores are still together, as before a decoding."""

from __future__ import annotations

from collections.abc import Sequence

from converter.heads.decoding.error_messages import class_count
from converter.heads.decoding.feature_maps import Grid, grids
from converter.heads.evidence import Evidence

# YOLOv3 and v4, https://arxiv.org/abs/1804.02767: boxes in each cell of a map, and what each of
# them has before the scores of the classes. From v8 on there are 16 values for each distance.
_IN_CELL, _BEFORE, _DISTANCES = 3, 5, 64
_COARSEST = (32, 64)  # pixels


def find_raw_maps(evidence: Evidence) -> str:
    """What the outputs are, where they are maps with one number of channels, each half the size
    of the next, the coarsest 1/32 or 1/64 of the input; else an empty text."""
    levels = sorted(grids(evidence), key=lambda grid: grid.cells)
    if len(levels) < 2 or len(levels) != len(evidence.outputs) or not _are_halves(levels):
        return ""
    coarsest = levels[0].height
    if all(coarsest * stride != evidence.input_size[0] for stride in _COARSEST):
        return ""
    kinds = _kinds(levels[0].channels, evidence.labels)
    if not kinds:
        return ""
    return (
        f"a detector before its decoding: {' or '.join(kinds)}. Export the model with its decoding,"
        f" as rows [N, A, {_BEFORE}+C], or as boxes [N, A, 4] beside scores [N, A, C]"
    )


def _are_halves(levels: Sequence[Grid]) -> bool:
    return all(
        (2 * small.height, 2 * small.width, small.channels) == (large.height, large.width, channels)
        for small, large in zip(levels, levels[1:], strict=False)
        for channels in [large.channels]
    )


def _kinds(channels: int, labels: int | None) -> list[str]:
    """The models that have so many channels; those with as many classes as labels where any
    has, and none where the channels are the labels themselves."""
    if channels == labels:
        return []
    values, rest = divmod(channels, _IN_CELL)
    kinds = {}
    if not rest and values > _BEFORE:
        classes = values - _BEFORE
        model = f"YOLOv3 or v4, with {_IN_CELL} boxes in each cell"
        kinds[f"{model} and {class_count(classes)}"] = classes
    if channels > _DISTANCES:
        classes = channels - _DISTANCES
        model = "YOLOv8 or later, with 16 values for each distance"
        kinds[f"{model} and {class_count(classes)}"] = classes
    return [kind for kind, classes in kinds.items() if classes == labels] or list(kinds)
