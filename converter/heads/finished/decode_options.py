"""How finished detections are to be read: the order of their corners, and their class numbers."""

from __future__ import annotations

import numpy as np

from converter.errors import HeadError
from converter.heads.decoding.box_formats import (
    MOST,
    find_scale,
    ordered_fraction,
    publishable_boxes,
    unit,
)
from converter.heads.decoding.class_numbers import assumed_numbers, count_classes
from converter.heads.decoding.corner_order import assumed_corners, corner_format
from converter.heads.decoding.error_messages import class_count, listed
from converter.heads.evidence import Evidence, Recognised
from converter.heads.finished.head import FinishedHead
from converter.heads.finished.outputs import Finished

Scale = tuple[float, float]


def finished_detections(
    family: str, finished: Finished, usual: str, evidence: Evidence
) -> Recognised:
    """The head of finished detections.

    Args:
        family: its name.
        usual: order of corners that the values do not show, see ``read_corners``.

    Raises:
        HeadError: the boxes are no corners and no format was given, or the labels do not fit.
    """
    boxes, (scores, _) = finished.meant_boxes(evidence.values), finished.meant(evidence.values)
    box_format, scale, why = read_corners(boxes, scores, evidence, usual)
    first = first_class_of(finished, evidence)
    classes = _classes(finished, first, evidence)
    head = FinishedHead(family, finished, classes, first, box_format, scale)
    return Recognised(
        head,
        f"outputs {', '.join(head.inputs)} are finished detections; boxes {box_format} in "
        f"{unit(scale)}, {why} (--box-format decides); {_why_classes(finished, head, evidence)}",
        (
            *(() if finished.api else assumed_corners(box_format, why)),
            *_assumed_classes(finished, head, evidence),
        ),
    )


def _why_classes(finished: Finished, head: FinishedHead, evidence: Evidence) -> str:
    if finished.numbers is None:
        return "one class, as no output gives its number"
    number = "as the labels file has" if evidence.labels else "the largest seen: --labels decides"
    return (
        f"{class_count(head.classes)}, {number}; numbered from {head.first_class}: --first-class "
        "changes it"
    )


def _assumed_classes(finished: Finished, head: FinishedHead, evidence: Evidence) -> tuple[str, ...]:
    if finished.numbers is None:
        return ()
    is_known = finished.api or head.first_class > 0
    seen = _seen(finished, evidence)
    return assumed_numbers(seen, head.classes, head.first_class, evidence, is_known)


def _seen(finished: Finished, evidence: Evidence) -> np.ndarray:
    """The class numbers of what was detected."""
    scores, numbers = finished.meant(evidence.values)
    return numbers[scores > 0]


def read_corners(
    boxes: np.ndarray, scores: np.ndarray, evidence: Evidence, usual: str
) -> tuple[str, Scale, str]:
    """Format and scale of boxes ``[images, A, 4]``, and why that format.

    Args:
        scores: the best of each box, ``[images, A]``: boxes that no robot publishes are no
            evidence.
        usual: ``xyxy`` or ``yxyx``; ``auto`` for ``yxyx`` in fractions, as in TensorFlow, and
            ``xyxy`` in pixels.

    Raises:
        HeadError: they are no corners, and no format was given.
    """
    published = publishable_boxes(boxes, scores)
    scale = find_scale(published, evidence.options.boxes, evidence.input_size)
    if evidence.options.box_format != "auto":
        return evidence.options.box_format, scale, "as --box-format specifies"
    if ordered_fraction(published) < MOST:
        raise HeadError(
            f"the boxes in the outputs ({listed(evidence)}) are not two corners: give --box-format"
        )
    if usual == "auto":
        usual = "xyxy" if scale == (1.0, 1.0) else "yxyx"
    box_format, why = corner_format(boxes, scale, evidence.input_size, usual)
    return box_format, scale, why


def first_class_of(finished: Finished, evidence: Evidence) -> int:
    """The number of the first class: 1 in the TF Object Detection API, unless a 0 is seen;
    otherwise 0, unless outputs have the names of TensorFlow and that would be one class more than
    there are labels."""
    if finished.numbers is None:
        return 0
    if evidence.options.first_class is not None:
        return evidence.options.first_class
    seen = _seen(finished, evidence)
    if (seen == 0).any():
        return 0
    if finished.api:
        return 1
    return int(finished.named and seen.size > 0 and seen.max() == evidence.labels)


def _classes(finished: Finished, first: int, evidence: Evidence) -> int:
    """The number of classes; one where no output gives their numbers.

    Raises:
        HeadError: there are numbers beyond the labels, or neither labels nor detections.
    """
    if finished.numbers is None:
        return 1
    seen = int(_seen(finished, evidence).max(initial=first - 1)) - first + 1
    return count_classes(seen, first, evidence)
