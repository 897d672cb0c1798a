"""Hundreds of parameter changes from two clients while images arrive."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Iterator, List, Tuple

import pytest
from sensor_msgs.msg import Image

from test.color_bundle import COLORS, picture
from test.trt_inference.ros.client import Client
from test.trt_inference.ros.faults.conftest import Detector

pytestmark = pytest.mark.long

CHANGES = 300  # of each client
AGAIN = 1.0  # seconds without an answer after which a client asks again
# Each with the reason for which it is refused; none: it is set.
STORM = (
    ("score_threshold", 0.3, ""),
    ("score_threshold", 1.5, "range"),
    ("max_detections", 2, ""),
    ("score_threshold", float("nan"), "range"),
    ("iou_threshold", 0.7, ""),
    ("max_detections", 0, "range"),
    ("threads", 1, "clean up"),
    ("max_detections", 2.5, "type"),
    ("score_threshold", 0.6, ""),
    ("image_reliability", "sometimes", "sometimes"),
    ("no_such_parameter", 1, "declared"),
    ("max_detections", 3, ""),
)


def test_every_change_is_answered_rightly_and_images_go_on(detector: Detector) -> None:
    node, client = detector
    client.detect(colorful(client))
    with two_clients(client.get_namespace()) as clients, ThreadPoolExecutor(2) as threads:
        storms = [threads.submit(set_many, one) for one in clients]
        answered = 0
        while not all(storm.done() for storm in storms):
            assert client.detect(colorful(client)).detections
            answered += 1
        wrong = [one for storm in storms for one in storm.result()]
    assert not wrong
    assert answered > 10
    assert "Traceback" not in node.log


def test_the_last_value_counts(detector: Detector) -> None:
    _, client = detector
    for most in (1, 2, 3, 1, 2):
        for _ in range(10):
            assert client.set_parameter("max_detections", 3) == ""
            assert client.set_parameter("max_detections", most) == ""
            assert client.set_parameter("max_detections", 0) != ""
        assert len(client.detect(colorful(client)).detections) == most


@contextmanager
def two_clients(namespace: str) -> Iterator[Tuple[Client, Client]]:
    """Each for a thread of its own."""
    clients = Client(namespace), Client(namespace)
    try:
        yield clients
    finally:
        for one in clients:
            one.destroy_node()


def set_many(client: Client) -> List[Tuple[str, object, str]]:
    """The changes that were answered wrongly, with the answer."""
    wrong = []
    for name, value, reason in itertools.islice(itertools.cycle(STORM), CHANGES):
        # A client's queue of ten holds the answers to all clients of the service, and one that
        # gets no processor for a while loses its own.
        answer = client.set_parameter(name, value, AGAIN)
        if bool(answer) != bool(reason) or reason not in answer:
            wrong.append((name, value, answer))
    return wrong


def colorful(client: Client) -> Image:
    """An image with one cell of each color."""
    pixels = picture("red", (0, 0), 2)
    for index, color in enumerate(COLORS):
        cell = picture(color, (index, index), 2)
        pixels = cell if index == 0 else pixels
        marked = (cell != 128).any(axis=2)
        pixels[marked] = cell[marked]
    return client.image(pixels)
