"""The clock jumps back: that of the images' stamps, and the simulated one of the whole system."""

import math
import time
from pathlib import Path

import pytest
from builtin_interfaces.msg import Time
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image

from test.trt_inference.ros.client import TIMEOUT, Client, camera_messages, wait_until
from test.trt_inference.ros.conftest import Start
from test.trt_inference.ros.faults.conftest import Detector
from test.trt_inference.ros.faults.expected import assert_found, encoded

CELL = (4, 2)
PICTURE = encoded("red", CELL, 2)
HOUR, YEAR = 3600, 365 * 24 * 3600
FRAMES = 5  # before and after the jump


def test_stamps_that_jump_back_are_answered_and_give_no_nonsense(detector: Detector) -> None:
    node, client = detector
    now = time.time()
    for age in (0, HOUR, 0, -HOUR):  # the last ones are from the future
        for number in range(FRAMES):
            answer_at(client, now - age - 1 + number / 30)
    check_times(client)
    assert "Traceback" not in node.log


def test_a_simulated_clock_that_jumps_back_disturbs_nothing(
    start_node: Start, shared_color_bundle: Path
) -> None:
    node, client = start_node(bundle=shared_color_bundle, use_sim_time=True)
    clock = client.create_publisher(Clock, "/clock", 10)
    assert client.spin(TIMEOUT, until=lambda: clock.get_subscription_count() > 0)
    client.start()
    for second in (2 * HOUR, HOUR, 1):
        clock.publish(Clock(clock=Time(sec=second)))
        for number in range(FRAMES):
            answer_at(client, second - 1 + number / 30)
        check_times(client)
    assert client.set_parameter("max_detections", 3) == ""
    assert "Traceback" not in node.log


@pytest.mark.parametrize("is_simulated_from_start", [True, False])
def test_times_before_zero_are_ignored_in_one_line(
    start_node: Start, shared_color_bundle: Path, is_simulated_from_start: bool
) -> None:
    node, client = start_node(bundle=shared_color_bundle, use_sim_time=is_simulated_from_start)
    clock = client.create_publisher(Clock, "/clock", 10)
    client.start()
    assert client.set_parameter("use_sim_time", True) == ""
    assert client.spin(TIMEOUT, until=lambda: clock.get_subscription_count() > 0)

    def is_told() -> bool:
        clock.publish(Clock(clock=Time(sec=-5, nanosec=1)))
        return "a time on /clock is ignored: its -5 s are below zero" in node.log

    assert wait_until(is_told)
    for _ in range(FRAMES):
        clock.publish(Clock(clock=Time(sec=-(2**31))))
    clock.publish(Clock(clock=Time(sec=HOUR)))
    answer_at(client, HOUR - 1)
    check_times(client)
    assert "Traceback" not in node.log and "rcutils" not in node.log


@pytest.mark.parametrize(
    ("is_simulated", "years", "reported", "hint"),
    [
        (False, 1, "results are 31536", "set use_sim_time to true"),
        (False, -1, "stamps are in the future, by up to 31", "ros2 bag play --clock"),
        (True, 0, "use_sim_time is true", "use_sim_time is true, but nobody publishes /clock"),
    ],
)
def test_stamps_of_another_clock_are_reported_with_what_to_do(
    start_node: Start,
    shared_color_bundle: Path,
    is_simulated: bool,
    years: int,
    reported: str,
    hint: str,
) -> None:
    node, client = start_node(bundle=shared_color_bundle, use_sim_time=is_simulated)
    messages = camera_messages(client)
    client.start()
    answer_at(client, time.time() - years * YEAR)
    assert client.spin(TIMEOUT, until=lambda: any(reported in one for one in messages))
    assert any(reported in one and hint in one for one in messages)
    assert wait_until(lambda: hint in node.log)


def test_a_clock_that_nobody_publishes_is_reported_without_an_image(
    start_node: Start, shared_color_bundle: Path
) -> None:
    node, client = start_node(bundle=shared_color_bundle, use_sim_time=True)
    messages = camera_messages(client)
    client.start()
    hint = "use_sim_time is true, but nobody publishes /clock"
    assert wait_until(lambda: hint in node.log)
    assert client.spin(TIMEOUT, until=lambda: any(hint in one for one in messages))
    client.create_publisher(Clock, "/clock", 10)
    messages.clear()
    assert client.spin(TIMEOUT, until=lambda: any(hint not in one for one in messages))


def test_images_before_the_first_time_on_clock_are_answered_and_have_no_age(
    start_node: Start, shared_color_bundle: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle, use_sim_time=True)
    messages = camera_messages(client)
    clock = client.create_publisher(Clock, "/clock", 10)
    client.start()
    assert client.spin(TIMEOUT, until=lambda: clock.get_subscription_count() > 0)
    answer_at(client, HOUR)
    assert client.spin(TIMEOUT, until=lambda: messages[-3:] == ["running"] * 3)
    assert not [one for one in messages if "future" in one]
    assert "age p50 ms" not in client.record.diagnostics
    clock.publish(Clock(clock=Time(sec=HOUR)))
    answer_at(client, HOUR - 1)
    assert client.spin(TIMEOUT, until=lambda: "age p50 ms" in client.record.diagnostics)


def answer_at(client: Client, seconds: float) -> None:
    """An image that was taken then is answered, with its header."""
    image: Image = client.image(PICTURE)
    image.header.stamp = Time(sec=int(seconds), nanosec=int(seconds % 1 * 1e9))
    answer = client.detect(image)
    assert answer.header == image.header
    assert_found(answer, "red", CELL, 2)


def check_times(client: Client) -> None:
    """/diagnostics go on, and no time in them is negative or no number."""
    client.record.diagnostics = {}
    assert client.spin(TIMEOUT, until=lambda: bool(client.record.diagnostics))
    times = {
        name: float(value)
        for name, value in client.record.diagnostics.items()
        if name.endswith(" ms")
    }
    assert "node p50 ms" in times
    wrong = {name: ms for name, ms in times.items() if not (math.isfinite(ms) and ms >= 0)}
    assert not wrong
