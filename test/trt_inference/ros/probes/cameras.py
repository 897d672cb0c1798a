"""Cameras of one process, each with its own faults, in a domain of their own."""

import sys
from typing import Any, List

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rcl_interfaces.srv import GetParameters
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image

from examples.shapes.camera import as_message_data
from examples.shapes.spinning import spin_until_the_end
from trt_inference.ros.rclpy_tools.steady_timer import steady_timer

BEST_EFFORT = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
RELIABLE = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)
PERIOD = 0.1  # seconds between two images
LATE = 3600  # seconds by which the clock of one camera is late
# The start of a jpeg, and no more.
BROKEN_JPEG = b"\xff\xd8\xff\xe0"

# What one publishes on /diagnostics in the name of others.
STATUSES = {
    "/seen/detector: fine": DiagnosticStatus.OK,
    "/seen/detector: warm": DiagnosticStatus.WARN,
    "/seen/detectors: hot": DiagnosticStatus.ERROR,
    "/motor: hot": DiagnosticStatus.ERROR,
}
MADE_UP = "made up"


def image(height: int, width: int, encoding: str, channels: int) -> Image:
    """A black image."""
    message = Image(height=height, width=width, encoding=encoding, step=width * channels)
    message.data = as_message_data(np.zeros((height, width, channels), np.uint8))
    return message


def cut_off(message: Image) -> bytes:
    """The beginning of a message as it is sent."""
    return bytes(serialize_message(message))[:40]


class Cameras(Node):
    """Publishes on all topics that tests look at, but on ``/paused``, which is announced alone."""

    def __init__(self) -> None:
        super().__init__("cameras")
        self._messages: List[Any] = []
        self._publish("/good", image(48, 64, "bgr8", 3), BEST_EFFORT)
        self._publish("/reliable", image(48, 64, "rgb8", 3), RELIABLE)
        self._publish("/large", image(1080, 1920, "bgr8", 3), RELIABLE)
        self._publish("/odd", image(48, 64, "gold\x1b[2J\n", 1), BEST_EFFORT)
        self._publish("/late", image(48, 64, "mono8", 1), BEST_EFFORT)
        self._publish("/cut_off", image(48, 64, "mono8", 1), BEST_EFFORT)
        compressed = CompressedImage(format="jpeg", data=BROKEN_JPEG)
        self._publish("/pressed/compressed", compressed, RELIABLE)
        self.create_publisher(Image, "/paused", BEST_EFFORT)
        self.create_publisher(Image, "/good", RELIABLE)  # a second one, which sends nothing
        self.create_publisher(Image, "/detector/debug_image", RELIABLE)  # of no camera
        # Of that name alone a lifecycle node is known, too.
        self.create_service(GetParameters, "/motor/get_state", lambda _, answer: answer)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", RELIABLE)
        steady_timer(self, PERIOD, self._send)

    def _publish(self, topic: str, message: Any, qos: QoSProfile) -> None:
        publisher = self.create_publisher(type(message), topic, qos)
        self._messages.append((topic, message, publisher))

    def _send(self) -> None:
        now = self.get_clock().now().to_msg()
        for topic, message, publisher in self._messages:
            message.header.stamp.sec = now.sec - (LATE if topic == "/late" else 0)
            message.header.stamp.nanosec = now.nanosec
            publisher.publish(message if topic != "/cut_off" else cut_off(message))
        statuses = [
            DiagnosticStatus(name=name, level=level, message=MADE_UP)
            for name, level in STATUSES.items()
        ]
        self._diagnostics.publish(DiagnosticArray(status=statuses))


def main() -> int:
    """Publish until the process is told to end."""
    rclpy.init()
    spin_until_the_end(Cameras())
    return 0


if __name__ == "__main__":
    sys.exit(main())
