"""Receives images for a while as the node does, and reports what came of each topic."""

import time
from typing import Any, Dict, List, Optional

from rclpy.node import Node

from trt_inference.errors import ImageError
from trt_inference.ros.cameras.image_subscription import ImageSubscription
from trt_inference.ros.cameras.image_topics import ImageTopic
from trt_inference.ros.parameters.settings import ImageOptions
from trt_inference.ros.rclpy_tools.qos import QosError


class ImageArrivals:
    """The images of one topic since this was made."""

    def __init__(self, node: Node, topic: ImageTopic) -> None:
        """
        Raises:
            QosError: the topic cannot be subscribed to.
        """
        self.topic = topic
        self._node = node
        self._count, self._bytes = 0, 0
        self._first_at = self._last_at = 0.0
        self._last: Any = None
        self._age: Optional[float] = None
        options = ImageOptions(topic.transport)
        self._subscription = ImageSubscription(node, topic.base, options, self._receive)

    def destroy(self) -> None:
        """Receive no more."""
        self._subscription.destroy()

    def report(self) -> Dict[str, Any]:
        """How many images came, how many a second, how many the middleware counts as lost, the
        bytes of the largest, what the last is, and its age in seconds (None: it has no stamp)."""
        span = self._last_at - self._first_at
        return {
            "asked": self._subscription.reliability,
            "received": self._count,
            "rate": (self._count - 1) / span if span > 0 else 0.0,
            "lost": self._subscription.lost,
            "bytes": self._bytes,
            "age": self._age,
            **_read(self._last),
        }

    def _receive(self, message: Any) -> None:
        now = time.monotonic()
        self._first_at = self._first_at if self._count else now
        self._last_at = now
        self._count += 1
        self._bytes = max(self._bytes, len(message.data))
        self._last = message
        stamp = message.header.stamp
        if stamp.sec or stamp.nanosec:
            self._age = time.time() - stamp.sec - stamp.nanosec / 1e9
        else:
            self._age = None


def listen(node: Node, topics: List[ImageTopic]) -> List[ImageArrivals]:
    """Subscribe to topics; those that cannot be subscribed to are left out."""
    arrivals = []
    for topic in topics:
        try:
            arrivals.append(ImageArrivals(node, topic))
        except QosError:
            continue
    return arrivals


def _read(message: Any) -> Dict[str, str]:
    """What an image is, and why the node would reject it; both empty where none came."""
    if message is None:
        return {"format": "", "rejected": ""}
    try:  # with OpenCV, which may be broken: that is reported elsewhere
        from trt_inference.ros.messages.image_message_reader import MessageReader, describe_format
    except ImportError:
        return {"format": "", "rejected": ""}
    try:
        MessageReader().read(message)
    except ImageError as error:
        return {"format": describe_format(message)[:300], "rejected": str(error)[:600]}
    return {"format": describe_format(message)[:300], "rejected": ""}
