"""The TF Object Detection API, TF Model Garden, and TensorFlow's combined suppression.

Of what such a model gives, the best is taken: the boxes before a suppression that the export has
cut out, the raw detections beside the finished ones, or the finished ones.
https://github.com/tensorflow/models/blob/master/research/object_detection/exporter_lib_v2.py
"""

from __future__ import annotations

import numpy as np

from converter.errors import HeadError
from converter.graph.heads.box_formats import (
    MOST,
    corner_format,
    find_scale,
    ordered_fraction,
    unit,
)
from converter.graph.heads.evidence import (
    BOXES_BEFORE_NMS,
    SCORES_BEFORE_NMS,
    Evidence,
    Recognised,
)
from converter.graph.heads.finished import Finished, FinishedHead, find_finished
from converter.graph.heads.plain import PlainHead, Rows, rows_of
from converter.graph.heads.refusals import listed, wrong_labels
from converter.graph.heads.scores import (
    TOLERANCE,
    ScoreReading,
    are_probabilities,
    count_classes,
    read_scores,
)

NAME = "tf-object-detection"
EXPECTS = (
    "detection_boxes [N, K, 4], detection_scores [N, K], detection_classes [N, K] and "
    "num_detections [N], or raw_detection_boxes [N, A, 4] and raw_detection_scores [N, A, C]"
)


def recognise(evidence: Evidence) -> Recognised | None:
    """Find boxes and scores by their names.

    Raises:
        HeadError: the boxes are no corners and no format was given, the labels do not fit, or
            whether there is a background class cannot be told.
    """
    finished = find_finished(evidence)
    cut = _pair(evidence, BOXES_BEFORE_NMS, SCORES_BEFORE_NMS)
    if cut is not None:
        reading = read_scores(cut[1].values(evidence.values), evidence)
        return _unsuppressed(*cut, reading, "what enters the suppression", evidence)
    raw = _pair(evidence, "raw_detection_boxes", "raw_detection_scores")
    if raw is not None:
        reading = _raw_reading(raw[1].values(evidence.values), finished, evidence)
        return _unsuppressed(*raw, reading, "the raw detections", evidence)
    return None if finished is None else _suppressed(finished, evidence)


def _pair(evidence: Evidence, boxes_name: str, scores_name: str) -> tuple[Rows, Rows] | None:
    """Boxes [N, A, 4] and scores [N, A, columns] of outputs whose names end so."""
    boxes, scores = (
        [
            rows_of(output)[0]
            for output in evidence.outputs
            if output.name.lower().endswith(name) and rows_of(output)
        ]
        for name in (boxes_name, scores_name)
    )
    fits = (
        len(boxes) == len(scores) == 1
        and boxes[0].columns == 4
        and boxes[0].anchors == scores[0].anchors
    )
    return (boxes[0], scores[0]) if fits else None


def _unsuppressed(
    boxes: Rows, scores: Rows, reading: ScoreReading, what: str, evidence: Evidence
) -> Recognised:
    """The head of boxes that are still to be suppressed."""
    box_format, scale = _box_format(boxes.values(evidence.values), evidence)
    head = PlainHead(NAME, boxes, scores, box_format, scale, reading)
    return Recognised(
        head,
        f"outputs {boxes.name} and {scores.name} are {what}, with {head.classes} classes; "
        f"boxes {box_format} in {unit(scale)}; scores are {reading}",
    )


def _box_format(boxes: np.ndarray, evidence: Evidence) -> tuple[str, tuple[float, float]]:
    """Format and scale of boxes ``[..., 4]``.

    Raises:
        HeadError: they are no corners, and no format was given.
    """
    scale = find_scale(boxes, evidence.options.boxes, evidence.input_size)
    if evidence.options.box_format != "auto":
        return evidence.options.box_format, scale
    if ordered_fraction(boxes) < MOST:
        raise HeadError(
            f"the boxes in the outputs ({listed(evidence)}) are not y1, x1, y2, x2: "
            "give --box-format"
        )
    return corner_format(boxes, scale, evidence.input_size, "yxyx"), scale


