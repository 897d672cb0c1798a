"""The clock jumps back: that of the images' stamps, and the simulated one of the whole system."""

import math
import time
from pathlib import Path

from builtin_interfaces.msg import Time
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image

from test.trt_inference.ros.client import TIMEOUT, Client
from test.trt_inference.ros.conftest import Start
from test.trt_inference.ros.faults.conftest import Detector
from test.trt_inference.ros.faults.expected import assert_found, encoded

CELL = (4, 2)
PICTURE = encoded("red", CELL, 2)
HOUR = 3600
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
