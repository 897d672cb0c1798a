"""A camera that sends one picture of the color bundle again and again, as a process of its own."""

import argparse
import sys
from typing import Tuple

import rclpy
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from rclpy.utilities import remove_ros_args
from sensor_msgs.msg import Image

from examples.shapes.camera import as_message_data
from examples.shapes.spinning import spin_until_the_end
from test.trt_inference.ros.faults.expected import encoded

RATE = 30.0  # images a second


class StillCamera(Node):
    """Its frame_id is its name, so that one can tell whose image was answered."""

    def __init__(self, color: str, cell: Tuple[int, int], scale: int, encoding: str) -> None:
        super().__init__("camera")
        pixels = encoded(color, cell, scale, encoding)
        height, width, channels = pixels.shape
        self._image = Image(height=height, width=width, encoding=encoding, step=width * channels)
        self._image.data = as_message_data(pixels)
        self._image.header.frame_id = f"{color}_{scale}_{encoding}"
        self._images = self.create_publisher(Image, "image", qos_profile_sensor_data)
        self.create_timer(1 / RATE, self._capture)

    def _capture(self) -> None:
        self._image.header.stamp = self.get_clock().now().to_msg()
        self._images.publish(self._image)


def main() -> int:
    """Publish until the process is told to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("color")
    parser.add_argument("row", type=int)
    parser.add_argument("column", type=int)
    parser.add_argument("scale", type=int)
    parser.add_argument("encoding")
    rclpy.init()
    given = parser.parse_args(remove_ros_args(sys.argv)[1:])
    camera = StillCamera(given.color, (given.row, given.column), given.scale, given.encoding)
    spin_until_the_end(camera)
    return 0


if __name__ == "__main__":
    sys.exit(main())
