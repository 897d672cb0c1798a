"""YOLO from v8 on before its decoding: distances as distributions, and class scores.

"Generalized Focal Loss", https://arxiv.org/abs/2006.04388: the distance from a point to each of
four sides is the expected value of a distribution over 0, 1, 2, ... strides. With 16 values for a
distance, as in YOLO from v8 on and in KerasCV's YOLOV8Detector, the point is the middle of its
cell. With others it differs: NanoDet and PicoDet have 8, and the point in the middle or, in
NanoDet-Plus, in the corner; the user has to state that it is this family.
"""

from __future__ import annotations

from converter.heads.decoding.error_messages import class_count
from converter.heads.decoding.feature_maps import Rows, grids
from converter.heads.decoding.find_activation import assumed_activation, read_scores
from converter.heads.dfl.find_layout import (
    FOUR_SIDES,
    ScoresAndDistributions,
    StrideLevel,
    find_distances,
    find_strides,
)
from converter.heads.dfl.head import NAME, DflHead
from converter.heads.evidence import Evidence, Recognised
from converter.heads.family import Family

EXPECTS = (
    "class scores [N, A, C] and distances to left, top, right, bottom as distributions [N, A, 64], "
    "for all levels of strides 8, 16, 32 together or for each, or such maps [N, h, w, C] and "
    "[N, h, w, 64]; where the user names this family also with 8, 11 or 17 values a distance, from "
    "the middle of each cell"
)
BINS_FROM_THE_MIDDLE = 16  # values of a distance, with which all known models begin there


def recognise(evidence: Evidence) -> Recognised | None:
    """A head for class scores and distributions of all levels; None without them.

    Raises:
        HeadError: the labels do not fit.
    """
    found = find_distances(evidence)
    if found is None or (found.bins != BINS_FROM_THE_MIDDLE and evidence.options.head != NAME):
        return None
    levels = find_strides(found.rows, evidence.input_size)
    rows = _rows(found, levels, evidence) if levels else None
    if rows is None:
        return None
    distances, scores = rows
    values = scores.of(evidence.values)
    reading = read_scores(values, evidence, no_background=True)
    head = DflHead(distances, scores, reading, levels)
    return Recognised(
        head,
        f"{', '.join(found.distances)} with {found.bins} values for each of four distances, in "
        f"strides from the middle of {head.anchors} cells, left, top, right, bottom; "
        f"{', '.join(found.scores)} with scores of {class_count(head.classes)}, {reading} "
        "(--activation decides)",
        (
            "distances are from the middle of a cell to left, top, right and bottom, as in YOLO "
            "from v8 on",
            *assumed_activation(reading, values, evidence),
        ),
    )


def _rows(
    found: ScoresAndDistributions, levels: tuple[StrideLevel, ...], evidence: Evidence
) -> tuple[Rows, Rows] | None:
    """Distributions and scores as rows; None for maps of other sides, and for lists that have
    their rows along the last axis."""
    outputs = {output.name: output for output in evidence.outputs}
    if found.of_maps:
        maps = {grid.name: grid for grid in grids(evidence)}
        sizes = [(maps[name].height, maps[name].width) for name in found.distances]
        if sizes != [(level.height, level.width) for level in levels]:
            return None
        distances = tuple(maps[name] for name in found.distances)
        scores = tuple(maps[name] for name in found.scores)
        channels = scores[0].channels
        return Rows(distances, FOUR_SIDES * found.bins), Rows(scores, channels)
    lists = [[outputs[name] for name in names] for names in (found.distances, found.scores)]
    shapes = [output.shape or () for part in lists for output in part]
    if [shape[1] for shape in shapes] != [*found.rows, *found.rows]:
        return None
    first, second = (Rows(tuple(part), (part[0].shape or ())[2]) for part in lists)
    return first, second


FAMILY = Family(45, {NAME: EXPECTS}, recognise)
