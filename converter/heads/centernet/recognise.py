"""CenterNet, "Objects as Points", https://arxiv.org/abs/1904.07850: three maps.

The centre of an object is a peak of its class's heatmap [N, h, w, C]. At the peak's cell, one map
[N, h, w, 2] has the offset of the centre in the cell, in fractions of it, and another the width
and height of the object.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace

import numpy as np

from converter.errors import HeadError
from converter.heads.centernet.head import CenterNetHead
from converter.heads.decoding.box_formats import Y_FIRST
from converter.heads.decoding.error_messages import listed
from converter.heads.decoding.feature_maps import Grid, Rows, grids
from converter.heads.decoding.find_activation import assumed_activation, read_scores
from converter.heads.evidence import Evidence, Recognised
from converter.heads.family import Family

NAME = "centernet"
EXPECTS = (
    "three maps float32 of the same h and w: heatmap [N, h, w, C], offset [N, h, w, 2] and size "
    "[N, h, w, 2], or [N, C, h, w] and so on"
)

SIZE_NAMES, OFFSET_NAMES = re.compile("size|wh|scale"), re.compile("off|reg")
# Sizes are in cells unless one of a hundred is longer than the map is, times this.
TOO_LONG = 1.5
_X_FIRST = "x is before y in offset and size: --box-format yxyx changes it"
MOST_OFFSETS = 0.9  # of the offsets, so many lie in their cells


def recognise(evidence: Evidence) -> Recognised | None:
    """A head for the three maps; None without them.

    Sizes are in cells, unless the user specifies ``pixels`` or ``normalised``, or one in a
    hundred is longer than one and a half maps, which makes all of them pixels. ``box_format``
    ``yxyx`` makes offsets y, x and sizes height, width.

    Raises:
        HeadError: it cannot be determined which map is which, or the labels do not fit.
    """
    maps = _find_maps(evidence)
    if maps is None:
        return None
    heatmap, offset, size = _roles(maps, evidence)
    unit, scale = _size_unit(size, evidence)
    # There is no background: a cell without an object has no peak.
    read_by = replace(evidence, options=replace(evidence.options, background="none"))
    rows = Rows((heatmap,), heatmap.channels).of(evidence.values)
    head = CenterNetHead(
        heatmap,
        offset,
        size,
        read_scores(rows, read_by),
        evidence.input_size,
        scale,
        evidence.options.box_format in Y_FIRST,
    )
    return Recognised(
        head,
        f"{heatmap} is a heatmap of {head.classes} classes, {offset} the offset in the cell and "
        f"{size} the size; sizes are in {unit} (--boxes decides), "
        f"{'y is before x' if head.y_first else 'x is before y'} (--box-format yxyx decides), "
        f"the heatmap has {head.reading} (--activation decides)",
        (
            *([_X_FIRST] if evidence.options.box_format == "auto" else []),
            *(
                [f"sizes are in {unit}: --boxes changes it"]
                if evidence.options.boxes == "auto"
                else []
            ),
            *assumed_activation(head.reading, rows, read_by),
        ),
    )


def _find_maps(evidence: Evidence) -> list[Grid] | None:
    """The three maps of one size, of which two have 2 channels, the others first."""
    by_size: dict[tuple[int, int, bool], list[Grid]] = defaultdict(list)
    for grid in grids(evidence):
        by_size[grid.height, grid.width, grid.channels_first].append(grid)
    for maps in by_size.values():
        if len(maps) == 3 and sum(grid.channels == 2 for grid in maps) >= 2:
            return sorted(maps, key=lambda grid: grid.channels == 2)
    return None


def _roles(maps: list[Grid], evidence: Evidence) -> tuple[Grid, Grid, Grid]:
    """Heatmap, offset, size, by names, otherwise by values: offsets are in [0, 1).

    Raises:
        HeadError: neither decides.
    """
    twos = [grid for grid in maps if grid.channels == 2]
    sizes = [grid for grid in twos if SIZE_NAMES.search(grid.name.lower())]
    offsets = [g for g in twos if g not in sizes and OFFSET_NAMES.search(g.name.lower())]
    if len(twos) == 2 and not (len(sizes) == len(offsets) == 1):
        offsets = [grid for grid in twos if _in_cells(evidence.values[grid.name])]
        sizes = [grid for grid in twos if grid not in offsets]
    if not (len(sizes) == len(offsets) == 1):
        raise HeadError(
            f"it cannot be determined which of the outputs ({listed(evidence)}) is the offset of "
            "the centre and which the size: export them with 'offset' and 'size' in their names"
        )
    (heatmap,) = (grid for grid in maps if grid not in (*sizes, *offsets))
    return heatmap, offsets[0], sizes[0]


def _in_cells(values: np.ndarray) -> bool:
    finite = values[np.isfinite(values)]
    return bool(finite.size and np.mean((finite >= 0) & (finite < 1)) >= MOST_OFFSETS)


def _size_unit(size: Grid, evidence: Evidence) -> tuple[str, tuple[float, float]]:
    """The unit of the sizes, and its width and height in pixels."""
    height, width = evidence.input_size
    values = evidence.values[size.name]
    finite = values[np.isfinite(values)]
    unit = evidence.options.boxes
    if unit == "auto":
        too_long = TOO_LONG * max(size.height, size.width)
        in_pixels = finite.size and np.percentile(finite, 99) > too_long
        unit = "pixels" if in_pixels else "cells"
    scales = {"pixels": (1.0, 1.0), "normalised": (float(width), float(height))}
    return unit, scales.get(unit, size.stride(evidence.input_size))


FAMILY = Family(50, {NAME: EXPECTS}, recognise)
