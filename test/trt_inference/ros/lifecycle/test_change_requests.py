"""Whoever asks for a transition gets an answer, whether it is possible or not, on Humble too."""

import threading
from pathlib import Path
from typing import Any, List, Tuple

import pytest
from lifecycle_msgs.msg import Transition
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode

from test.trt_inference.ros.client import TIMEOUT, Client
from test.trt_inference.ros.conftest import Start
from trt_inference.ros.node import DetectorNode

NAMESPACE = "/change_requests"
CONFIGURE, CLEANUP, ACTIVATE, DEACTIVATE, *SHUTDOWN = range(1, 8)
# Possible nowhere: ids that do not exist, and those by which rclpy ends a transition.
NEVER = [(number, "") for number in (0, 8, 10, 97, 98, 99, 255)]
# The label counts, where there is one.
NEVER += [(number, "transition_success") for number in (0, CONFIGURE, ACTIVATE, DEACTIVATE)]
NEVER += [(0, "Configure"), (0, " activate"), (0, "\x1b[2Jshut\ndown"), (0, "ü" * 100_000)]
# A state, the way to it, and what is not possible there.
WALK: List[Tuple[str, Tuple[int, str], List[Tuple[int, str]]]] = [
    ("unconfigured", (0, ""), [(n, "") for n in (CLEANUP, ACTIVATE, DEACTIVATE, *SHUTDOWN[1:])]),
    ("inactive", (ACTIVATE, "configure"), [(CONFIGURE, ""), (SHUTDOWN[0], ""), (2, "deactivate")]),
    ("active", (0, "activate"), [(ACTIVATE, ""), (0, "configure"), (SHUTDOWN[1], "")]),
    ("finalized", (SHUTDOWN[2], ""), [(CONFIGURE, ""), (SHUTDOWN[2], ""), (0, "shutdown")]),
]


def test_impossible_transitions_are_refused_in_every_state(
    start_node: Start, shared_color_bundle: Path
) -> None:
    # Nothing else is logged meanwhile.
    process, client = start_node(bundle=shared_color_bundle, camera_timeout=0.0)
    for state, way, impossible in WALK:
        assert client.request(*way) == (state != "unconfigured")
        for number, label in NEVER + impossible:
            assert not client.request(number, label), (state, number, label)
            assert client.state() == state
            assert process.log.splitlines()[-1].count(f"Possible in the state {state}: ") == 1
    assert "\x1b" not in process.log
    assert max(map(len, process.log.splitlines())) < 1000


def test_each_of_several_requests_at_once_is_answered(
    start_node: Start, shared_color_bundle: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle)
    answers = [client.begin(CONFIGURE) for _ in range(3)]
    assert client.spin(TIMEOUT, until=lambda: all(answer.done() for answer in answers))
    assert [answer.result().success for answer in answers] == [True, False, False]
    assert client.state() == "inactive"


def test_a_transition_in_which_rclpy_raises_is_answered(
    ros: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As that of Humble and Jazzy does."""

    def change(self: LifecycleNode, request: Any, response: Any) -> Any:
        raise RuntimeError("Failed to publish the transition")

    monkeypatch.setattr(LifecycleNode, "_LifecycleNodeMixin__on_change_state", change)
    node, client = DetectorNode(namespace=NAMESPACE), Client(NAMESPACE)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    thread = threading.Thread(target=executor.spin, name="detector")
    thread.start()
    try:
        assert not client.request(Transition.TRANSITION_CONFIGURE)
    finally:
        executor.shutdown()
        thread.join()
        client.destroy_node()
        node.destroy_node()