def _raw_reading(raw: np.ndarray, finished: Finished | None, evidence: Evidence) -> ScoreReading:
    """How raw scores ``[images, A, columns]`` are to be read: of the ways that options and labels
    leave, the one that gives the finished detections.

    Raises:
        HeadError: neither tells.
    """
    backgrounds = _backgrounds(raw.shape[-1], evidence)
    readings = [
        ScoreReading(activation, background)
        for activation in _activations(raw, evidence)
        for background in backgrounds
    ]
    if len(readings) == 1:
        return readings[0]
    agreeing = [
        reading for reading in readings if finished and _agrees(reading, raw, finished, evidence)
    ]
    if len(agreeing) == 1:
        return agreeing[0]
    raise HeadError(
        f"the raw scores in the outputs ({listed(evidence)}) may be "
        f"{' or '.join(map(str, readings))}, and the finished detections on these images do not "
        "show which: give --labels and --activation, or --background none or first"
    )


def _activations(raw: np.ndarray, evidence: Evidence) -> tuple[str, ...]:
    if evidence.options.activation != "auto":
        return (evidence.options.activation,)
    return ("none",) if are_probabilities(raw) else ("sigmoid", "softmax")


def _backgrounds(columns: int, evidence: Evidence) -> tuple[str, ...]:
    """Where the background may be; the API has it first.

    Raises:
        HeadError: the labels fit no such place.
    """
    given = evidence.options.background
    possible = ("none", "first") if given == "auto" else (given,)
    if evidence.labels is None:
        return possible
    fitting = tuple(
        background
        for background in possible
        if ScoreReading(background=background).classes(columns) == evidence.labels
    )
    if not fitting:
        counts = {ScoreReading(background=place).classes(columns) for place in possible}
        found = " or ".join(f"{count} classes" for count in sorted(counts))
        raise wrong_labels(evidence, f"{found} in the raw scores", "see --background")
    return fitting


def _agrees(reading: ScoreReading, raw: np.ndarray, finished: Finished, evidence: Evidence) -> bool:
    """Whether the best detection of each image has the best score of its class."""
    scores, numbers = finished.meant(evidence.values)
    columns = numbers - _first_class(finished, evidence)
    images = np.flatnonzero(scores.max(axis=1) > 0)
    for image in images:
        best = scores[image].argmax()
        column, of_classes = columns[image, best], reading.apply(raw[image])
        if not 0 <= column < of_classes.shape[-1]:
            return False
        if not abs(np.nanmax(of_classes[:, column]) - scores[image, best]) <= TOLERANCE:
            return False
    return len(images) > 0


def _suppressed(finished: Finished, evidence: Evidence) -> Recognised:
    """The head of finished detections."""
    scores, _ = finished.meant(evidence.values)
    boxes = np.where(scores[..., None] > 0, evidence.values[finished.boxes.name], 0)
    box_format, scale = _box_format(boxes.astype(np.float32), evidence)
    first = _first_class(finished, evidence)
    classes = _classes(finished, first, evidence)
    head = FinishedHead(NAME, finished, classes, first, box_format, scale)
    number = "as the labels file has" if evidence.labels else "the largest seen: --labels decides"
    return Recognised(
        head,
        f"outputs {', '.join(head.inputs)} are finished detections; boxes {box_format} in "
        f"{unit(scale)}; {classes} classes, {number}; numbered from {first}: --first-class says "
        "otherwise",
    )


def _first_class(finished: Finished, evidence: Evidence) -> int:
    """The number of the first class: 1 in the API, unless a 0 is seen; otherwise 0, unless that
    would be one class more than there are labels."""
    if evidence.options.first_class is not None:
        return evidence.options.first_class
    scores, numbers = finished.meant(evidence.values)
    seen = numbers[scores > 0]
    if (seen == 0).any():
        return 0
    if finished.api:
        return 1
    return int(seen.size > 0 and seen.max() == evidence.labels)


def _classes(finished: Finished, first: int, evidence: Evidence) -> int:
    """The number of classes.

    Raises:
        HeadError: there are numbers beyond the labels, or neither labels nor detections.
    """
    scores, numbers = finished.meant(evidence.values)
    seen = int(numbers[scores > 0].max(initial=first - 1)) - first + 1
    return count_classes(seen, first, evidence)
