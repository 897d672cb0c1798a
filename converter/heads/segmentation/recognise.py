"""Semantic segmentation: for each cell of a map a score for each class, or the class itself.

With one score in each cell there are two classes, of which it is the second's.
"""

from __future__ import annotations

import re

import numpy as np

from converter.errors import HeadError
from converter.heads.classification.recognise import lone_probabilities
from converter.heads.decoding.error_messages import existing_classes, listed, wrong_labels
from converter.heads.decoding.feature_maps import Grid, fits, grids, sizes_of
from converter.heads.decoding.scores import are_probabilities
from converter.heads.evidence import Evidence, Recognised
from converter.heads.family import Family
from converter.heads.segmentation.doubts import check_are_scores, empty_cells
from converter.heads.segmentation.head import SegmentationHead
from converter.inputs.tensor import Tensor
from trt_inference.inference.results import OUTSIDE

NAME = "segmentation"
EXPECTS = (
    "float32 [N, h, w, C] or [N, C, h, w] with a score for each class, or a map of class numbers "
    "[N, h, w] or [N, h, w, 1], with h and w in proportion to the input and at least 1/32 of it"
)

_COARSEST = 32
_FEW = 16  # numbers, as of a matrix of 4 x 4
MOST_CLASSES = OUTSIDE  # that uint8 can count beside it
FINE = 8  # pixels of a cell; coarser maps beside class scores of the image are features
FIRST = re.compile(r"(^|[^a-z0-9])output_0(:\d+)?$")
INTEGERS = ("uint8", "int8", "uint16", "int16", "int32", "int64", "bool")


def recognise(evidence: Evidence) -> Recognised | None:
    """A head for the one map, or for the finest of several; None without a map, or where other
    outputs are lists or maps of other things, unless the user asks for segmentation.

    Scores come before class numbers, which are the best of them.

    Raises:
        HeadError: several maps could be it, the labels do not fit, or there are more classes
            than 255.
    """
    numbers = [grid for output in evidence.outputs for grid in _class_map(output, evidence)]
    names = {grid.name for grid in numbers}
    scores = [g for g in grids(evidence) if g.name not in names and _is_fine(g, evidence)]
    asked = evidence.options.head == NAME
    if not (numbers or scores) or (not asked and _has_others(numbers + scores, scores, evidence)):
        return None
    if not asked and _is_beside(scores or numbers, evidence):
        return None
    grid, why = _only(scores or numbers, evidence)
    if scores:
        check_are_scores(grid, evidence)
    output = next(output for output in evidence.outputs if output.name == grid.name)
    head = (_score_head if scores else _number_head)(output, grid, evidence)
    if head.classes > MOST_CLASSES:
        raise HeadError(
            f"{output} is a map of {head.classes} classes, but a class map counts {MOST_CLASSES} "
            "at most: export a signature with another output"
        )
    if evidence.labels not in (None, head.classes):
        raise wrong_labels(evidence, f"a map of {head.classes} classes")
    reason = f"{output} lies over the image as a map: {head.description}{why}"
    if head.numbers:
        reason += " (--first-class decides)"
    elif grid.channels == 1:
        reason += " (--activation decides)"
        if evidence.labels is None:
            reason += "; if it is a depth or another quantity and no class score, it is no head"
    else:
        reason += empty_cells(grid, evidence)
    return Recognised(head, reason, _assumed(head, grid, evidence))


def _assumed(head: SegmentationHead, grid: Grid, evidence: Evidence) -> tuple[str, ...]:
    """What is usual and not shown; see ``Recognised``."""
    options, values = evidence.options, evidence.values[grid.name]
    if not head.numbers:
        unsure = grid.channels == 1 and options.activation == "auto"
        what = "probabilities" if head.threshold else "logits for a sigmoid"
        return (f"its values are {what} of one class: --activation changes it",) if unsure else ()
    found = []
    if options.first_class is None and not (values == head.first_class).any():
        found.append(f"classes are numbered from {head.first_class}: --first-class changes it")
    if evidence.labels is None:
        found.append(
            f"{existing_classes(head.classes)}, as the largest number seen is "
            f"{head.first_class + head.classes - 1}: --labels changes it"
        )
    return tuple(found)


def _is_fine(grid: Grid, evidence: Evidence) -> bool:
    height, width = evidence.input_size
    return grid.height * _COARSEST >= height and grid.width * _COARSEST >= width


