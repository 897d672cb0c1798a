"""The TF Object Detection API, TF Model Garden, and TensorFlow's combined suppression.

Of what such a model gives, the best is taken: the boxes before a suppression that the export has
cut out, the raw detections beside the finished ones, or the finished ones.
https://github.com/tensorflow/models/blob/master/research/object_detection/exporter_lib_v2.py
"""

from __future__ import annotations

import numpy as np

from converter.heads.boxes_and_scores.head import BoxesAndScoresHead, BoxRows, rows_of
from converter.heads.decoding.box_formats import unit
from converter.heads.decoding.corner_order import assumed_corners
from converter.heads.decoding.find_activation import read_scores
from converter.heads.decoding.scores import ScoreReading
from converter.heads.evidence import BOXES_BEFORE_NMS, SCORES_BEFORE_NMS, Evidence, Recognised
from converter.heads.family import Family
from converter.heads.finished.decode_options import finished_detections, read_corners
from converter.heads.finished.outputs import Finished, find_finished
from converter.heads.tf_object_detection.raw_scores import possible_readings, undecided

NAME = "tf-object-detection"
EXPECTS = (
    "detection_boxes [N, K, 4], detection_scores [N, K], detection_classes [N, K] and "
    "num_detections [N], or raw_detection_boxes [N, A, 4] and raw_detection_scores [N, A, C]"
)


def recognise(evidence: Evidence) -> Recognised | None:
    """Find boxes and scores by their names.

    Raises:
        HeadError: the boxes are no corners and no format was given, the labels do not fit, or
            whether there is a background class cannot be determined.
    """
    finished = find_finished(evidence)
    cut = _pair(evidence, BOXES_BEFORE_NMS, SCORES_BEFORE_NMS)
    if cut is not None:
        reading = read_scores(cut[1].values(evidence.values), evidence, no_background=True)
        what = "what enters the suppression"
        return _unsuppressed(*cut, reading, what, evidence, evidence.each_class)
    raw = _pair(evidence, "raw_detection_boxes", "raw_detection_scores")
    return _finished(finished, evidence) if raw is None else _raw(*raw, finished, evidence)


def _raw(
    boxes: BoxRows, scores: BoxRows, finished: Finished | None, evidence: Evidence
) -> Recognised:
    """The raw detections, or the finished ones where those may be read in several ways.

    Raises:
        HeadError: they may, and there are no finished ones.
    """
    readings = possible_readings(scores.values(evidence.values), finished, evidence)
    if len(readings) == 1:
        several = _has_boxes_twice(finished, evidence)
        return _unsuppressed(boxes, scores, readings[0], "the raw detections", evidence, several)
    recognised = _finished(finished, evidence)
    if recognised is None:
        raise undecided(readings, evidence)
    return Recognised(
        recognised.head,
        f"{recognised.reason}; the raw detections would be better, but their scores may be "
        f"{' or '.join(map(str, readings))}: a labels file (--labels) lets them be used",
        recognised.assumed,
    )


def _has_boxes_twice(finished: Finished | None, evidence: Evidence) -> bool:
    """Whether finished detections have a box once for each of its classes, which is usual in the
    API, and so the answer where there are none."""
    if finished is None:
        return True
    scores, _ = finished.meant(evidence.values)
    images = zip(finished.meant_boxes(evidence.values), scores > 0, strict=True)
    found = [boxes[valid] for boxes, valid in images if valid.any()]
    return any(len(np.unique(boxes, axis=0)) < len(boxes) for boxes in found) or not found


def _finished(finished: Finished | None, evidence: Evidence) -> Recognised | None:
    return finished_detections(NAME, finished, "yxyx", evidence) if finished else None


def _pair(evidence: Evidence, boxes_name: str, scores_name: str) -> tuple[BoxRows, BoxRows] | None:
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
    boxes: BoxRows,
    scores: BoxRows,
    reading: ScoreReading,
    what: str,
    evidence: Evidence,
    each_class: bool,
) -> Recognised:
    """The head of boxes that are still to be suppressed."""
    best = reading.apply(scores.values(evidence.values)).max(axis=-1)
    box_format, scale, why = read_corners(boxes.values(evidence.values), best, evidence, "yxyx")
    head = BoxesAndScoresHead(
        NAME, boxes, scores, box_format, scale, reading, each_class=each_class
    )
    return Recognised(
        head,
        f"outputs {boxes.name} and {scores.name} are {what}, with {head.classes} classes; "
        f"boxes {box_format} in {unit(scale)}, {why} (--box-format decides); scores are {reading}"
        f"{'; a box is given once for each of its classes' if each_class else ''}",
        assumed_corners(box_format, why) if boxes.name.endswith(BOXES_BEFORE_NMS) else (),
    )


FAMILY = Family(10, {NAME: EXPECTS}, recognise)
