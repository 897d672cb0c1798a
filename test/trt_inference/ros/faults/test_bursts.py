"""Many images at once: the newest wins, the counters add up, and nothing is kept."""

import signal

import pytest
from sensor_msgs.msg import Image

from benchmarks.vitals import vitals_of
from test.trt_inference.ros.client import Client
from test.trt_inference.ros.faults.conftest import Detector
from test.trt_inference.ros.faults.expected import assert_found, encoded

pytestmark = pytest.mark.long

BURST = 100
CELL = (1, 6)
SCALE = 2  # 49 kB, which the middleware sends in one piece: of more, it may lose the newest
PICTURE = encoded("green", CELL, SCALE)
BURSTS = 12  # of 5 MB
KEPT = 5 << 20  # bytes that the process may hold more than before


def test_the_newest_image_of_a_burst_is_answered_and_all_are_counted(detector: Detector) -> None:
    _, client = detector
    client.detect(client.image(PICTURE))
    before = client.counters_at_rest()
    send_burst(client)
    counted = client.counters_at_rest()
    assert before["received"] < counted["received"] <= before["received"] + BURST
    assert counted["rejected"] == before["rejected"]


def test_bursts_leave_no_memory_behind(detector: Detector) -> None:
    node, client = detector
    client.detect(client.image(PICTURE))
    send_burst(client)
    before = vitals_of(node.process.pid)
    for _ in range(BURSTS):
        send_burst(client)
    after = vitals_of(node.process.pid)
    assert after.anonymous - before.anonymous < KEPT
    assert after.threads == before.threads
    assert after.descriptors == before.descriptors


def test_after_a_stall_the_newest_image_comes_first(detector: Detector) -> None:
    """What has waited for longer than the newest one is of no use to a robot."""
    node, client = detector
    client.detect(client.image(PICTURE))
    before = client.counters_at_rest()
    node.process.send_signal(signal.SIGSTOP)
    try:
        newest = publish_burst(client)
    finally:
        node.process.send_signal(signal.SIGCONT)
    client.answer(newest)
    assert client.counters_at_rest()["inferred"] - before["inferred"] < BURST / 10


def send_burst(client: Client) -> None:
    """Publish a burst, and wait until its newest image is answered."""
    assert_found(client.answer(publish_burst(client)), "green", CELL, SCALE)


def publish_burst(client: Client) -> Image:
    """Publish images as fast as it goes; the last one."""
    images = [client.image(PICTURE) for _ in range(BURST)]
    for image in images:
        client.send(image)
    return images[-1]
