"""The topics on which a bundle's task publishes."""

from __future__ import annotations

from typing import Any, Callable, Dict, NamedTuple, Optional, Sequence

from rclpy.lifecycle import LifecycleNode
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Classification, Detection2DArray, LabelInfo

from trt_inference.bundle import Bundle
from trt_inference.results import Result
from trt_inference.ros.messages import (
    classification_to_message,
    detections_to_message,
    label_info_message,
    segmentation_to_message,
)

# Who subscribes later gets the last message too.
LATCHED = QoSProfile(
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)


class Topic(NamedTuple):
    """Where a task publishes what, and how the message is made of the task's own result, the
    image's header and the bundle's labels."""

    name: str
    type: Any
    to_message: Callable[[Any, Header, Sequence[str]], Any]


TOPICS: Dict[str, Topic] = {
    "detection": Topic("~/detections", Detection2DArray, detections_to_message),
    "classification": Topic("~/classification", Classification, classification_to_message),
    "segmentation": Topic("~/segmentation", Image, segmentation_to_message),
}


class ResultTopics:
    """The topic of the bundle's task, which is silent while the node is inactive, and
    ``~/label_info``, which is not: it is latched, and says what class numbers stand for."""

    def __init__(self, node: LifecycleNode, bundle: Bundle) -> None:
        topic = TOPICS[bundle.task]
        self._node = node
        self._labels = bundle.labels
        self._to_message = topic.to_message
        self._threshold: Optional[float] = None
        self._results = node.create_lifecycle_publisher(topic.type, topic.name, 10)
        self._label_info = node.create_publisher(LabelInfo, "~/label_info", LATCHED)

    def publish(self, result: Result, header: Header) -> None:
        """Publish what was found in the image that has this ``header``."""
        self._results.publish(self._to_message(result, header, self._labels))

    def publish_labels(self, score_threshold: float) -> None:
        """Say the names of the classes and the lowest score, unless that was said already."""
        if score_threshold == self._threshold:
            return
        stamp = self._node.get_clock().now().to_msg()
        self._label_info.publish(label_info_message(self._labels, score_threshold, stamp))
        self._threshold = score_threshold

    def destroy(self) -> None:
        """Take the topics away."""
        self._node.destroy_publisher(self._label_info)
        self._node.destroy_lifecycle_publisher(self._results)
