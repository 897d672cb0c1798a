"""A recording that is played with /clock through a node that goes by it, as `ros2 bag play --clock`
does: the second time after the first, so that the clock jumps back."""

import time
from pathlib import Path
from typing import List, Tuple

from builtin_interfaces.msg import Time
from rclpy.serialization import deserialize_message, serialize_message
from rosbags.rosbag2 import Reader, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image

from examples.shapes.monitor import stamp_of
from test.trt_inference.ros.client import TIMEOUT, Client, camera_messages
from test.trt_inference.ros.conftest import Start
from test.trt_inference.ros.faults.expected import assert_found, encoded

IMAGES = 25
# All in nanoseconds. The first stamp is that of a step of the clock, most others are not.
PERIOD = 33_333_333
STEP = 25_000_000  # between two messages on /clock, as `ros2 bag play --clock` has it
ON_THE_WAY = 2_000_000
WEEK = 7 * 24 * 3600 * 10**9
TYPE = "sensor_msgs/msg/Image"


def test_a_bag_that_is_played_twice_is_answered_by_its_own_time(
    start_node: Start, shared_color_bundle: Path, tmp_path: Path
) -> None:
    node, client = start_node(bundle=shared_color_bundle, use_sim_time=True)
    bag = write_bag(client, tmp_path / "bag")
    clock = client.create_publisher(Clock, "/clock", 10)
    client.start()
    assert client.spin(TIMEOUT, until=lambda: clock.get_subscription_count() > 0)
    messages = camera_messages(client)
    for _ in range(2):
        client.record.detections.clear()
        for recorded, image in bag:
            clock.publish(Clock(clock=time_of(recorded // STEP * STEP)))
            answer = client.detect(image)
            assert answer.header == image.header
            assert_found(answer, "red", cell_of(stamp_of(image.header)[1]), 1)
            if recorded == bag[0][0]:
                messages.clear()  # of the time before anything was played
        assert len(client.record.detections) == IMAGES
        assert client.spin(TIMEOUT, until=lambda: len(messages) > 2)
        assert set(messages) == {"running"}
    # By the clock of the system it would be a week.
    assert 0 <= float(client.record.diagnostics["age p99 ms"]) < 3_600_000
    assert "Traceback" not in node.log


def write_bag(client: Client, folder: Path) -> List[Tuple[int, Image]]:
    """Record images of a week ago with ``rosbags``, and read them back: when each was recorded, and
    the image."""
    start = time.time_ns() // 10**9 * 10**9 - WEEK
    with Writer(folder, version=8, storage_plugin=StoragePlugin.MCAP) as bag:
        types = get_typestore(Stores.ROS2_JAZZY)
        place = bag.add_connection("/image", TYPE, typestore=types)
        for taken in range(start, start + IMAGES * PERIOD, PERIOD):
            image = client.image(encoded("red", cell_of(taken % 10**9), 1))
            image.header.stamp = time_of(taken)
            bag.write(place, taken + ON_THE_WAY, serialize_message(image))
    with Reader(folder) as read:
        return [(at, deserialize_message(bytes(data), Image)) for _, at, data in read.messages()]


def time_of(nanoseconds: int) -> Time:
    return Time(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9)


def cell_of(nanoseconds: int) -> Tuple[int, int]:
    """Where an image with such a stamp has its one cell, so that none is taken for another."""
    return nanoseconds // 1_000_000 % 8, nanoseconds // 10_000_000 % 8
