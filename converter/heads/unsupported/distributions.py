"""Detectors whose distances are distributions, and no boxes yet.

"Generalized Focal Loss", https://arxiv.org/abs/2006.04388: the distance from a point to each of
four sides is the expected value of a distribution over 0, 1, 2, ... strides. NanoDet, PicoDet and
YOLO from v6 and v8 on are trained so. The outputs show neither where in its cell the point is,
which differs between releases of NanoDet, nor the order of the sides, so they are not decoded.
"""

from __future__ import annotations

import re

import numpy as np

from converter.heads.decoding.feature_maps import sizes_of
from converter.heads.decoding.output_groups import OutputGroup, cells_of_strides, find_groups
from converter.heads.decoding.scores import TOLERANCE
from converter.heads.evidence import Evidence
from converter.heads.yolo.complete_lists import begin_with_boxes

# Values of one distance: NanoDet and PicoDet, NanoDet-g, YOLOv8 and later, YOLOv6.
_BINS = (8, 11, 16, 17)
_SIDES = 4
_DISTANCE_NAMES = re.compile("box|dist|dis_|reg|dfl")
_FINEST, _FURTHER = (8, 16, 32), 64


def find_distributions(evidence: Evidence) -> str:
    """What the outputs are, where they are of such a detector: class scores beside distributions
    in lists or maps, or both in one list; else an empty text."""
    if evidence.options.anchors is not None:
        return ""
    groups = find_groups(evidence)
    if groups:
        return _in_groups(groups, evidence)
    for output in evidence.outputs:
        bins = _in_one_list(sizes_of(output), evidence.values[output.name], evidence)
        if bins:
            return _described(output.name, bins, "after the class scores ")
    return ""


def _in_groups(groups: tuple[OutputGroup, ...], evidence: Evidence) -> str:
    """Two outputs for each level, of which one has the distributions."""
    columns = groups[0].columns
    possible = [
        (bins, classes)
        for bins in _BINS
        for classes in columns
        if sorted((_SIDES * bins, classes)) == sorted(columns)
        and _may_be_classes(classes, bins, groups[0], evidence)
    ]
    if not possible:
        return ""
    by_name = [entry for entry in possible if _named(groups[0].names(_SIDES * entry[0]))]
    if groups[0].of_maps and len(groups) == 1 and not by_name:
        return ""  # They may be class scores of the cells, beside features.
    bins = (by_name or possible)[0][0]
    names = [name for group in groups for name in group.names(_SIDES * bins)]
    names = [name for name in names if _named([name])] or names
    return _described(", ".join(names), bins)


def _may_be_classes(classes: int, bins: int, group: OutputGroup, evidence: Evidence) -> bool:
    """Whether the other column can be the class scores: not where labels or values show another
    thing, nor where it may be the four offsets of a box, and the columns class scores."""
    if evidence.labels is not None and evidence.labels != classes:
        return False
    values = evidence.values[group.names(classes)[0]]
    if not group.of_maps:
        rows = values if values.shape[2] == classes else values.transpose(0, 2, 1)
        if begin_with_boxes(rows):
            return False
    return classes != _SIDES or _named(group.names(_SIDES * bins))


def _named(names: list[str]) -> bool:
    return any(_DISTANCE_NAMES.search(name.lower()) for name in names)


def _in_one_list(sizes: tuple[int, ...], values: np.ndarray, evidence: Evidence) -> int:
    """How many values a distance has in a list [N, A, C+4*bins] with a row for each cell of all
    levels, or of one; 0 for another output."""
    if len(sizes) != 2 or sizes[0] not in _lengths(evidence.input_size):
        return 0
    for bins in _BINS:
        classes = sizes[1] - _SIDES * bins
        if classes > 0 and classes == evidence.labels:
            return bins
    inside = np.asarray(((values >= -TOLERANCE) & (values <= 1 + TOLERANCE)).all(axis=(0, 1)))
    classes = int(inside.argmin()) if not inside.all() else 0
    bins, rest = divmod(sizes[1] - classes, _SIDES)
    clear = classes > 0 and not inside[classes:].any() and not rest
    return bins if clear and bins in _BINS else 0


def _lengths(input_size: tuple[int, int]) -> set[int]:
    """The cells of each level, and those of the three or four levels together."""
    cells = cells_of_strides(input_size)
    together = {
        sum(choose(cells[stride]) for stride in strides)
        for strides in (_FINEST, (*_FINEST, _FURTHER))
        for choose in (min, max)
    }
    return together.union(*cells.values())


def _described(names: str, bins: int, where: str = "") -> str:
    verb = "have" if "," in names else "has"
    return (
        "a detector before its decoding, such as NanoDet, PicoDet or YOLO from v6 on: "
        f"{names} {verb} {where}{bins} values for the distance to each of four sides, a "
        "distribution, and where in its cell a distance begins differs between such models. Export "
        "the model with its decoding, as boxes [N, A, 4] of all levels in pixels beside scores "
        "[N, A, C]"
    )
