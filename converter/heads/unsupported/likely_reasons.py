"""Why the outputs fit no family, most likely: what a message begins with when nothing is known
for certain."""

from __future__ import annotations

import numpy as np

from converter.heads.decoding.feature_maps import grids, sizes_of
from converter.heads.decoding.output_groups import are_levels, find_groups
from converter.heads.evidence import Evidence

_FILLED = (-1, 0)
_DECODED = "export boxes [N, A, 4] in pixels beside scores [N, A, C]"


def likely_reason(evidence: Evidence) -> str:
    """A sentence without its full stop."""
    if all(output.dtype != "float32" for output in evidence.outputs):
        return "none of the outputs is float32, and none is a map of class numbers"
    for find in (_nothing_found, _left_out, _levels, _parts, _one_list, _map, _vector):
        found = find(evidence)
        if found:
            return found
    return "the outputs are not those of any known head"


def _nothing_found(evidence: Evidence) -> str:
    """Finished detections of which all are what fills a list up."""
    boxes = [output for output in evidence.outputs if sizes_of(output)[1:] == (4,)]
    others = [o for o in evidence.outputs for box in boxes if sizes_of(o) == sizes_of(box)[:1]]
    empty = [o.name for o in others if np.isin(evidence.values[o.name], _FILLED).all()]
    if not empty:
        return ""
    return (
        f"the network finds nothing on these images, as {', '.join(dict.fromkeys(empty))} has only "
        "values that fill a list up: see first whether --pixels is that of the training, and give "
        "--images with pictures such as it was trained on"
    )


def _left_out(evidence: Evidence) -> str:
    """A list of which the other half was left out."""
    for output in evidence.outputs:
        for other in evidence.left_out:
            rows = set(sizes_of(output)[:1]) if len(sizes_of(output)) > 1 else set()
            if rows.intersection(sizes_of(other)[:1]):
                return (
                    f"{output.name} has as many rows as {other.name}, which --outputs leaves out: "
                    "each is only a part of what the network finds. Leave --outputs out, or name "
                    "both"
                )
    return ""


def _levels(evidence: Evidence) -> str:
    cells = [grid.cells for grid in grids(evidence)]
    if len(cells) < len(evidence.outputs) or not are_levels(cells, evidence.input_size):
        return ""
    return (
        f"the outputs are maps of {len(set(cells))} levels, as of a detector before its decoding: "
        f"export the model with its decoding, or {_DECODED}"
    )


def _parts(evidence: Evidence) -> str:
    groups = find_groups(evidence)
    if not groups:
        return ""
    return (
        f"the outputs have {groups[0].rows} rows each, as of a detector whose boxes are not put "
        f"together yet: {_DECODED}"
    )


def _one_list(evidence: Evidence) -> str:
    lists = [output for output in evidence.outputs if len(sizes_of(output)) == 2]
    if len(lists) != 1 or len(evidence.outputs) != 1:
        return ""
    first, second = sizes_of(lists[0])
    return (
        f"output {lists[0].name} has {max(first, second)} rows of {min(first, second)} values, "
        "which are neither a box with class scores, nor a finished detection: if the boxes are "
        f"offsets from anchors, give --anchors; otherwise {_DECODED}"
    )


def _map(evidence: Evidence) -> str:
    maps = grids(evidence)
    if len(maps) != 1 or len(evidence.outputs) != 1:
        return ""
    return (
        f"output {maps[0]} lies over the image as a map that is no class map: an image, features, "
        "or maps of points. If these are class scores, give --head segmentation"
    )


def _vector(evidence: Evidence) -> str:
    if any(len(sizes_of(output)) != 1 for output in evidence.outputs):
        return ""
    return "the outputs have one row for each image, but not one score for each class"
