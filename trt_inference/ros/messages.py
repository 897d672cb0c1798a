"""Detections → vision_msgs, and back for those who receive them."""

from __future__ import annotations

from typing import Sequence

import numpy as np
from std_msgs.msg import Header
from vision_msgs.msg import Detection2D, Detection2DArray, ObjectHypothesisWithPose

from trt_inference.detections import Detections


def detections_to_message(
    detections: Detections, header: Header, labels: Sequence[str]
) -> Detection2DArray:
    """A message with the image's own ``header``, boxes in its pixels, class names as
    ``class_id``. It has no elements when nothing was seen."""
    message = Detection2DArray(header=header)
    message.detections = [
        _detection(header, box, score, labels[class_id])
        for box, score, class_id in zip(
            detections.xyxy.tolist(), detections.scores.tolist(), detections.class_ids.tolist()
        )
    ]
    return message


def _detection(header: Header, box: Sequence[float], score: float, label: str) -> Detection2D:
    hypothesis = ObjectHypothesisWithPose()
    hypothesis.hypothesis.class_id = label
    hypothesis.hypothesis.score = score
    detection = Detection2D(header=header, results=[hypothesis])
    x1, y1, x2, y2 = box
    detection.bbox.center.position.x = (x1 + x2) / 2
    detection.bbox.center.position.y = (y1 + y2) / 2
    detection.bbox.size_x = x2 - x1
    detection.bbox.size_y = y2 - y1
    return detection


def message_to_detections(message: Detection2DArray, labels: Sequence[str]) -> Detections:
    """What a message says, as arrays; the first hypothesis of each detection counts.

    Raises:
        ValueError: a class_id is not one of ``labels``.
    """
    boxes = np.zeros((len(message.detections), 4), np.float32)
    scores = np.zeros(len(boxes), np.float32)
    class_ids = np.zeros(len(boxes), np.int32)
    for index, detection in enumerate(message.detections):
        centre, box = detection.bbox.center.position, detection.bbox
        half_width, half_height = box.size_x / 2, box.size_y / 2
        boxes[index] = (
            centre.x - half_width,
            centre.y - half_height,
            centre.x + half_width,
            centre.y + half_height,
        )
        hypothesis = detection.results[0].hypothesis
        scores[index] = hypothesis.score
        if hypothesis.class_id not in labels:
            raise ValueError(f"class_id '{hypothesis.class_id}' is not one of {', '.join(labels)}")
        class_ids[index] = labels.index(hypothesis.class_id)
    return Detections(boxes, scores, class_ids)
