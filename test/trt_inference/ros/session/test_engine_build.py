"""A build beside the node, and its status when it has failed."""

from pathlib import Path
from typing import Iterator, List, Optional

import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from test.color_bundle import write_color_bundle
from test.tensorrt_double import CUDA_PACKAGES
from test.trt_inference.ros.client import ROOT, wait_until
from test.trt_inference.ros.diagnostics.conftest import Listener
from trt_inference.engines.base import EngineOptions
from trt_inference.ros.diagnostics.status_publisher import StatusPublisher
from trt_inference.ros.session.engine_build import BuildProcess, EngineBuild

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


@pytest.mark.parametrize("library", CUDA_PACKAGES)
@pytest.mark.parametrize(
    ("visible", "device", "sm"),
    [(None, 1, 75), pytest.param("1,0", 0, 75, marks=pytest.mark.long), ("1,0", 1, 87)],
)
def test_an_engine_is_built_for_the_gpu_of_the_node(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    library: str,
    visible: Optional[str],
    device: int,
    sm: int,
) -> None:
    """The number is among those that the node sees, and its process sees the same ones."""
    monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'test' / 'tensorrt_double' / 'site'}:{ROOT}")
    monkeypatch.setenv("TENSORRT_DOUBLE", "10.3.0")
    monkeypatch.setenv("TENSORRT_DOUBLE_CUDA", library)
    monkeypatch.setenv("TENSORRT_DOUBLE_DEVICES", "2")
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    bundle = write_color_bundle(tmp_path / "colors")
    build = BuildProcess(bundle, "fp32", device)
    assert wait_until(lambda: build.exit_code() is not None, LONG)
    assert build.exit_code() == 0, build.output()
    (engine,) = bundle.glob("engines/*.engine")
    assert f"-sm{sm}-" in engine.name


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


def test_a_build_may_print_bytes_in_no_encoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "converter").mkdir()
    printing = 'import sys; sys.stdout.buffer.write(b"layer caf\\xe9\\nlast line\\n"); sys.exit(1)'
    (tmp_path / "converter" / "__main__.py").write_text(printing, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    build = BuildProcess(tmp_path, "fp16")
    assert wait_until(lambda: build.exit_code() is not None, LONG)
    assert build.output() == "layer caf\\xe9\nlast line"
    build.stop()
