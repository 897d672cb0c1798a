"""What happens to each image on the inference thread: read, detect, publish, count."""

from __future__ import annotations

import time
from collections import deque
from typing import Any, Callable, Deque, NamedTuple, Tuple

from builtin_interfaces.msg import Time
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from trt_inference.detector import STAGES, Detector
from trt_inference.errors import ImageError
from trt_inference.results import Result
from trt_inference.ros.diagnostics import Counters
from trt_inference.ros.images import ImageReader, describe_format
from trt_inference.timing import StageClock

WARNING_PERIOD = 5.0  # seconds between two warnings of the same kind


class Received(NamedTuple):
    """An image with the time of its arrival on ``time.perf_counter``'s clock, in seconds."""

    image: Image
    at: float


class _Started(NamedTuple):
    """An image that is being inferred, without its pixels."""

    header: Header
    received_at: float


class Pipeline:
    """Takes one image after the other from arrival to the published message.

    Attributes:
        counters: since the node was configured.
        clock: of the stages ``wait`` (in the mailbox), those of the detector, ``publish``,
            ``node`` (received to published) and ``age`` (the image's stamp to published).
    """

    def __init__(self, node: Node, publish: Callable[[Result, Header], None]) -> None:
        """
        Args:
            publish: called with what was found in an image, and the image's header.
        """
        self.counters = Counters()
        self.clock = StageClock(("wait", *STAGES, "publish", "node", "age"))
        self._node = node
        self._publish = publish
        self._reader = ImageReader()
        self._format: Tuple[Any, ...] = ()
        self._started: Deque[_Started] = deque()

    def start(self, detector: Detector, item: Received) -> bool:
        """Begin to detect. An image that cannot be used is counted and said.

        Raises:
            EngineError: the engine has failed.
        """
        taken = time.perf_counter()
        try:
            frame = self._reader.read(item.image)
            detector.start(frame)
        except ImageError as error:
            self._reject(error)
            return False
        self._note_format(item.image)
        self._started.append(_Started(item.image.header, item.at))
        self.clock.record("wait", taken - item.at)
        return True

    def finish(self, detector: Detector) -> None:
        """Publish what is in the image that was started first.

        Raises:
            EngineError: the engine has failed.
        """
        result = detector.finish()
        detected = time.perf_counter()
        one = self._started.popleft()
        self._publish(result, one.header)
        published = time.perf_counter()
        self.counters.inferred += 1
        self.clock.record("publish", published - detected)
        self.clock.record("node", published - one.received_at)
        self._record_age(one.header.stamp)

    def _record_age(self, stamp: Time) -> None:
        """Of an image that has a time: cameras without a clock leave the stamp at zero."""
        nanoseconds = stamp.sec * 10**9 + stamp.nanosec
        if nanoseconds > 0:
            now = self._node.get_clock().now().nanoseconds
            self.clock.record("age", (now - nanoseconds) * 1e-9)

    def _reject(self, error: ImageError) -> None:
        self.counters.rejected += 1
        self._node.get_logger().warning(
            f"image rejected ({self.counters.rejected} so far): {error}",
            throttle_duration_sec=WARNING_PERIOD,
        )

    def _note_format(self, image: Image) -> None:
        """Say it when a camera changes what it sends."""
        current = (image.width, image.height, image.encoding, image.step)
        if current == self._format:
            return
        if self._format:
            self._node.get_logger().warning(
                f"images are {describe_format(image)} now, they were "
                f"{self._format[0]}x{self._format[1]} {self._format[2]}",
                throttle_duration_sec=WARNING_PERIOD,
            )
        else:
            self._node.get_logger().info(f"images are {describe_format(image)}")
        self._format = current
