"""Records into a bag what a robot would record of the demo: compressed images, what the detector
publishes, and the truth.

python -m examples.shapes.recorder FOLDER

It ends at Ctrl-C or SIGTERM, and then the bag is there: a rosbag2 folder with one MCAP file, into
which messages go as bytes, as they come. Where ROS is from apt, `ros2 bag record` does all this.
"""

import argparse
import functools
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, List, Literal, NamedTuple

import rclpy
from ament_index_python.packages import get_package_share_directory
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args
from rosbags.interfaces import (
    Connection,
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore
from sensor_msgs.msg import CompressedImage
from vision_msgs.msg import Detection2DArray, LabelInfo, VisionInfo

from examples.shapes.camera import EVERY_MESSAGE
from trt_inference.bundles.atomic_write import new_folder
from trt_inference.printable import printable
from trt_inference.ros.rclpy_tools.qos import LATCHED

# Of metadata.yaml: later ones have the QoS as a list, which ROS 2 before Jazzy does not read.
BAG_VERSION: Literal[8] = 8
LOOK = 0.2  # seconds between two looks at whether it shall end
MOST_WAITING = 500  # messages that have come when it is told to end: all that topics keep
NICENESS = 5  # what is recorded goes first
FOREVER = QosTime(9223372036, 854775807)  # as rosbag2 writes what has no limit


class RecorderError(RuntimeError):
    """There is nothing to make a bag of, or no place for it."""


class RecordedAs(NamedTuple):
    """A topic below the namespace of the recorder, and how it is subscribed to and played."""

    topic: str
    type: Any
    qos: QoSProfile


TOPICS = (
    RecordedAs("image/compressed", CompressedImage, EVERY_MESSAGE),
    RecordedAs("ground_truth", Detection2DArray, EVERY_MESSAGE),
    RecordedAs("detector/detections", Detection2DArray, QoSProfile(depth=100)),
    RecordedAs("detector/label_info", LabelInfo, LATCHED),
    RecordedAs("detector/vision_info", VisionInfo, LATCHED),
)


class Recorder(Node):
    """Writes each message of ``TOPICS`` into a bag, with the time at which it came. The topics are
    called there as without the recorder's namespace, ``/image/compressed``, which is another one
    each time that the demo runs."""

    def __init__(self, bag: Writer) -> None:
        super().__init__("recorder")
        self._bag, self._types = bag, message_types()
        self.messages = 0
        for one in TOPICS:
            if one.qos is not LATCHED:
                self._subscribe(one)

    def _subscribe(self, one: RecordedAs) -> None:
        place = self._bag.add_connection(
            f"/{one.topic}",
            type_name(one.type),
            typestore=self._types,
            offered_qos_profiles=[offered(one.qos)],
        )
        write = functools.partial(self._write, place)
        self.create_subscription(one.type, one.topic, write, one.qos, raw=True)

    def _write(self, place: Connection, data: bytes) -> None:
        self._bag.write(place, time.time_ns(), data)
        self.messages += 1
        if self.messages == 1:
            # Before, they would lie in the bag as far before the first image as the node was there.
            for one in TOPICS:
                if one.qos is LATCHED:
                    self._subscribe(one)


def message_types() -> Typestore:
    """The definitions that go into the bag: those of ROS, and vision_msgs as it is installed."""
    os.environ.setdefault("AMENT_PREFIX_PATH", sys.prefix)  # ROS from PyPI does not set it
    types = get_typestore(Stores.ROS2_JAZZY)
    folder = Path(get_package_share_directory("vision_msgs"), "msg")
    for file in sorted(folder.glob("*.msg")):
        types.register(get_types_from_msg(file.read_text("utf-8"), f"vision_msgs/msg/{file.stem}"))
    return types


def type_name(message: Any) -> str:
    """The name of a class of messages: ``sensor_msgs/msg/CompressedImage``."""
    return f"{message.__module__.partition('.')[0]}/msg/{message.__name__}"


def offered(profile: QoSProfile) -> Qos:
    """A profile as bags have it, with which the topic is published when the bag is played."""
    return Qos(
        history=QosHistory.KEEP_LAST,
        depth=profile.depth,
        reliability=QosReliability[profile.reliability.name],
        durability=QosDurability[profile.durability.name],
        deadline=FOREVER,
        lifespan=FOREVER,
        liveliness=QosLiveliness.AUTOMATIC,
        liveliness_lease_duration=FOREVER,
        avoid_ros_namespace_conventions=False,
    )


def record(folder: Path, ended: List[int]) -> None:
    """Record until there is something in ``ended``. When it raises, an older bag stays.

    Raises:
        RecorderError: no message came, or what is in the place of the bag is no bag.
        OSError: the disk is full or not writable.
    """
    folder = folder.resolve()
    if folder.exists() and not (folder / "metadata.yaml").is_file():
        raise RecorderError(f"{folder} is there and is no bag: remove it, or name another folder")
    with new_folder(folder, replace=True) as partial:
        # The files are named like the bag: the name of the folder in which they are made.
        inside = partial / folder.name
        with Writer(inside, version=BAG_VERSION, storage_plugin=StoragePlugin.MCAP) as bag:
            spin_recorder(Recorder(bag), ended)
        for file in inside.iterdir():
            file.rename(partial / file.name)
        inside.rmdir()


def spin_recorder(recorder: Recorder, ended: List[int]) -> None:
    """Record until there is something in ``ended``, and what has come by then.

    Raises:
        RecorderError: no message came.
    """
    executor = SingleThreadedExecutor()
    executor.add_node(recorder)
    try:
        while not ended:
            executor.spin_once(timeout_sec=LOOK)
        for _ in range(MOST_WAITING):
            executor.spin_once(timeout_sec=0)
    finally:
        recorder.destroy_node()
    if not recorder.messages:
        raise RecorderError("no message came")


def main() -> int:
    """Record until the process is stopped. Returns the exit code."""
    ended: List[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _: ended.append(received))
    os.nice(NICENESS)  # before threads are made, which take it over
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the bag; an older one is replaced")
    folder = parser.parse_args(remove_ros_args(sys.argv)[1:]).folder
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    try:
        record(folder, ended)
    except (OSError, RecorderError) as error:
        print(f"recorder: {printable(error)}", file=sys.stderr)
        return 1
    finally:
        rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
