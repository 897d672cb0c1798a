"""Results → ROS messages, and detections back for those who receive them."""

from __future__ import annotations

import array
from typing import Sequence

import numpy as np
import vision_msgs.msg
from builtin_interfaces.msg import Time
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import (
    Detection2D,
    Detection2DArray,
    LabelInfo,
    ObjectHypothesis,
    ObjectHypothesisWithPose,
    VisionClass,
)

from trt_inference.detections import Detections
from trt_inference.results import Classification, Segmentation


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


def classification_to_message(
    classification: Classification, header: Header, labels: Sequence[str]
) -> vision_msgs.msg.Classification:
    """A message with the image's own ``header`` and class names as ``class_id``, the best score
    first. It has no results when no class reaches the threshold."""
    message = vision_msgs.msg.Classification(header=header)
    message.results = [
        ObjectHypothesis(class_id=labels[class_id], score=score)
        for class_id, score in zip(
            classification.class_ids.tolist(), classification.scores.tolist()
        )
    ]
    return message


def segmentation_to_message(
    segmentation: Segmentation, header: Header, labels: Sequence[str]
) -> Image:
    """The class number of each pixel as mono8, with the image's own ``header`` and size.

    The class map is copied. ``labels`` are not used: they are on a topic of their own.
    """
    height, width = segmentation.class_map.shape
    message = Image(header=header, height=height, width=width, encoding="mono8", step=width)
    # The one type that rclpy takes as it is; from others it converts each byte by itself.
    data = array.array("B")
    data.frombytes(segmentation.class_map.data)
    message.data = data
    return message


def label_info_message(labels: Sequence[str], score_threshold: float, stamp: Time) -> LabelInfo:
    """What class numbers stand for, and the lowest score of a result."""
    message = LabelInfo(threshold=score_threshold)
    message.header.stamp = stamp
    message.class_map = [
        VisionClass(class_id=class_id, class_name=label) for class_id, label in enumerate(labels)
    ]
    return message
