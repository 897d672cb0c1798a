"""A subscriber of results in a process of its own, as other nodes of a robot are:
python3 -m benchmarks.receiver --times TIMES.json

It writes for each result when it was received, by the system's clock, and the seconds since the
stamp of the image. The file is there, and empty, from the first result on, and written at the end.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import List, Tuple

import rclpy
from rclpy.node import Node
from rclpy.utilities import remove_ros_args
from vision_msgs.msg import Detection2DArray

from examples.shapes.monitor import in_seconds
from examples.shapes.spinning import spin_until_the_end
from trt_inference.bundles.atomic_write import write_file


class Receiver(Node):
    """Subscribes to ``detector/detections``."""

    def __init__(self, file: Path) -> None:
        super().__init__("receiver")
        self._file = file
        self.times: List[Tuple[float, float]] = []
        self.create_subscription(Detection2DArray, "detector/detections", self._on_result, 10)

    def _on_result(self, message: Detection2DArray) -> None:
        now = time.time()
        if not self.times:
            self._file.touch()
        self.times.append((now, now - in_seconds(message.header)))


def main() -> int:
    """Receive until the process is stopped, and write the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=Path, required=True, help="file for the times of results")
    rclpy.init()
    options = parser.parse_args(remove_ros_args(sys.argv)[1:])
    receiver = Receiver(options.times)
    spin_until_the_end(receiver)
    write_file(options.times, json.dumps(receiver.times).encode("utf-8"), durable=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
