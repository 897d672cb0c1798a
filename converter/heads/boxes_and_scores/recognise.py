"""A pair of outputs: a box [N, A, 4] and the scores of its classes [N, A, C], decoded already.

Either may have its boxes along the last axis, [N, 4, A] and [N, C, A], and the scores of one class
may be [N, A].
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from converter.errors import HeadError
from converter.heads.boxes_and_scores.head import (
    BoxesAndScoresHead,
    BoxRows,
    one_score_each,
    rows_of,
)
from converter.heads.decoding.box_formats import (
    MOST,
    PIXELS,
    find_scale,
    ordered_fraction,
    positive_fraction,
    unit,
)
from converter.heads.decoding.centre_or_corner import centre_or_corner
from converter.heads.decoding.corner_order import assumed_corners, corner_format
from converter.heads.decoding.error_messages import class_count
from converter.heads.decoding.find_activation import assumed_activation, read_scores
from converter.heads.decoding.scores import are_probabilities
from converter.heads.evidence import Evidence, Recognised
from converter.heads.family import Family
from converter.inputs.tensor import Tensor

NAME = "boxes-and-scores"
EXPECTS = (
    "two outputs float32, boxes [N, A, 4] and class scores [N, A, C], or [N, 4, A], [N, C, A]; the "
    "scores of one class also as [N, A]"
)
BOX_NAMES, _SCORE_NAMES = re.compile("box"), re.compile("score|class|cls|logit|prob|conf")
# DETR gives each object once, and has the background last, https://arxiv.org/abs/2005.12872.
DETR = re.compile(r"pred_boxes(:\d+)?$")
_DETR_SCORES = re.compile(r"(^|[^a-z0-9_]|pred_)logits(:\d+)?$")
_CENTRES = "because they are no corners but have positive sides"
_ASSUMED_CENTRES = (
    "boxes are centres with sides, not corners with sides: --box-format xywh changes it",
)


def recognise(evidence: Evidence) -> Recognised | None:
    """Find the pair whose boxes have ordered corners or positive sides.

    Corners are ``xyxy`` in pixels, and ``yxyx`` normalised, as in TensorFlow, unless the values
    show which coordinate is along the longer side of the input, or grows along the list.

    Raises:
        HeadError: several pairs fit and their names do not decide, the labels fit none, or the
            family was asked for and the box format cannot be determined.
    """
    options = evidence.options
    if options.head == "auto" and options.anchors is not None:
        return None  # The user knows that the boxes are relative to anchors.
    pairs = [pair for pair in _pairs(evidence, rows_of) if _plausible(*pair, evidence)]
    if not pairs:
        lists = _pairs(evidence, one_score_each)
        pairs = [pair for pair in lists if _plausible(*pair, evidence)]
    if len(pairs) > 1:
        pairs = [pair for pair in pairs if _named(*pair)]
        pairs = [pair for pair in pairs if _named_by_detr(*pair)] or pairs
        if len(pairs) != 1:
            raise HeadError(
                "more than one pair of outputs may be boxes and scores "
                f"({'; '.join(map(str, evidence.outputs))}): choose one pair with --outputs, or "
                "export outputs with 'boxes' and 'scores' in their names"
            )
    if not pairs:
        return None
    if options.head == "auto":
        _check_nothing_is_left(*pairs[0], evidence)
        _check_boxes_are_no_scores(*pairs[0], evidence)
    return _head(*pairs[0], evidence)


def _check_nothing_is_left(boxes: BoxRows, scores: BoxRows, evidence: Evidence) -> None:
    """Refuse a third output with a value for each box: the scores may have to be multiplied by
    it, and the boxes of such heads are often distances from a point.

    Raises:
        HeadError: there is one.
    """
    for output in evidence.outputs:
        single = any(
            rows.columns == 1 and rows.anchors == boxes.anchors
            for rows in (*rows_of(output), *one_score_each(output))
        )
        if single and output.name != scores.name and not _is_best(output, scores, evidence):
            raise HeadError(
                f"beside boxes {boxes.name} and scores {scores.name} there is {output}, which may "
                f"be an objectness or centerness of each box: give --head {NAME} to leave it out, "
                "or name another --head"
            )


def _is_best(output: Tensor, scores: BoxRows, evidence: Evidence) -> bool:
    """Whether it repeats the best score or the best class of each box."""
    values, of_classes = evidence.values[output.name], scores.values(evidence.values)
    return values.size * scores.columns == of_classes.size and any(
        np.allclose(values.reshape(best.shape), best, atol=1e-3)
        for best in (of_classes.max(axis=2), of_classes.argmax(axis=2))
    )


def _check_boxes_are_no_scores(boxes: BoxRows, scores: BoxRows, evidence: Evidence) -> None:
    """Refuse what may be the probabilities of four classes beside offsets or distances, four or
    four times as many: centres and sides in fractions look the same.

    Raises:
        HeadError: the outputs may be that, and names and options leave it open.
    """
    values = boxes.values(evidence.values)
    if (
        scores.columns % 4 == 0
        and evidence.options.box_format == "auto"
        and not BOX_NAMES.search(boxes.name.lower())
        and ordered_fraction(values) < MOST
        and are_probabilities(values)
    ):
        raise HeadError(
            f"output {boxes.name} may be the centres and sides of boxes in fractions of the input, "
            f"or the probabilities of four classes beside {scores.name}: give --box-format cxcywh "
            "for boxes, or export decoded boxes with 'box' in their name"
        )


def _pairs(
    evidence: Evidence, rows_of_scores: Callable[[Tensor], list[BoxRows]]
) -> list[tuple[BoxRows, BoxRows]]:
    """Boxes and scores of every two outputs that fit each other, once for each two."""
    pairs: dict[tuple[str, str], tuple[BoxRows, BoxRows]] = {}
    for boxes_output in evidence.outputs:
        for scores_output in evidence.outputs:
            for boxes in rows_of(boxes_output):
                for scores in rows_of_scores(scores_output):
                    if (
                        boxes_output is not scores_output
                        and boxes.columns == 4
                        and boxes.anchors == scores.anchors
                    ):
                        pairs.setdefault((boxes.name, scores.name), (boxes, scores))
    return list(pairs.values())


def _named(boxes: BoxRows, scores: BoxRows) -> bool:
    """Whether their names show what they are."""
    return bool(BOX_NAMES.search(boxes.name.lower()) and _SCORE_NAMES.search(scores.name.lower()))


def _named_by_detr(boxes: BoxRows, scores: BoxRows) -> bool:
    """Whether they have the names of DETR's results, which D-FINE has too, beside those of its
    earlier layers, https://arxiv.org/abs/2410.13842."""
    return bool(DETR.search(boxes.name.lower()) and _DETR_SCORES.search(scores.name.lower()))


