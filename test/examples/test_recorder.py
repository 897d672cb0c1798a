"""The recorder: what was sent while it recorded is in the bag, whole, however it is ended."""

import itertools
import os
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Sequence, Tuple

import pytest
import rclpy
from mcap.reader import make_reader
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.serialization import serialize_message
from rosbags.highlevel import AnyReader
from rosbags.interfaces import QosDurability
from rosbags.rosbag2 import Reader, StoragePlugin, Writer
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import Header
from vision_msgs.msg import Detection2D, Detection2DArray, LabelInfo, VisionClass, VisionInfo

from examples.shapes.processes import running
from examples.shapes.recorder import TOPICS, Recorder, spin_recorder
from test.full_disk import largest_file

TIMEOUT = 60.0  # seconds against hanging
IMAGES = 60
JPEG_BYTES = 50_000
LATCHED_TOPICS = ("detector/label_info", "detector/vision_info")
OTHER_TOPICS = [one.topic for one in TOPICS if one.topic not in LATCHED_TOPICS]
STARTED = time.time_ns()
_numbers = itertools.count()


class Robot(Node):
    """Publishes on all topics that are recorded, and keeps what it has sent."""

    def __init__(self, namespace: str = "") -> None:
        super().__init__("robot", namespace=namespace or f"/recorder_test_{next(_numbers)}")
        self.sent: Dict[str, List[bytes]] = {one.topic: [] for one in TOPICS}
        self._publishers_of = {
            one.topic: self.create_publisher(one.type, one.topic, one.qos) for one in TOPICS
        }

    def send(self, topic: str, message: Any) -> None:
        # Not serialised twice, as the bytes that fill gaps are any. DDS fills the last four.
        data = serialize_message(message)
        self.sent[topic].append(data + bytes(-len(data) % 4))
        self._publishers_of[topic].publish(data)

    def wait_for_recorder(self, *topics: str) -> None:
        end = time.monotonic() + TIMEOUT
        while not all(self._publishers_of[one].get_subscription_count() for one in topics):
            assert time.monotonic() < end
            rclpy.spin_once(self, timeout_sec=0.05)

    def wait_until_received(self) -> None:
        for one in self._publishers_of.values():
            assert one.wait_for_all_acked(Duration(seconds=TIMEOUT))

    def send_all(self) -> None:
        for number in range(IMAGES):
            header = Header(frame_id=f"camera {number}")
            header.stamp.sec, header.stamp.nanosec = 1000 + number, number * 7
            jpeg = os.urandom(JPEG_BYTES)
            self.send("image/compressed", CompressedImage(header=header, format="jpeg", data=jpeg))
            found = Detection2DArray(header=header, detections=[Detection2D(id=str(number))])
            self.send("detector/detections", found)
            self.send("ground_truth", Detection2DArray(header=header))

    def send_latched(self) -> None:
        names = LabelInfo(class_map=[VisionClass(class_id=3, class_name="Dreieck ä")])
        self.send("detector/label_info", names)
        self.send("detector/vision_info", VisionInfo(method="shapes int8"))


@pytest.fixture
def robot(ros: None) -> Iterator[Robot]:
    node = Robot()
    yield node
    node.destroy_node()


@contextmanager
def recorder(robot: Robot, folder: Path) -> Iterator[subprocess.Popen]:
    in_namespace = ("--ros-args", "-r", f"__ns:={robot.get_namespace()}")
    with running("examples.shapes.recorder", str(folder), *in_namespace) as process:
        yield process


def record(robot: Robot, folder: Path, number: int) -> int:
    """Record all that the robot sends until the signal; the recorder's exit code."""
    robot.send_latched()
    with recorder(robot, folder) as process:
        robot.wait_for_recorder(*OTHER_TOPICS)
        robot.send_all()
        robot.wait_for_recorder(*LATCHED_TOPICS)  # which it subscribes to once images come
        robot.wait_until_received()
        process.send_signal(number)
        return process.wait(TIMEOUT)


@pytest.fixture(scope="module")
def recorded(ros: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tuple[Robot, Path]]:
    """A robot, and the bag of all that it has sent, which Ctrl-C has ended."""
    robot, bag = Robot(), tmp_path_factory.mktemp("recorded") / "bag"
    assert record(robot, bag, signal.SIGINT) == 0
    yield robot, bag
    robot.destroy_node()


def assert_has_all_that_was_sent(bag: Path, robot: Robot) -> None:
    found: Dict[str, List[bytes]] = {one.topic: [] for one in TOPICS}
    with AnyReader([bag]) as reader:
        for connection, log_time, data in reader.messages():
            found[connection.topic[1:]].append(bytes(data))
            assert STARTED < log_time < time.time_ns()
    assert found == robot.sent
    assert {len(one) for one in found.values()} == {IMAGES, 1}
    assert [path.name for path in bag.parent.iterdir()] == [bag.name]


def test_all_that_was_sent_is_in_the_bag(recorded: Tuple[Robot, Path]) -> None:
    robot, bag = recorded
    assert_has_all_that_was_sent(bag, robot)


