"""Images with the results drawn on them, for people to look at, and only while somebody does."""

import threading
import time
from typing import Any, NamedTuple, Optional, Sequence

import cv2
import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from trt_inference.inference.results import Result, Segmentation
from trt_inference.inference.selection import Region
from trt_inference.ros.messages.headers import AnyHeader, header_message
from trt_inference.ros.messages.image_message_reader import MessageReader
from trt_inference.ros.messages.result_messages import byte_array, image_message
from trt_inference.ros.rclpy_tools.qos import QosError, publisher_options, refusals
from trt_inference.ros.rclpy_tools.throttle import Throttle
from trt_inference.viewing.drawing import draw_region
from trt_inference.viewing.views import VIEWS

# Who shows images subscribes reliably by default, and would get nothing of a best-effort topic.
DEBUG_IMAGES = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)


class _Offer(NamedTuple):
    """An image with what was found in it, by which labels, and the part that was looked at."""

    message: Any
    result: Result
    labels: Sequence[str]
    region: Optional[Region]


class DebugImages:
    """``debug_image`` and ``debug_image/compressed`` (JPEG) of one camera, below a prefix.

    They are drawn on a thread of their own, at a limited rate, the newest first.

    Example:
        if debug_images.wanted():
            debug_images.offer(image, result)

    Attributes:
        rate: images a second at most; 0: none. May be set at any time, as may the others.
        quality: of the JPEG, 1 to 100.
        labels: of the bundle.
    """

    def __init__(
        self,
        node: Node,
        prefix: str,
        task: str,
        labels: Sequence[str],
        rate: float = 5.0,
        quality: int = 80,
    ) -> None:
        """
        Raises:
            QosError: ``qos_overrides`` of a topic cannot be had.
        """
        self.rate, self.quality, self.labels = rate, quality, labels
        self._node = node
        self._draw = VIEWS[task].draw
        self._reader = MessageReader()
        self._warnings = Throttle()
        self._raw = _publisher(node, Image, f"{prefix}/debug_image")
        try:
            self._compressed = _publisher(node, CompressedImage, f"{prefix}/debug_image/compressed")
        except QosError:
            node.destroy_publisher(self._raw)
            raise
        self._offered_at = float("-inf")
        self._condition = threading.Condition()
        self._offer: Optional[_Offer] = None
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="debug images", daemon=True)
        self._thread.start()

    def wanted(self) -> bool:
        """Whether the next image is due, and somebody subscribes."""
        due = (time.monotonic() - self._offered_at) * self.rate >= 1
        return due and self._is_watched()

    def offer(self, message: Any, result: Result, region: Optional[Region] = None) -> None:
        """Have an image drawn; one that was offered before and is not begun is thrown away.

        Args:
            message: the image, which must not be changed from now on.
            result: what was found in it. A class map is copied.
            region: the part of the image that was looked at; None: all of it.
        """
        if isinstance(result, Segmentation):
            result = Segmentation(result.class_map.copy())
        self._offered_at = time.monotonic()
        with self._condition:
            self._offer = _Offer(message, result, self.labels, region)
            self._condition.notify()

    def destroy(self) -> None:
        """End the thread and take the topics away."""
        with self._condition:
            self._ended = True
            self._condition.notify()
        self._thread.join()
        self._node.destroy_publisher(self._raw)
        self._node.destroy_publisher(self._compressed)

    def _is_watched(self) -> bool:
        return bool(self._raw.get_subscription_count() or self._compressed.get_subscription_count())

    def _run(self) -> None:
        for offer in iter(self._take, None):
            try:
                self._publish(offer)
            except Exception as error:  # whatever it is: only the picture for people is lost
                if self._warnings.is_due():
                    self._node.get_logger().warning(f"no debug image: {error!r}")

    def _take(self) -> Optional[_Offer]:
        """Wait for what is to be drawn; None at the end."""
        with self._condition:
            self._condition.wait_for(lambda: self._offer is not None or self._ended)
            offer, self._offer = self._offer, None
            return None if self._ended else offer

    def _publish(self, offer: _Offer) -> None:
        pixels = self._reader.read(offer.message).bgr()
        picture = self._draw(pixels, offer.result, offer.labels)
        if offer.region is not None:
            draw_region(picture, offer.region)
        header = header_message(offer.message.header)
        if self._raw.get_subscription_count():
            self._raw.publish(image_message(picture, "bgr8", header))
        if self._compressed.get_subscription_count():
            self._compressed.publish(_jpeg_message(picture, self.quality, header))


def _publisher(node: Node, message: Any, name: str) -> Any:
    with refusals(name):
        return node.create_publisher(message, name, **publisher_options(node, name, DEBUG_IMAGES))


def _jpeg_message(picture: np.ndarray, quality: int, header: AnyHeader) -> CompressedImage:
    _, jpeg = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, quality))
    return CompressedImage(
        header=header_message(header),
        format="bgr8; jpeg compressed bgr8",
        data=byte_array(jpeg),
    )