def _class_map(output: Tensor, evidence: Evidence) -> list[Grid]:
    """The grid of an output [N, h, w], [N, h, w, 1] or [N, 1, h, w] of whole numbers; else
    nothing."""
    sizes, values = sizes_of(output), evidence.values[output.name]
    if len(sizes) == 3 and 1 in (sizes[0], sizes[2]):
        sizes = sizes[:2] if sizes[2] == 1 else sizes[1:]
    if len(sizes) != 2 or min(sizes) < 1 or not fits(sizes, evidence.input_size):
        return []
    grid = Grid(output.name, sizes[0], sizes[1], 1)
    whole = output.dtype in INTEGERS or (
        output.dtype == "float32" and bool((values == np.round(values)).all())
    )
    return [grid] if whole and _is_fine(grid, evidence) else []


def _has_others(found: list[Grid], scores: list[Grid], evidence: Evidence) -> bool:
    """Whether outputs are more than maps of classes: lists, coarse maps, maps of one size that
    differ in channels, or of several sizes with channels that are not the labels."""
    names = {grid.name for grid in found}
    others = [output for output in evidence.outputs if output.name not in names]
    if any(len(sizes_of(other)) > 1 and not _is_constant(other, evidence) for other in others):
        return True
    channels = {grid.channels for grid in scores}
    sizes = {grid.cells for grid in scores}
    return len(channels) > 1 or (len(sizes) > 1 and channels != {evidence.labels})


def _is_constant(output: Tensor, evidence: Evidence) -> bool:
    """Whether it has a few numbers that are the same for all images, as how they were scaled or a
    matrix of the camera, which tell nothing of what is seen."""
    values = evidence.values[output.name]
    few = int(np.prod(sizes_of(output))) <= _FEW
    return few and len(values) > 1 and bool((values == values[:1]).all())


def _is_beside(maps: list[Grid], evidence: Evidence) -> bool:
    """Whether the maps are features beside the class scores of whole images, by coarse cells.

    Raises:
        HeadError: cells are fine, so that either may be meant.
    """
    lone = lone_probabilities(evidence)
    if lone is None or any(grid.channels == evidence.labels for grid in maps):
        return False
    if all(min(grid.stride(evidence.input_size)) > FINE for grid in maps):
        return True
    if evidence.labels in (sizes_of(lone)[-1], sizes_of(lone)[-1] - 1):
        return True
    raise HeadError(
        f"of the outputs ({listed(evidence)}), {lone} may be the class scores of the image, the "
        "others class maps: give --head classification or --head segmentation"
    )


def _only(maps: list[Grid], evidence: Evidence) -> tuple[Grid, str]:
    """The finest map, or the first of those that are given without names, and why that.

    Raises:
        HeadError: there are several.
    """
    finest = [grid for grid in maps if grid.cells == max(other.cells for other in maps)]
    fitting = [grid for grid in finest if grid.channels == evidence.labels] or finest
    if len(fitting) == 1:
        return fitting[0], ""
    first = [grid for grid in fitting if FIRST.search(grid.name)]
    if len(first) == 1 and len({grid.shape for grid in fitting}) == 1:
        return first[0], "; the first output, as the others mostly are auxiliary"
    if fitting[0].channels > 1:
        check_are_scores(fitting[0], evidence)
    raise HeadError(
        f"several of the outputs ({listed(evidence)}) could be the map of the classes: choose "
        "one of them only with --outputs NAME"
    )


def _score_head(output: Tensor, grid: Grid, evidence: Evidence) -> SegmentationHead:
    if grid.channels > 1:
        return SegmentationHead(output, grid, grid.channels)
    activation = evidence.options.activation
    if activation == "auto":
        activation = "none" if are_probabilities(evidence.values[output.name]) else "sigmoid"
    # A sigmoid is above 0.5 where its argument is above 0.
    return SegmentationHead(output, grid, 2, threshold=0.5 if activation == "none" else 0.0)


def _number_head(output: Tensor, grid: Grid, evidence: Evidence) -> SegmentationHead:
    """
    Raises:
        HeadError: there are numbers below that of the first class, or more than labels.
    """
    first = evidence.options.first_class or 0
    values = evidence.values[output.name]
    lowest, highest = int(values.min()), int(values.max())
    seen = highest - first + 1
    if lowest < first:
        raise HeadError(
            f"{output} has class numbers from {lowest} to {highest}, but those of classes begin "
            f"at {first}: specify with --first-class where they do"
        )
    if evidence.labels is not None and seen > evidence.labels:
        raise wrong_labels(
            evidence, f"class numbers from {lowest} to {highest}", "see --first-class"
        )
    return SegmentationHead(
        output, grid, evidence.labels or max(seen, 1), numbers=True, first_class=first
    )


FAMILY = Family(90, {NAME: EXPECTS}, recognise)
