"""A camera that changes the size and the encoding of its images in mid-stream."""

import argparse
import itertools
import sys
from typing import List, NamedTuple

import cv2
import rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.utilities import remove_ros_args
from sensor_msgs.msg import Image

from examples.shapes.camera import FRAME_ID, as_message_data
from examples.shapes.moving_scene import MovingScene
from examples.shapes.spinning import spin_until_the_end

CONVERSIONS = {"bgr8": None, "rgb8": cv2.COLOR_BGR2RGB, "mono8": cv2.COLOR_BGR2GRAY}


class Format(NamedTuple):
    """The format of an image, written ``1280x720:bgr8``."""

    width: int
    height: int
    encoding: str

    @classmethod
    def parse(cls, text: str) -> "Format":
        """Raises ValueError when it is written otherwise."""
        size, _, encoding = text.partition(":")
        width, _, height = size.partition("x")
        if encoding not in CONVERSIONS:
            raise ValueError(f"'{text}': the encodings are {', '.join(CONVERSIONS)}")
        return cls(int(width), int(height), encoding)


class ChangingCamera(Node):
    """Sends one picture in each of the formats in turn."""

    def __init__(self, formats: List[Format], rate: float, period: float) -> None:
        """
        Args:
            rate: images a second.
            period: seconds until the next format.
        """
        super().__init__("camera")
        sensor = QoSProfile(depth=2, reliability=ReliabilityPolicy.BEST_EFFORT)
        self._images = self.create_publisher(Image, "image", sensor)
        self._all = itertools.cycle([draw(one) for one in formats])
        self._image = next(self._all)
        self.create_timer(1 / rate, self._capture)
        self.create_timer(period, self._change)

    def _capture(self) -> None:
        self._image.header.stamp = self.get_clock().now().to_msg()
        self._images.publish(self._image)

    def _change(self) -> None:
        self._image = next(self._all)


def draw(form: Format) -> Image:
    """A scene of shapes as a message."""
    scene = MovingScene(seed=0, height=form.height, width=form.width).frame(0.0)
    conversion = CONVERSIONS[form.encoding]
    pixels = scene.image if conversion is None else cv2.cvtColor(scene.image, conversion)
    image = Image(width=form.width, height=form.height, encoding=form.encoding)
    image.step = pixels.strides[0]
    image.header.frame_id = FRAME_ID
    image.data = as_message_data(pixels)
    return image


def main() -> int:
    """Publish until the process is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("formats", nargs="+", type=Format.parse, help="such as 1280x720:bgr8")
    parser.add_argument("--rate", type=float, default=30.0, help="images a second")
    parser.add_argument("--period", type=float, default=5.0, help="seconds of each format")
    rclpy.init()
    given = parser.parse_args(remove_ros_args(sys.argv)[1:])
    camera = ChangingCamera(given.formats, given.rate, given.period)
    spin_until_the_end(camera)
    return 0


if __name__ == "__main__":
    sys.exit(main())