def _plausible(boxes: BoxRows, scores: BoxRows, evidence: Evidence) -> bool:
    """Whether they can be that: boxes by their values, as those relative to anchors are about as
    often below 0 as above; and neither has the name of the other."""
    if _SCORE_NAMES.search(boxes.name.lower()) and BOX_NAMES.search(scores.name.lower()):
        return _named(boxes, scores)
    if evidence.options.head != "auto" or evidence.options.box_format != "auto":
        return True
    values = boxes.values(evidence.values)
    return ordered_fraction(values) >= MOST or positive_fraction(values) >= MOST


def _head(boxes: BoxRows, scores: BoxRows, evidence: Evidence) -> Recognised:
    values = boxes.values(evidence.values)
    scale = find_scale(values, evidence.options.boxes, evidence.input_size)
    box_format, why = _box_format(values, scale, evidence)
    is_set = DETR.search(boxes.name.lower()) is not None
    if is_set and scores.columns - 1 == evidence.labels and evidence.options.background == "auto":
        evidence = replace(evidence, options=replace(evidence.options, background="last"))
    reading = read_scores(scores.values(evidence.values), evidence)
    head = BoxesAndScoresHead(NAME, boxes, scores, box_format, scale, reading, needs_nms=not is_set)
    return Recognised(
        head,
        f"outputs {boxes.name} and {scores.name} are {boxes.anchors} boxes and their scores for "
        f"{class_count(head.classes)}; boxes in {unit(scale)} are {box_format}, {why}; scores are "
        f"{reading}: --activation and --background change it"
        + ("; as in DETR, each object has one box, without a suppression" if is_set else ""),
        (
            *assumed_corners(box_format, why.partition(":")[0]),
            *(_ASSUMED_CENTRES if why == _CENTRES else ()),
            *assumed_activation(reading, scores.values(evidence.values), evidence),
        ),
    )


def _box_format(
    values: np.ndarray, scale: tuple[float, float], evidence: Evidence
) -> tuple[str, str]:
    """The format, and why."""
    if evidence.options.box_format != "auto":
        return evidence.options.box_format, "as --box-format specifies"
    if ordered_fraction(values) >= MOST:
        usual = "xyxy" if unit(scale) == PIXELS else "yxyx"
        box_format, why = corner_format(values, scale, evidence.input_size, usual)
        return box_format, f"{why}: --box-format changes it"
    if positive_fraction(values) >= MOST:
        shown = centre_or_corner(values, scale, evidence.input_size)
        return shown or ("cxcywh", _CENTRES)
    raise HeadError(
        "the boxes are neither corners nor centres with positive sides: give --box-format, or "
        "--head ssd and --anchors if they are relative to anchors"
    )


FAMILY = Family(80, {NAME: EXPECTS}, recognise)
