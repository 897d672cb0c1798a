"""Which maps are the levels of an FCOS head, and what their values are."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from converter.errors import HeadError
from converter.heads.decoding.error_messages import listed
from converter.heads.decoding.feature_maps import Grid, Rows, grids
from converter.heads.decoding.scores import ScoreReading, are_probabilities
from converter.heads.evidence import Evidence

_NAMES = {
    "scores": re.compile("score|class|cls|logit|prob|conf"),
    "distances": re.compile("box|reg|dist|ltrb"),
    "centerness": re.compile("cent|ctr"),
}
NOT_NEGATIVE = 0.95  # of the distances of a network, at least so many are not below 0
CELLS_OF_OBJECT = 4.0  # an object usually spans about so many cells of its level
BEST = 100  # cells of each image whose boxes tell the unit


@dataclass(frozen=True)
class Level:
    """The maps of one size."""

    scores: Grid
    distances: Grid
    centerness: Grid | None = None

    def __str__(self) -> str:
        return f"{self.scores.height}x{self.scores.width}"

    @property
    def named(self) -> int:
        """How many of the maps have a name that shows what they are."""
        return sum(
            bool(getattr(self, kind) and pattern.search(getattr(self, kind).name.lower()))
            for kind, pattern in _NAMES.items()
        )


def find_levels(evidence: Evidence) -> tuple[Level, ...]:
    """The levels, the finest first; none where they differ in channels or maps.

    Raises:
        HeadError: it cannot be determined which map is which.
    """
    by_size: dict[tuple[int, int], list[Grid]] = defaultdict(list)
    for grid in grids(evidence):
        by_size[grid.height, grid.width].append(grid)
    found = [_level(by_size[size], evidence) for size in sorted(by_size, reverse=True)]
    levels = tuple(level for level in found if level is not None)
    kinds = {(level.scores.channels, level.centerness is None) for level in levels}
    return levels if len(kinds) == 1 else ()


def _level(maps: list[Grid], evidence: Evidence) -> Level | None:
    """The level of maps of one size, if channels allow for it: by labels, then by names.

    Raises:
        HeadError: these do not tell.
    """
    if len(maps) not in (2, 3):
        return None
    levels = [
        Level(*order)
        for order in permutations(maps)
        if order[1].channels == 4 and all(grid.channels == 1 for grid in order[2:])
    ]
    if evidence.labels is not None:
        columns = (evidence.labels, evidence.labels + 1)
        levels = [level for level in levels if level.scores.channels in columns] or levels
    most = max((level.named for level in levels), default=0)
    levels = [level for level in levels if level.named == most]
    if len(levels) > 1:
        raise HeadError(
            f"it cannot be determined which of the outputs ({listed(evidence)}) are class scores, "
            "distances and centerness: export them with 'class', 'box' and 'centerness' in their "
            "names"
        )
    return levels[0] if levels else None


def are_distances(values: np.ndarray) -> bool:
    """Whether nearly all are not below 0."""
    finite = values[np.isfinite(values)]
    return bool(finite.size and np.mean(finite >= 0) >= NOT_NEGATIVE)


def read_centerness(levels: tuple[Level, ...], evidence: Evidence) -> ScoreReading:
    """What is still to be applied to the centerness: what the user specifies for scores, or a
    sigmoid where it leaves [0, 1]."""
    if evidence.options.activation in ("none", "sigmoid"):
        return ScoreReading(evidence.options.activation)
    maps = tuple(level.centerness for level in levels if level.centerness)
    if not maps or are_probabilities(Rows(maps, 1).of(evidence.values)):
        return ScoreReading("none")
    return ScoreReading("sigmoid")


def distance_unit(
    distances: np.ndarray,
    scores: np.ndarray,
    levels: tuple[Level, ...],
    input_size: tuple[int, int],
) -> str:
    """``pixels`` or ``cells``, whichever brings most of the best boxes nearer to
    ``CELLS_OF_OBJECT`` cells, by ratio.

    Args:
        distances: ``[images, A, 4]``.
        scores: best score of each cell, ``[images, A]``.
    """
    strides = np.concatenate(
        [np.full(level.scores.cells, max(level.scores.stride(input_size))) for level in levels]
    )
    sides = (distances[..., :2] + distances[..., 2:]).mean(axis=-1)
    ratios = sides / (CELLS_OF_OBJECT * np.sqrt(strides))
    best = np.argsort(-np.nan_to_num(scores, nan=0.0), axis=1)[:, :BEST]
    ratio = np.nanmedian(np.take_along_axis(ratios, best, axis=1))
    return "pixels" if ratio > 1 else "cells"
