"""A node that listens to /diagnostics, with and without the library diagnostic_updater."""

import sys
from typing import Callable, Dict, Iterator

import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from test.trt_inference.ros.client import TIMEOUT, wait_until


class Listener(Node):
    """Another node that keeps the last message of each status."""

    def __init__(self) -> None:
        super().__init__("listener")
        self.statuses: Dict[str, DiagnosticStatus] = {}
        self.create_subscription(DiagnosticArray, "/diagnostics", self._take, 10)

    def _take(self, message: DiagnosticArray) -> None:
        self.statuses.update({status.name: status for status in message.status})


@pytest.fixture
def spin(ros: None) -> Iterator[Callable[..., None]]:
    """Gives a function that spins nodes until a condition holds; they are destroyed at last."""
    executor = SingleThreadedExecutor()

    def run(*nodes: Node, until: Callable[[], bool]) -> None:
        for node in nodes:
            executor.add_node(node)

        def holds() -> bool:
            executor.spin_once(timeout_sec=0.02)
            return until()

        assert wait_until(holds, TIMEOUT)

    yield run
    for node in executor.get_nodes():
        node.destroy_node()
    executor.shutdown(timeout_sec=0)


@pytest.fixture(params=["own output", "diagnostic_updater"])
def output(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With and without the library, which is not on PyPI."""
    if request.param == "diagnostic_updater":
        pytest.importorskip("diagnostic_updater")
    else:
        monkeypatch.setitem(sys.modules, "diagnostic_updater", None)