def test_other_readers_of_mcap_find_the_messages_and_what_they_mean(
    recorded: Tuple[Robot, Path],
) -> None:
    robot, bag = recorded
    found: Dict[str, List[bytes]] = {}
    with (bag / f"{bag.name}.mcap").open("rb") as stream:
        for schema, channel, message in make_reader(stream).iter_messages():
            assert schema is not None
            found.setdefault(f"{channel.topic} {schema.name}", []).append(message.data)
            assert schema.encoding == "ros2msg" and channel.message_encoding == "cdr"
            assert b"Header header" in schema.data
    types = ("sensor_msgs/msg/CompressedImage", *["vision_msgs/msg/Detection2DArray"] * 2)
    types += ("vision_msgs/msg/LabelInfo", "vision_msgs/msg/VisionInfo")
    names = [f"/{one.topic}" for one in TOPICS]
    assert found == dict(zip(map(" ".join, zip(names, types)), robot.sent.values()))


def test_messages_are_read_by_the_definitions_in_the_bag(recorded: Tuple[Robot, Path]) -> None:
    with AnyReader([recorded[1]]) as bag:
        read = {
            one.topic.rpartition("/")[2]: bag.deserialize(data, one.msgtype)
            for one, _, data in bag.messages()
        }
    last = read["detections"]
    assert last.header.frame_id == f"camera {IMAGES - 1}"
    assert (last.header.stamp.sec, last.header.stamp.nanosec) == (1059, 59 * 7)
    assert [one.id for one in last.detections] == ["59"]
    assert read["compressed"].format == "jpeg" and len(read["compressed"].data) == JPEG_BYTES
    (label,) = read["label_info"].class_map
    assert (label.class_id, label.class_name) == (3, "Dreieck ä")
    assert read["vision_info"].method == "shapes int8"


def test_latched_topics_are_played_as_such(recorded: Tuple[Robot, Path]) -> None:
    with Reader(recorded[1]) as bag:
        durable = {
            one.topic[1:]
            for one in bag.connections
            if one.ext.offered_qos_profiles[0].durability == QosDurability.TRANSIENT_LOCAL
        }
    assert durable >= set(LATCHED_TOPICS) and "detector/detections" not in durable


def test_sigterm_leaves_a_whole_bag_in_the_place_of_an_older_one(
    robot: Robot, tmp_path: Path
) -> None:
    bag = older_bag(tmp_path)
    assert record(robot, bag, signal.SIGTERM) == 0
    assert sorted(path.name for path in bag.iterdir()) == ["bag.mcap", "metadata.yaml"]
    assert_has_all_that_was_sent(bag, robot)


def test_what_has_come_is_recorded_after_the_signal(ros: None, tmp_path: Path) -> None:
    robot = Robot(namespace="/")
    with Writer(tmp_path / "bag", version=8, storage_plugin=StoragePlugin.MCAP) as bag:
        one = Recorder(bag)
        robot.wait_for_recorder(*OTHER_TOPICS)
        robot.send_all()
        robot.wait_until_received()
        spin_recorder(one, ended=[signal.SIGTERM])
    robot.destroy_node()
    assert one.messages == 3 * IMAGES


def test_an_older_bag_stays_where_no_message_comes(robot: Robot, tmp_path: Path) -> None:
    bag = older_bag(tmp_path)
    with recorder(robot, bag) as process:
        robot.wait_for_recorder(*OTHER_TOPICS)
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT) == 1
    assert sorted(path.name for path in bag.iterdir()) == ["metadata.yaml", "older.mcap"]
    assert [path.name for path in tmp_path.iterdir()] == ["bag"]


def older_bag(folder: Path) -> Path:
    bag = folder / "bag"
    bag.mkdir()
    for name in ("metadata.yaml", "older.mcap"):
        (bag / name).touch()
    return bag


def test_a_folder_that_is_no_bag_stays(robot: Robot, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").write_bytes(b"precious")
    assert ended_by_itself(robot, tmp_path / "photos", "is no bag") == 1
    assert (tmp_path / "photos" / "one.jpg").read_bytes() == b"precious"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_full_disk_ends_it_with_the_reason_and_without_leftovers(
    robot: Robot, tmp_path: Path
) -> None:
    with largest_file(1_000_000):
        assert ended_by_itself(robot, tmp_path / "bag", "File too large") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


def ended_by_itself(robot: Robot, folder: Path, reason: str) -> int:
    """Record until the recorder gives up, which it explains; the exit code."""
    log = folder.with_name("log")
    arguments: Sequence[str] = ("--ros-args", "-r", f"__ns:={robot.get_namespace()}")
    with log.open("wb") as output:
        command = ("examples.shapes.recorder", str(folder), *arguments)
        with running(*command, output=output) as process:
            end = time.monotonic() + TIMEOUT
            while process.poll() is None and time.monotonic() < end:
                robot.send_all()
                time.sleep(0.05)
    text = log.read_text("utf-8")
    assert reason in text and "Traceback" not in text
    return int(process.returncode)
