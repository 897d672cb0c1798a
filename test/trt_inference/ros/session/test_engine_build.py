"""A build beside the node, and its status when it has failed."""

from pathlib import Path
from typing import Iterator, List

import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from test.trt_inference.ros.client import wait_until
from test.trt_inference.ros.diagnostics.conftest import Listener
from trt_inference.engines.base import EngineOptions
from trt_inference.ros.diagnostics.status_publisher import StatusPublisher
from trt_inference.ros.session.engine_build import EngineBuild

NAME = "/building/detector: engine build"
LONG = 120.0  # seconds, for the start of a process on a busy machine


class Building:
    """A node that builds, and what it shows of that."""

    def __init__(self) -> None:
        self.node, self.listener = Node("detector", namespace="/building"), Listener()
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self._executor.add_node(self.listener)
        self.built: List[bool] = []
        statuses = StatusPublisher(self.node)
        self.build = EngineBuild(self.node, statuses, lambda: self.built.append(True))

    def wait_for_level(self, level: bytes) -> DiagnosticStatus:
        def is_shown() -> bool:
            self._executor.spin_once(timeout_sec=0.02)
            status = self.listener.statuses.get(NAME)
            return status is not None and status.level == level

        assert wait_until(is_shown, LONG)
        return self.listener.statuses[NAME]

    def close(self) -> None:
        self.build.stop()
        self._executor.shutdown()
        self.node.destroy_node()
        self.listener.destroy_node()


@pytest.fixture
def building(ros: None) -> Iterator[Building]:
    it = Building()
    yield it
    it.close()


def test_a_build_that_failed_is_shown_until_another_one_begins(
    building: Building, tmp_path: Path
) -> None:
    for _ in range(2):
        building.listener.statuses.clear()
        building.build.start(tmp_path / "nowhere", "fp16", EngineOptions())
        failed = building.wait_for_level(DiagnosticStatus.ERROR)
        assert failed.message == "the build failed"
        values = {pair.key: pair.value for pair in failed.values}
        assert values["precision"] == "fp16"
        assert "nowhere" in values["progress"]
        building.listener.statuses.clear()
        assert building.wait_for_level(DiagnosticStatus.ERROR).message == "the build failed"
    assert building.built == []
