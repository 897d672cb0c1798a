"""The demo: a camera, the lifecycle node, and what it finds, with a table at the end."""

import argparse
import os
import signal
import sys
import time
from pathlib import Path
from typing import Optional, Sequence, Tuple

import cv2
import rclpy
from lifecycle_msgs.msg import Transition
from rclpy.signals import SignalHandlerOptions
from rich.console import Console
from vision_msgs.msg import Detection2DArray

from examples.shapes import demo_tables
from examples.shapes.demo_bag import DemoBag, print_bag, recording
from examples.shapes.monitor import Monitor, Record
from examples.shapes.processes import running
from examples.shapes.watching_node import MonitorError
from trt_inference.bundles.bundle import load_bundle
from trt_inference.errors import TrtInferenceError
from trt_inference.ros.messages.result_messages import message_to_detections
from trt_inference.viewing.drawing import draw_detections

NAMESPACE = f"/demo_{os.getpid()}"  # two demos do not disturb each other
PARAMETERS = Path(__file__).with_name("detector.yaml")
LINE_PERIOD = 0.5  # seconds between two printed messages
FIRST_MESSAGE = 20.0  # seconds that discovery and the first detection may take


class Printer:
    """Prints a message every half second: 30 lines a second cannot be read."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started: Optional[float] = None
        self._next = 0.0
        self._count = 0

    def __call__(self, message: Detection2DArray) -> None:
        now = time.monotonic()
        self._started = now if self._started is None else self._started
        self._count += 1
        if now < self._next:
            return
        self._next = now + LINE_PERIOD
        found = [
            f"{detection.results[0].hypothesis.class_id} "
            f"{detection.results[0].hypothesis.score:.2f} at "
            f"({detection.bbox.center.position.x:.0f}, {detection.bbox.center.position.y:.0f})"
            for detection in message.detections
        ]
        self._console.print(
            f"{now - self._started:5.1f} s  message {self._count:3d}  "
            f"{', '.join(found) or 'nothing seen'}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )


def watch(options: argparse.Namespace, console: Console) -> Tuple[Record, Optional[DemoBag]]:
    """Run camera and node for so many seconds, and record what they publish.

    Raises:
        MonitorError: the node does not come up, publishes nothing, or a process ends.
    """
    in_namespace = ("--ros-args", "-r", f"__ns:={NAMESPACE}")
    node_arguments = (
        *in_namespace,
        "--params-file",
        str(PARAMETERS),
        "-p",
        f"bundle:={options.bundle}",
    )
    monitor = Monitor(Printer(console), picture_period=2.0, namespace=NAMESPACE)
    try:
        with running("trt_inference.ros.process", *node_arguments) as node:
            # Early, so that it has discovered the node when the first image comes.
            with recording(options.recording, in_namespace) as bag:
                with monitor.watching("node's process", node):
                    monitor.transition(Transition.TRANSITION_CONFIGURE)
                    monitor.transition(Transition.TRANSITION_ACTIVATE)
                    record_camera(
                        monitor, options.seconds, ("--rate", str(options.rate), *in_namespace)
                    )
                    # The camera has ended: let the last frame and the last counts arrive.
                    monitor.spin(1.5)
                    monitor.transition(Transition.TRANSITION_DEACTIVATE)
        return monitor.record, bag
    finally:
        monitor.destroy_node()


def record_camera(monitor: Monitor, seconds: float, arguments: Sequence[str]) -> None:
    """Run the camera until the first detections have come and then for ``seconds``."""
    with running("examples.shapes.camera", *arguments, sends_images=True) as camera:
        with monitor.watching("camera's process", camera):
            if not monitor.spin(FIRST_MESSAGE, until=lambda: bool(monitor.record.detections)):
                raise MonitorError(f"no detections came within {FIRST_MESSAGE:.0f} s")
            monitor.spin(seconds)


def write_pictures(record: Record, labels: Tuple[str, ...], folder: Path) -> int:
    """Draw what was published on the images that were kept; the number of pictures."""
    for old in folder.glob("detections-*.png"):
        old.unlink()
    found = [stamp for stamp in record.pictures if stamp in record.detections]
    for number, stamp in enumerate(found):
        detections = message_to_detections(record.detections[stamp], labels)
        picture = draw_detections(record.pictures[stamp], detections, labels)
        cv2.imwrite(str(folder / f"detections-{number:02d}.png"), picture)
    return len(found)


def main() -> int:
    """Run the demo. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--rate", type=float, default=30.0, help="images a second")
    parser.add_argument("--recording", type=Path, help="a bag to leave of it")
    options = parser.parse_args()
    console = Console()
    # Ended in whatever way, the demo ends its processes.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    # Not to be mixed up with ROS nodes of other people in the same network.
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    try:
        options.output.mkdir(parents=True, exist_ok=True)
        labels = load_bundle(options.bundle).labels
        console.print(f"the node: {NAMESPACE}/detector, its topic: {NAMESPACE}/detector/detections")
        record, bag = watch(options, console)
        demo_tables.print_tables(record, labels, console)
        count = write_pictures(record, labels, options.output)
        console.print(f"{count} annotated pictures in {options.output}/", soft_wrap=True)
        if bag is not None:
            print_bag(bag, record, options.bundle, console)
    except (TrtInferenceError, MonitorError, OSError) as error:
        console.print(f"error: {error}", style="red", markup=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
