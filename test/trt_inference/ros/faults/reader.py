"""A subscriber of detections, as a process of its own that a test can stop.

Prints a line when the first message has arrived.
"""

import argparse
import sys

import rclpy
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.utilities import remove_ros_args
from vision_msgs.msg import Detection2DArray

from examples.shapes.spinning import spin_until_the_end

PROFILES = {
    "depth-1": QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE),
    "keep-all": QoSProfile(history=HistoryPolicy.KEEP_ALL, reliability=ReliabilityPolicy.RELIABLE),
}


class Reader(Node):
    """Keeps nothing."""

    def __init__(self, profile: str) -> None:
        super().__init__("reader")
        self._reported = False
        self.create_subscription(
            Detection2DArray, "detector/detections", self._on_detections, PROFILES[profile]
        )

    def _on_detections(self, message: Detection2DArray) -> None:
        if not self._reported:
            print("receives", flush=True)
            self._reported = True


def main() -> int:
    """Read until the process is told to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("profile", choices=PROFILES)
    rclpy.init()
    reader = Reader(parser.parse_args(remove_ros_args(sys.argv)[1:]).profile)
    spin_until_the_end(reader)
    return 0


if __name__ == "__main__":
    sys.exit(main())
