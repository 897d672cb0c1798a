"""Finished detections with arbitrary names: boxes, scores and class numbers, known by their values.

keras-retinanet gives them so, https://github.com/fizyr/keras-retinanet, filled up with -1, and so
do exports that lose the names of outputs. A detector of one class may give no class numbers.
"""

from __future__ import annotations

import numpy as np

from converter.errors import HeadError
from converter.heads.decoding.box_formats import MOST, find_scale, ordered_fraction
from converter.heads.decoding.corner_order import corner_format
from converter.heads.decoding.error_messages import listed
from converter.heads.decoding.feature_maps import sizes_of
from converter.heads.decoding.scores import TOLERANCE, are_probabilities
from converter.heads.evidence import Evidence, Recognised
from converter.heads.family import Family
from converter.heads.finished.decode_options import finished_detections
from converter.heads.finished.outputs import ONNX_TYPES, Finished, is_count
from converter.inputs.tensor import Tensor
from trt_inference.inference.box_overlaps import pairwise_iou

NAME = "finished"
EXPECTS = (
    "finished detections by any names: boxes [N, K, 4], scores [N, K] in [0, 1], whole numbers of "
    "classes [N, K], filled up with -1 or 0, and maybe their count [N]; without classes, there is "
    "one"
)
FILLED = -1  # where a list has no more detections
# A suppression leaves no two boxes that are so alike.
MOST_ALIKE = 0.9


def recognise(evidence: Evidence) -> Recognised | None:
    """Find three lists of one length K, and how many of the K are valid if an output gives it; or
    boxes and scores alone, of one class.

    Classes count from 0, corners are ``xyxy`` in pixels and ``yxyx`` in fractions, unless values
    or options show otherwise.

    Raises:
        HeadError: several outputs could be one of them, the boxes are no corners and no format
            was given, nothing is found, or the labels do not fit.
    """
    found = [
        Finished(boxes, scores, numbers, _count(scores, evidence), named=False)
        for boxes in evidence.outputs
        if boxes.dtype in ("float32", "float16") and sizes_of(boxes)[1:] == (4,)
        for scores in evidence.outputs
        if _are_scores(scores, sizes_of(boxes)[:1], evidence)
        for numbers in evidence.outputs
        if numbers is not scores and _are_numbers(numbers, sizes_of(boxes)[:1], evidence)
    ]
    found = found or _of_one_class(evidence)
    if len(found) > 1:
        raise HeadError(
            f"several of the outputs ({listed(evidence)}) could be the boxes, scores or classes of "
            "finished detections: choose one of each with --outputs"
        )
    if not found:
        return None
    recognised = finished_detections(NAME, found[0], "auto", evidence)
    _check_order_of_keras(found[0], evidence)
    return recognised


def _check_order_of_keras(found: Finished, evidence: Evidence) -> None:
    """Ask for the order of corners in outputs with the names of KerasHub and KerasCV, whose models
    have any ``bounding_box_format``, if their values do not show it.

    Raises:
        HeadError: they do not, and no format was given.
    """
    if "confidence" not in found.scores.name.lower() or evidence.options.box_format != "auto":
        return
    boxes = found.meant_boxes(evidence.values)
    scale = find_scale(boxes, evidence.options.boxes, evidence.input_size)
    if corner_format(boxes, scale, evidence.input_size, "")[0] == "":
        raise HeadError(
            f"the boxes in the outputs ({listed(evidence)}) are two corners, and their values do "
            "not show whether x or y is first: give --box-format yxyx or xyxy, as the "
            "bounding_box_format of the KerasHub or KerasCV model is"
        )


def _of_one_class(evidence: Evidence) -> list[Finished]:
    """Boxes and scores, without another output of as many rows."""
    return [
        one
        for boxes in evidence.outputs
        if boxes.dtype in ("float32", "float16") and sizes_of(boxes)[1:] == (4,)
        for scores in evidence.outputs
        if any(
            _are_scores(scores, (*sizes_of(boxes)[:1], *column), evidence) for column in ((), (1,))
        )
        for one in (Finished(boxes, scores, None, _count(scores, evidence), named=False),)
        if not _has_more(one, evidence) and _is_suppressed(one, evidence)
    ]


def _has_more(found: Finished, evidence: Evidence) -> bool:
    """Whether another output may have something for each box: classes, an objectness, key points;
    any list where no count shows that the boxes are finished."""
    others = [output for output in evidence.outputs if output not in found.tensors]
    lists = [sizes_of(output) for output in others if not is_count(output)]
    return bool(lists) if found.count is None else any(found.anchors in one for one in lists)


def _is_suppressed(found: Finished, evidence: Evidence) -> bool:
    """Whether the boxes are those that a suppression has left: their number is given, or the best
    are first and no two are nearly the same. Others are for ``boxes-and-scores``."""
    if found.count is not None or evidence.options.head == NAME:
        return True
    scores, _ = found.meant(evidence.values)
    if (np.diff(scores, axis=1) > 0).any():
        return False
    for boxes, valid in zip(found.meant_boxes(evidence.values), scores > 0, strict=True):
        overlaps = np.triu(pairwise_iou(boxes[valid], boxes[valid]), k=1)
        if overlaps.size and overlaps.max() > MOST_ALIKE:
            return False
    return ordered_fraction(found.meant_boxes(evidence.values)) >= MOST


def _are_scores(output: Tensor, sizes: tuple[int, ...], evidence: Evidence) -> bool:
    """Probabilities, but for those that fill up; whole numbers only are none."""
    if output.dtype not in ("float32", "float16") or sizes_of(output) != sizes:
        return False
    values = evidence.values[output.name].astype(np.float32)
    values = values[values != FILLED]
    return are_probabilities(values) and not _are_whole(values)


def _are_numbers(output: Tensor, sizes: tuple[int, ...], evidence: Evidence) -> bool:
    if output.dtype not in ONNX_TYPES or sizes_of(output) != sizes:
        return False
    values = evidence.values[output.name].astype(np.float32)
    return _are_whole(values) and bool((values >= FILLED).all())


def _are_whole(values: np.ndarray) -> bool:
    return bool((np.abs(values - np.round(values)) <= TOLERANCE).all())


def _count(scores: Tensor, evidence: Evidence) -> Tensor | None:
    """The one output with a whole number from 0 to K for each image."""
    most = sizes_of(scores)[0]
    counts = []
    for output in evidence.outputs:
        values = evidence.values[output.name]
        if output is scores or output.dtype not in ONNX_TYPES or not is_count(output):
            continue
        if _are_whole(values.astype(np.float32)) and 0 <= values.min() <= values.max() <= most:
            counts.append(output)
    return counts[0] if len(counts) == 1 else None


FAMILY = Family(20, {NAME: EXPECTS}, recognise)
