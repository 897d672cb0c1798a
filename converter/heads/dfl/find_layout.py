"""Which outputs are class scores and distributions of distances, and the cells of their levels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from converter.heads.decoding.output_groups import OutputGroup, find_groups
from converter.heads.decoding.scores import are_probabilities
from converter.heads.evidence import Evidence
from converter.heads.yolo.complete_lists import begin_with_boxes

# Values of one distance: NanoDet and PicoDet, NanoDet-g, YOLOv8 and later, YOLOv6.
DISTANCE_BINS = (8, 11, 16, 17)
FOUR_SIDES = 4
_DISTANCE_NAMES = re.compile("box|dist|dis_|reg|dfl")
# Logits of a class are below 0 in so many boxes, as nearly all of them have no object of it.
ABSENT = 0.9
_STRIDES = ((8, 16, 32), (8, 16, 32, 64))


@dataclass(frozen=True)
class ScoresAndDistributions:
    """The names of the outputs, the finest level first, and how many rows each has. ``bins``: the
    values of one distance."""

    bins: int
    distances: tuple[str, ...]
    scores: tuple[str, ...]
    rows: tuple[int, ...]
    of_maps: bool


@dataclass(frozen=True)
class StrideLevel:
    """The cells of a level, and their side in pixels."""

    height: int
    width: int
    stride: int


def find_distances(evidence: Evidence) -> ScoresAndDistributions | None:
    """Two outputs for each level, lists or maps, of which one has ``bins`` values for each of four
    distances, and the other may be class scores; None without them, or where the user gives
    anchors."""
    groups = () if evidence.options.anchors is not None else find_groups(evidence)
    if not groups:
        return None
    columns = list(groups[0].columns)
    possible = [
        (bins, classes)
        for bins in DISTANCE_BINS
        for classes in columns
        if sorted((FOUR_SIDES * bins, classes)) == columns
        and _may_be_classes(classes, bins, groups, evidence)
    ]
    named = [entry for entry in possible if _named(groups[0].names(FOUR_SIDES * entry[0]))]
    shown = [entry for entry in possible if _show_classes(entry[1], entry[0], groups[0], evidence)]
    if not possible or (groups[0].of_maps and len(groups) == 1 and not named):
        return None  # A map may have class scores of its cells, beside features.
    bins, classes = (named or shown or possible)[0]
    pairs = [_pair(group, FOUR_SIDES * bins, classes, evidence) for group in groups]
    distances, scores = zip(*pairs, strict=True)
    rows = tuple(group.rows for group in groups)
    return ScoresAndDistributions(bins, distances, scores, rows, groups[0].of_maps)


def _may_be_classes(
    classes: int, bins: int, groups: tuple[OutputGroup, ...], evidence: Evidence
) -> bool:
    """Whether the other column can be the class scores: not where labels or values show another
    thing, nor where it may be the four offsets of a box, and the columns class scores."""
    group = groups[0]
    if evidence.labels is not None:
        return evidence.labels == classes and not _has_boxes(group, evidence)
    if _has_boxes(group, evidence):
        return False
    if classes != FOUR_SIDES or _named(group.names(FOUR_SIDES * bins)):
        return True
    # A single list may have boxes in fractions of the image, which look like probabilities.
    several = group.of_maps or len(groups) > 1
    boxes = _named(group.names(classes)) or evidence.options.box_format != "auto"
    return several and not boxes and _show_classes(classes, bins, group, evidence)


def _has_boxes(group: OutputGroup, evidence: Evidence) -> bool:
    """Whether any of the lists has rows of a box and class scores; none of maps has."""
    if group.of_maps:
        return False
    rows = [
        values if values.shape[2] == columns else values.transpose(0, 2, 1)
        for name, columns in group.parts
        if columns > FOUR_SIDES
        for values in [evidence.values[name]]
    ]
    return any(begin_with_boxes(values) for values in rows)


def _show_classes(classes: int, bins: int, group: OutputGroup, evidence: Evidence) -> bool:
    """Whether the values of the finest level show that these columns are the class scores, and
    the others are not."""
    scores, distances = (
        evidence.values[group.names(columns)[0]] for columns in (classes, FOUR_SIDES * bins)
    )
    return _are_class_scores(scores) and not _are_class_scores(distances)


def _are_class_scores(values: np.ndarray) -> bool:
    return are_probabilities(values) or float(np.mean(values < 0)) >= ABSENT


def _named(names: Sequence[str]) -> bool:
    return any(_DISTANCE_NAMES.search(name.lower()) for name in names)


def _pair(group: OutputGroup, values: int, classes: int, evidence: Evidence) -> tuple[str, str]:
    """The distributions and the scores of a level; of equal columns by names, then by values."""
    if values != classes:
        return group.names(values)[0], group.names(classes)[0]
    first, second = group.names(values)
    if _named([first]) != _named([second]):
        return (first, second) if _named([first]) else (second, first)
    return (second, first) if _are_class_scores(evidence.values[first]) else (first, second)


def find_strides(rows: Sequence[int], input_size: tuple[int, int]) -> tuple[StrideLevel, ...]:
    """The levels of lists with so many rows: of one list of all levels, or of a list for each,
    the finest first; none where the rows are not those of strides 8, 16, 32 and maybe 64."""
    for strides, rounded_up in product(_STRIDES, (True, False)):
        levels = tuple(_level(stride, input_size, rounded_up) for stride in strides)
        cells = [level.height * level.width for level in levels]
        if list(rows) in ([sum(cells)], cells):
            return levels
    return ()


def _level(stride: int, input_size: tuple[int, int], rounded_up: bool) -> StrideLevel:
    height, width = (-(-side // stride) if rounded_up else side // stride for side in input_size)
    return StrideLevel(height, width, stride)
