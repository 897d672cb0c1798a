"""Detectors whose distances are distributions, and of which the outputs show too little.

"Generalized Focal Loss", https://arxiv.org/abs/2006.04388: the distance from a point to each of
four sides is the expected value of a distribution over 0, 1, 2, ... strides. Where the point is in
its cell differs between NanoDet, NanoDet-Plus, PicoDet and YOLOv6, and no value shows it.
"""

from __future__ import annotations

import numpy as np

from converter.heads.decoding.feature_maps import sizes_of
from converter.heads.decoding.output_groups import cells_of_strides
from converter.heads.decoding.scores import TOLERANCE
from converter.heads.dfl.find_layout import ABSENT, DISTANCE_BINS, FOUR_SIDES, find_distances
from converter.heads.dfl.recognise import recognise
from converter.heads.evidence import Evidence

_FINEST, _FURTHER = (8, 16, 32), 64
_FAR = 0.5  # of the values of distributions, those of long distances may mostly be below 0 too


def find_distributions(evidence: Evidence) -> str:
    """What the outputs are, where they are of such a detector: class scores beside distributions
    in lists or maps that ``recognise`` does not take, or both in one list; else an empty text."""
    found = find_distances(evidence)
    if found is not None:
        if recognise(evidence) is not None:
            return ""
        return _described(", ".join(found.distances), found.bins)
    if evidence.options.anchors is not None:
        return ""
    for output in evidence.outputs:
        bins = _in_one_list(sizes_of(output), evidence.values[output.name], evidence)
        if bins:
            return _described(output.name, bins, "after the class scores ")
    return ""


def _in_one_list(sizes: tuple[int, ...], values: np.ndarray, evidence: Evidence) -> int:
    """How many values a distance has in a list [N, A, C+4*bins] with a row for each cell of all
    levels, or of one; 0 for another output."""
    if len(sizes) != 2 or sizes[0] not in _lengths(evidence.input_size):
        return 0
    for bins in DISTANCE_BINS:
        classes = sizes[1] - FOUR_SIDES * bins
        if classes > 0 and classes == evidence.labels:
            return bins
    inside = np.asarray(((values >= -TOLERANCE) & (values <= 1 + TOLERANCE)).all(axis=(0, 1)))
    absent = np.asarray((values < 0).mean(axis=(0, 1)) >= ABSENT)
    return _after_classes(inside, 0.0) or _after_classes(absent, _FAR)


def _after_classes(of_classes: np.ndarray, most: float) -> int:
    """How many values a distance has after the columns that may be class scores, by whether each
    column may be; 0 where more than this part of the others may be too."""
    classes = int(of_classes.argmin()) if not of_classes.all() else 0
    bins, rest = divmod(len(of_classes) - classes, FOUR_SIDES)
    clear = classes > 0 and float(of_classes[classes:].mean()) <= most and not rest
    return bins if clear and bins in DISTANCE_BINS else 0


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
    advice = (
        ""
        if where
        else (
            ", or give --head dfl if it begins in the middle and the levels have strides 8, 16, 32"
        )
    )
    return (
        "a detector before its decoding, such as NanoDet, PicoDet or YOLO from v6 on: "
        f"{names} {verb} {where}{bins} values for the distance to each of four sides, a "
        "distribution, and where in its cell a distance begins differs between such models. Export "
        "the model with its decoding, as boxes [N, A, 4] of all levels in pixels beside scores "
        f"[N, A, C]{advice}"
    )
