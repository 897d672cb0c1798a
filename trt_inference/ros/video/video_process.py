"""The process of a camera that plays a file: python3 -m trt_inference.ros.video.video_process …"""

import argparse
import contextlib
import itertools
import os
import sys
from pathlib import Path
from typing import Iterator, List, NamedTuple, Optional

import numpy as np
import rclpy
from ament_index_python.packages import PackageNotFoundError
from rclpy.duration import Duration
from rclpy.exceptions import NameValidationException
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from trt_inference.errors import ImageError
from trt_inference.printable import printable, printable_name
from trt_inference.ros.launching.middleware import middleware_variables
from trt_inference.ros.launching.process_exits import CANNOT_START
from trt_inference.ros.lifecycle.end_request import (
    SIGNAL_PERIOD,
    EndRequest,
    end_when_told,
    ignore_signals,
)
from trt_inference.ros.messages.result_messages import image_message
from trt_inference.ros.rclpy_tools.start_errors import StartError, start_errors
from trt_inference.ros.rclpy_tools.steady_timer import steady_timer
from trt_inference.ros.video.played_frames import own_rate, played_frames
from trt_inference.tools.argument_types import ArgumentParser, number

# As camera drivers publish, so that any subscription takes it.
QOS = QoSProfile(depth=2, reliability=ReliabilityPolicy.RELIABLE)
LAST_IMAGES = 5.0  # seconds that the last images may take to arrive


class Playback(NamedTuple):
    """What is played, and how.

    Attributes:
        rate: images a second; None: the file's own.
    """

    file: Path
    rate: Optional[float]
    loop: bool
    topic: str
    frame_id: str


class VideoCamera(Node):
    """Publishes pictures, bgr8, with the time at which it does, while somebody subscribes."""

    def __init__(self, frames: Iterator[np.ndarray], rate: float, playback: Playback) -> None:
        super().__init__("video")
        self.is_finished = False
        self._frames = frames
        self._frame_id = playback.frame_id
        self._publisher = self.create_publisher(Image, playback.topic, QOS)
        self.get_logger().info(
            f"plays '{printable_name(playback.file)}' at {rate:g} images a second on "
            f"{self._publisher.topic_name}, as soon as somebody subscribes"
        )
        self._timer = steady_timer(self, 1 / rate, self._publish)

    def _publish(self) -> None:
        if self.is_finished or self._publisher.get_subscription_count() == 0:
            return
        pixels = next(self._frames, None)
        if pixels is None:
            self.is_finished = True
            return
        header = Header(stamp=self.get_clock().now().to_msg(), frame_id=self._frame_id)
        self._publisher.publish(image_message(np.ascontiguousarray(pixels), "bgr8", header))

    def wait_until_received(self) -> None:
        """Wait a moment for the last images to arrive, which end with the publisher."""
        self._publisher.wait_for_all_acked(Duration(seconds=LAST_IMAGES))


def read_playback(words: List[str]) -> Playback:
    """What the command line asks for. Wrong options end the process with exit code 2."""
    parser = ArgumentParser(
        prog="ros2 run trt_inference video",
        description="Play a video or pictures as a camera: sensor_msgs/Image, bgr8.",
    )
    parser.add_argument("file", help="a video, a picture, or a folder of pictures")
    parser.add_argument(
        "--rate", type=_rate, help="images a second (default: the video's own; pictures: 2)"
    )
    once = parser.add_mutually_exclusive_group()
    once.add_argument("--loop", action="store_true", default=True, help="again and again (default)")
    once.add_argument("--once", dest="loop", action="store_false", help="end after the last image")
    parser.add_argument("--topic", default="image", help="default: %(default)s")
    parser.add_argument("--frame-id", default="camera", help="default: %(default)s")
    given = vars(parser.parse_args(words))
    return Playback(**{**given, "file": Path(os.path.expanduser(given["file"]))})


def _rate(text: str) -> float:
    rate = number(text)
    if not 0 < rate <= 1000:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of images a second, up to 1000")
    return rate


def main(arguments: Optional[List[str]] = None) -> int:
    """Play until the end or a signal. Returns the exit code."""
    told_to_end = end_when_told()
    words = sys.argv[1:] if arguments is None else arguments
    try:
        with start_errors(words):
            playback = read_playback(remove_ros_args(words))
            frames = played_frames(playback.file, playback.loop, _warn)
            frames = itertools.chain([next(frames)], frames)
            rate = playback.rate or own_rate(playback.file)
            _prepare_middleware()
            rclpy.init(args=words, signal_handler_options=SignalHandlerOptions.NO)
            camera = VideoCamera(frames, rate, playback)
    except (ImageError, NameValidationException, StartError) as error:
        _report(" ".join(str(error).split()))
        rclpy.try_shutdown()
        return CANNOT_START
    try:
        _play(camera, told_to_end)
    except ImageError as error:  # the file has gone meanwhile
        _report(str(error))
        return 1
    finally:
        ignore_signals()
        rclpy.try_shutdown()
    return 0


def _play(camera: VideoCamera, told_to_end: EndRequest) -> None:
    executor = SingleThreadedExecutor()
    executor.add_node(camera)
    try:
        while not told_to_end.is_set() and not camera.is_finished:
            executor.spin_once(timeout_sec=SIGNAL_PERIOD)
        if camera.is_finished:
            camera.wait_until_received()
    finally:
        executor.shutdown()
        camera.destroy_node()


def _prepare_middleware() -> None:
    """Large images arrive with the settings of this package alone, where it is installed."""
    with contextlib.suppress(PackageNotFoundError):
        os.environ.update(middleware_variables("packaged", os.environ))


def _warn(text: str) -> None:
    print(f"warning: {printable(text)}", file=sys.stderr, flush=True)


def _report(error: str) -> None:
    print(f"error: {printable(error)}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
