"""Whoever asks for a transition that is not possible gets an answer, on Humble too."""

from typing import Any

import pytest
from lifecycle_msgs.msg import Transition
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode

from test.trt_inference.ros.client import TIMEOUT, Client
from trt_inference.ros.node import DetectorNode

NAMESPACE = "/change_requests"


def test_an_impossible_transition_is_refused_where_rclpy_raises(
    ros: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Humble's does. The installed rclpy may answer by itself."""

    def change(self: LifecycleNode, request: Any, response: Any) -> Any:
        raise RuntimeError("Transition is not registered.")

    monkeypatch.setattr(LifecycleNode, "_LifecycleNodeMixin__on_change_state", change)
    node, client = DetectorNode(namespace=NAMESPACE), Client(NAMESPACE)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        answer = client.begin(Transition.TRANSITION_ACTIVATE)

        def is_answered() -> bool:
            executor.spin_once(timeout_sec=0.05)
            return bool(answer.done())

        assert client.spin(TIMEOUT, until=is_answered)
        assert not answer.result().success
    finally:
        client.destroy_node()
        executor.shutdown()
        node.destroy_node()
