"""Logs that no image comes, and what a user can do about it."""

import time
from typing import Callable

from rclpy.node import Node

from trt_inference.ros.cameras.image_topics import (
    ImageTopic,
    find_image_topics,
    how_to_get_images,
    list_topics,
)
from trt_inference.ros.rclpy_tools.throttle import Throttle


class Silence:
    """How long no image has come on a topic. Reports it once when that is too long, and again when
    there are other publishers or image topics.

    Attributes:
        limit: seconds; 0: nothing is logged. May be set at any time.
    """

    def __init__(
        self, node: Node, given: str, wanted: ImageTopic, publishers: Callable[[], str]
    ) -> None:
        """
        Args:
            given: the name of the camera's topic that can be remapped.
            wanted: the topic, after remapping.
            publishers: returns who publishes on it, for people; empty: nobody.
        """
        self.limit = 0.0
        self._node, self._given, self._wanted = node, given, wanted
        self._publishers = publishers
        self._throttle = Throttle()
        self._reported = ""
        self.end()

    @property
    def seconds(self) -> float:
        """Since the last image, or since the start, on a steady clock."""
        return time.monotonic() - self._ended_at

    def end(self) -> None:
        """An image has come."""
        self._ended_at = time.monotonic()
        self._reported = ""

    def look(self) -> None:
        """Log what is to be logged. To be called again and again."""
        if not 0 < self.limit < self.seconds:
            return
        current = self._describe()
        if current != self._reported and self._throttle.is_due():
            self._reported = current
            self._node.get_logger().warning(
                f"no image on {self._wanted.name} for {self.seconds:.1f} s, from {current}"
            )

    def topics(self) -> str:
        """Which image topics there are, for people."""
        return list_topics(find_image_topics(self._node))

    def _describe(self) -> str:
        publishers = self._publishers()
        topics = find_image_topics(self._node)
        if publishers:
            return f"{publishers}; {list_topics(topics)}"
        todo = how_to_get_images(topics, self._given, self._wanted)
        return f"no publisher; {list_topics(topics)}: {todo}"
