"""What cameras send when something is wrong with them: the node logs it, counts it, goes on."""

import array
import functools
import time
from pathlib import Path
from typing import Any, Dict

import numpy as np
import pytest
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from test.color_bundle import CELL, COLORS, LABELS, picture
from test.trt_inference.ros.client import wait_until
from test.trt_inference.ros.conftest import Start
from trt_inference.ros.messages.result_messages import message_to_detections
from trt_inference.ros.rclpy_tools.throttle import WARNING_PERIOD

GOOD = picture("red", (2, 3), scale=2)
EMPTY = {"width": 0, "height": 0, "step": 0, "data": array.array("B")}
long = functools.partial(pytest.param, marks=pytest.mark.long)  # each needs a node of its own


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        (EMPTY, "0x0"),
        long({"width": 1, "height": 1, "step": 3, "data": array.array("B", [1, 2, 3])}, "1x1"),
        ({"data": array.array("B", bytes(100))}, "100 bytes"),
        long({"step": 383}, "step 383"),
        ({"encoding": "32FC1"}, "32FC1"),
        long({"encoding": ""}, "encoding ''"),
        long({"height": 2**31}, f"128x{2**31}"),
        ({"header": Header(frame_id="\n" * 10**6)}, "has 1000000 characters, and may have 255"),
    ],
)
def test_a_bad_image_is_named_and_counted_and_the_next_good_one_answered(
    start_node: Start, shared_color_bundle: Path, changes: Dict[str, Any], named: str
) -> None:
    node, client = start_node(bundle=shared_color_bundle)
    client.start()
    client.detect(client.image(GOOD))
    begun = time.monotonic()
    for _ in range(5):
        client.send(client.image(GOOD, **changes))
        client.spin(0.1)
    assert client.wait_for_count("rejected", 1) >= 1
    good = client.detect(client.image(GOOD))
    assert good.detections[0].results[0].hypothesis.class_id == "red"
    assert wait_until(lambda: named in node.log)
    most = 1 + (time.monotonic() - begun) // WARNING_PERIOD
    assert 1 <= node.log.count("image rejected") <= most, "the warning must be throttled"
    assert node.is_alive


def test_rows_with_padding_are_read_by_their_step(
    start_node: Start, shared_color_bundle: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle)
    client.start()
    height, width = GOOD.shape[:2]
    padded = np.zeros((height, width + 7, 3), np.uint8)
    padded[:, :width] = GOOD
    padded[:, width:] = COLORS["green"]  # seen, if the step were not respected
    image = client.image(padded, width=width)
    found = message_to_detections(client.detect(image), LABELS)
    assert [LABELS[class_id] for class_id in found.class_ids] == ["red"]
    np.testing.assert_allclose(found.xyxy[0], np.array([3, 2, 4, 3]) * CELL * 2, atol=0.01)


def test_a_change_of_size_is_reported_and_boxes_follow_it(
    start_node: Start, shared_color_bundle: Path
) -> None:
    node, client = start_node(bundle=shared_color_bundle)
    client.start()
    for scale in (10, 4, 7):
        pixels = picture("green", (6, 1), scale)
        found = message_to_detections(client.detect(client.image(pixels)), LABELS)
        expected = np.array([1, 6, 2, 7]) * CELL * scale
        np.testing.assert_allclose(found.xyxy, expected[None], atol=0.01 * scale)
    assert wait_until(lambda: "are 256x256 bgr8 now, they were 640x640" in node.log)


def test_an_odd_stamp_is_passed_on(start_node: Start, shared_color_bundle: Path) -> None:
    _, client = start_node(bundle=shared_color_bundle)
    client.start()
    for seconds in (0, -5, -(2**31), 2**31 - 1):
        image = client.image(GOOD)
        image.header.stamp.sec, image.header.stamp.nanosec = seconds, 0
        assert client.detect(image).header == image.header
        assert client.detect(client.image(GOOD)).detections
        assert client.state() == "active"


def test_an_image_is_answered_after_random_garbage(
    start_node: Start, shared_color_bundle: Path
) -> None:
    node, client = start_node(bundle=shared_color_bundle)
    client.start()
    client.detect(client.image(GOOD))
    generator = np.random.default_rng(7)
    for _ in range(300):
        client.send(random_image(generator))
    assert client.detect(client.image(GOOD)).detections
    assert node.is_alive


def random_image(generator: np.random.Generator) -> Image:
    """Fields that hardly ever fit each other."""
    width, height, step = (int(generator.choice([0, 1, 3, 64, 100, 2**16])) for _ in range(3))
    encoding = str(generator.choice(["bgr8", "rgb8", "mono8", "bayer_rggb8", "🎥", "16UC1"]))
    message = Image(width=width, height=height, step=step, encoding=encoding)
    message.data = array.array("B", generator.bytes(int(generator.integers(0, 5000))))
    return message


@pytest.mark.parametrize("hand_over", ["never", "always"])
def test_bytes_that_are_no_message_are_counted_and_the_next_good_one_answered(
    start_node: Start, shared_color_bundle: Path, hand_over: str
) -> None:
    node, client = start_node(
        bundle=shared_color_bundle, hand_over=hand_over, image_reliability="reliable"
    )
    client.start()
    client.detect(client.image(GOOD))
    sound = serialize_message(client.image(GOOD))
    for damaged in (sound[:40], sound[:8], b"\x00\x01\x00\x00" + b"\xff" * 60):
        rejected = client.wait_for_count("rejected", 0)
        client.publish(damaged)  # as anybody in the ROS domain may
        client.wait_for_count("rejected", rejected + 1)
    good = client.detect(client.image(GOOD))
    assert good.detections[0].results[0].hypothesis.class_id == "red"
    assert wait_until(lambda: "damaged" in node.log), node.log
    assert "Traceback" not in node.log
