"""Transitions in every order, the impossible ones too, while frames arrive."""

import random
import threading
from contextlib import contextmanager
from typing import Iterator

import pytest
from lifecycle_msgs.msg import Transition

from benchmarks.vitals import Vitals, vitals_of
from test.trt_inference.ros.client import Client
from test.trt_inference.ros.faults.conftest import Detector
from test.trt_inference.ros.faults.expected import assert_found, encoded

pytestmark = pytest.mark.long

CONFIGURE, CLEANUP = Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_CLEANUP
ACTIVATE, DEACTIVATE = Transition.TRANSITION_ACTIVATE, Transition.TRANSITION_DEACTIVATE
# The design of managed nodes (ROS 2): what leads where. All else is impossible.
LEADS = {
    ("unconfigured", CONFIGURE): "inactive",
    ("inactive", ACTIVATE): "active",
    ("inactive", CLEANUP): "unconfigured",
    ("active", DEACTIVATE): "inactive",
}
STATES = {state for state, _ in LEADS}
STEPS = 800  # each that is possible a hundred times
PERIOD = 0.01  # seconds between two frames
CELL = (0, 3)
PICTURE = encoded("blue", CELL, 4)
KEPT = 6 << 20  # bytes that the process may hold more than before, after 100 configurations


def test_a_random_walk_through_all_states_and_impossible_transitions(detector: Detector) -> None:
    node, client = detector
    with frames(client.get_namespace()):
        walk(client, random.Random(1), STEPS // 4)  # the warm-up
        before = settled(node.process.pid, client)
        walk(client, random.Random(2), STEPS)
        after = settled(node.process.pid, client)
    assert after.anonymous - before.anonymous < KEPT
    assert after.threads == before.threads
    assert after.descriptors == before.descriptors
    assert_found(client.detect(client.image(PICTURE)), "blue", CELL, 4)
    assert "Traceback" not in node.log


def walk(client: Client, chance: random.Random, steps: int) -> None:
    """Ask for transitions by chance; each is done or refused as its state demands."""
    state, seen = client.state(), set()
    for _ in range(steps):
        asked = chance.choice((CONFIGURE, ACTIVATE, DEACTIVATE, CLEANUP))
        expected = LEADS.get((state, asked))
        assert client.request(asked) == (expected is not None), (state, asked)
        seen.add((state, asked))
        state = expected or state
        assert client.state() == state
    assert {state for state, _ in seen} == STATES
    assert len(seen) == len(STATES) * 4, "the walk has not tried each transition in each state"


def settled(process: int, client: Client) -> Vitals:
    """What the process holds while it is active and has answered."""
    while client.state() != "active":
        client.request(CONFIGURE)
        client.request(ACTIVATE)
    client.detect(client.image(PICTURE))
    return vitals_of(process)


@contextmanager
def frames(namespace: str) -> Iterator[None]:
    """A camera that sends all the time, whether the node listens or not."""
    camera, ends = Client(namespace), threading.Event()

    def send() -> None:
        while not ends.wait(PERIOD):
            camera.publish(camera.image(PICTURE))

    thread = threading.Thread(target=send, name="camera")
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join()
        camera.destroy_node()
