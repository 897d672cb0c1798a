"""Results → ROS messages, and detections back for those who receive them."""

import array
import zlib
from typing import List, Mapping, Optional, Sequence

import numpy as np
import vision_msgs.msg
from builtin_interfaces.msg import Time
from sensor_msgs.msg import Image
from vision_msgs.msg import (
    Detection2D,
    Detection2DArray,
    LabelInfo,
    ObjectHypothesis,
    ObjectHypothesisWithPose,
    VisionClass,
    VisionInfo,
)

from trt_inference.inference.detections import Detections
from trt_inference.inference.results import Classification, Segmentation
from trt_inference.ros.messages.class_texts import ClassTexts, number_of
from trt_inference.ros.messages.headers import AnyHeader, header_message


class DetectionMessages:
    """Makes messages of detections in the same objects again and again: to make 100 new ones
    costs more than most networks' postprocessing."""

    def __init__(self) -> None:
        self._message = Detection2DArray()
        self._made: List[Detection2D] = []

    def __call__(
        self, detections: Detections, header: AnyHeader, texts: Mapping[int, str]
    ) -> Detection2DArray:
        """A message with the image's own ``header``, and boxes in its pixels. It has no elements
        when nothing was seen, and is overwritten by the next call.

        Args:
            texts: of each class, for ``class_id``.
        """
        header = header_message(header)
        corners = detections.xyxy.astype(np.float64)
        centres = (corners[:, :2] + corners[:, 2:]) / 2
        sizes = corners[:, 2:] - corners[:, :2]
        while len(self._made) < len(corners):
            self._made.append(Detection2D(results=[ObjectHypothesisWithPose()]))
        for detection, centre, size, score, class_id in zip(
            self._made,
            centres.tolist(),
            sizes.tolist(),
            detections.scores.tolist(),
            detections.class_ids.tolist(),
        ):
            detection.header = header
            hypothesis = detection.results[0].hypothesis
            hypothesis.class_id = texts[class_id]
            hypothesis.score = score
            box = detection.bbox
            position = box.center.position
            position.x, position.y = centre
            box.size_x, box.size_y = size
        self._message.header = header
        self._message.detections = self._made[: len(corners)]
        return self._message


def detections_to_message(
    detections: Detections, header: AnyHeader, texts: ClassTexts
) -> Detection2DArray:
    """A new message, as ``DetectionMessages`` makes it."""
    return DetectionMessages()(detections, header, texts)


def message_to_detections(
    message: Detection2DArray, labels: Sequence[str], label_policy: Optional[str] = None
) -> Detections:
    """The content of a message as arrays; the first hypothesis of each detection counts.

    Args:
        label_policy: of the sender; None: each ``class_id`` is a name, or else a number.

    Raises:
        ValueError: a class_id is neither one of ``labels`` nor a number.
    """
    names = {} if label_policy == "index" else {name: i for i, name in enumerate(labels)}
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
        number = names.get(hypothesis.class_id)
        class_ids[index] = number_of(hypothesis.class_id, labels) if number is None else number
    return Detections(boxes, scores, class_ids)


def classification_to_message(
    classification: Classification, header: AnyHeader, texts: ClassTexts
) -> vision_msgs.msg.Classification:
    """A message with the image's own ``header``, the best score first. It has no results when no
    class reaches the threshold.

    Args:
        texts: of each class, for ``class_id``.
    """
    message = vision_msgs.msg.Classification(header=header_message(header))
    message.results = [
        ObjectHypothesis(class_id=texts[class_id], score=score)
        for class_id, score in zip(
            classification.class_ids.tolist(), classification.scores.tolist()
        )
    ]
    return message


def segmentation_to_message(
    segmentation: Segmentation, header: AnyHeader, texts: ClassTexts
) -> Image:
    """The class number of each pixel as mono8, with the image's own ``header`` and size.

    The class map is copied. ``texts`` are not used: they are on a topic of their own.
    """
    return image_message(segmentation.class_map, "mono8", header)


def image_message(pixels: np.ndarray, encoding: str, header: AnyHeader) -> Image:
    """A copy of uint8 ``pixels`` (``[h, w]`` or ``[h, w, channels]``, C-contiguous) as a message
    without padding."""
    height, width = pixels.shape[:2]
    message = Image(
        header=header_message(header),
        height=height,
        width=width,
        encoding=encoding,
        step=pixels.strides[0],
    )
    message.data = byte_array(pixels)
    return message


def byte_array(values: np.ndarray) -> array.array:
    """A copy of C-contiguous uint8 ``values`` in the one type that rclpy takes as it is; from
    others it converts each byte by itself."""
    data = array.array("B")
    data.frombytes(values.data)
    return data


def label_info_message(labels: Sequence[str], score_threshold: float, stamp: Time) -> LabelInfo:
    """What class numbers stand for, and the lowest score of a result."""
    message = LabelInfo(threshold=score_threshold)
    message.header.stamp = stamp
    message.class_map = [
        VisionClass(class_id=class_id, class_name=label) for class_id, label in enumerate(labels)
    ]
    return message


def vision_info_message(
    method: str, location: str, labels: Sequence[str], stamp: Time
) -> VisionInfo:
    """What detects, and where its labels are.

    The version is a checksum of the labels, not a count: it is the same whenever the labels are,
    after a restart of the node, too.
    """
    message = VisionInfo(method=method, database_location=location)
    message.header.stamp = stamp
    message.database_version = zlib.crc32("\n".join(labels).encode("utf-8")) & 0x7FFFFFFF
    return message
