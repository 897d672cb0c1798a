"""Two nodes in one process do not know of each other."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Iterator, List

import pytest
from lifecycle_msgs.msg import Transition

from examples.shapes.processes import running
from test.trt_inference.ros.client import Client
from test.trt_inference.ros.faults.expected import assert_found, encoded

NAMESPACES = ("/left", "/right")
FRAMES = 50


@pytest.fixture
def clients(ros: None, shared_color_bundle: Path) -> Iterator[List[Client]]:
    """One for each of two active nodes of one process."""
    module = "test.trt_inference.ros.faults.two_nodes"
    with running(module, str(shared_color_bundle), *NAMESPACES):
        made = [Client(one) for one in NAMESPACES]
        try:
            for one in made:
                one.start()
            yield made
        finally:
            for one in made:
                one.destroy_node()


def test_both_answer_at_the_same_time_and_one_goes_on_without_the_other(
    clients: List[Client],
) -> None:
    left, right = clients
    with ThreadPoolExecutor(2) as threads:
        colors = ((left, "red"), (right, "blue"))
        answered = [threads.submit(detect_all, *one) for one in colors]
        for one in answered:
            one.result()
        going_on = threads.submit(detect_all, right, "green")
        left.transition(Transition.TRANSITION_DEACTIVATE)
        left.transition(Transition.TRANSITION_CLEANUP)
        going_on.result()
    assert left.state() == "unconfigured"
    assert right.state() == "active"
    detect_all(right, "red")
    left.start()
    detect_all(left, "green")


def detect_all(client: Client, color: str) -> None:
    """Each frame is answered by the client's own node, with the frame's own header."""
    for number in range(FRAMES):
        cell = (number // 8 % 8, number % 8)
        image = client.image(encoded(color, cell, 2))
        image.header.frame_id = f"{client.get_namespace()}_{number}"
        answer = client.detect(image)
        assert answer.header == image.header
        assert_found(answer, color, cell, 2)
