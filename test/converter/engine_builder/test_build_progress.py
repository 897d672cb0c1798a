"""A build tells how far it is, and ends when it is cancelled."""

import io
import json
import os
import signal
from pathlib import Path
from typing import List, Optional

import onnx
import pytest
from rich.console import Console

from converter.engine_builder import build_engine as build_module
from converter.engine_builder import build_progress as progress_module
from converter.engine_builder.build_progress import BuildProgress
from test.converter.command_line import run_here
from test.full_disk import largest_file
from test.tensorrt_double.config import CACHE_MAGIC
from test.tensorrt_double.install import install


def console() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=100)


def shown(progress: BuildProgress) -> List[str]:
    return [task.description for task in progress._bars.tasks]


def test_phases_are_shown_in_phases_and_go_when_they_end() -> None:
    with BuildProgress(console(), "build fp16") as progress:
        progress.begin("Building Engine", None, 2)
        progress.begin("Tactic Selection", "Building Engine", 30)
        assert shown(progress) == ["build fp16", "  Building Engine", "    Tactic Selection"]
        assert progress.advance("Tactic Selection", 14)
        assert progress._bars.tasks[2].percentage == 50
        progress.end("Tactic Selection")
        assert shown(progress) == ["build fp16", "  Building Engine"]


def test_a_log_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    with BuildProgress(Console(file=file, width=100), "build fp16") as progress:
        progress.tick()
        assert file.getvalue() == ""
        monkeypatch.setattr(progress_module, "_SECONDS_OF_A_LINE", 0.0)
        progress.tick()
        assert file.getvalue().endswith("s  build fp16 …\n")
        progress.begin("Tactic Selection", None, 4)
        progress.advance("Tactic Selection", 2)
        progress.tick()
    assert file.getvalue().endswith("s  build fp16 … Tactic Selection, 75 %\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_end_a_build_and_leave_nothing(
    number: int, bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted(BuildProgress):
        def begin(self, phase: str, parent: Optional[str], steps: int) -> None:
            super().begin(phase, parent, steps)
            if parent is not None:
                os.kill(os.getpid(), number)
                assert self._cancelled.wait(60)

    monkeypatch.setattr(build_module, "BuildProgress", Interrupted)
    with install("10.3.0") as double:
        result = run_here(capsys, "build", bundle, "--precision", "fp16")
        assert (result.exit_code, double.live()) == (130, {})
    assert "interrupted, the engine that was not finished is not there" in result.output
    assert list((bundle / "engines").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_an_interrupted_build_has_timed_is_not_timed_again(
    number: int, bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted(BuildProgress):
        def advance(self, phase: str, step: int) -> bool:
            if phase == "Tactic Selection" and step == 3:
                os.kill(os.getpid(), number)
                assert self._cancelled.wait(60)
            return super().advance(phase, step)

    with install("10.3.0") as double:
        with monkeypatch.context() as patch:
            patch.setattr(build_module, "BuildProgress", Interrupted)
            result = run_here(capsys, "build", bundle, "--precision", "fp32")
            assert (result.exit_code, double.live()) == (130, {})
        (left,) = (bundle / "engines").iterdir()
        assert left.suffix == ".cache"
        layers = [node.name for node in onnx.load(str(bundle / "fp32.onnx")).graph.node]
        assert timed_in(left) == layers[:3]
        output = run_here(capsys, "build", bundle, "--precision", "fp32").output
        assert "with the times of an earlier build" in output
        assert timed_in(left) == layers


def timed_in(cache: Path) -> List[str]:
    """The layers whose times the double keeps."""
    content = cache.read_bytes()
    found: List[str] = json.loads(content[len(CACHE_MAGIC) :].decode())["entries"]
    return found


@pytest.mark.parametrize("version", ["8.2.1", "10.3.0"])
def test_a_build_that_runs_out_of_memory_keeps_the_times_of_those_before_and_its_own(
    version: str, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with install(version) as double:
        run_here(capsys, "build", bundle, "--precision", "fp32")
        (cache,) = (bundle / "engines").glob("*.cache")
        before = timed_in(cache)
        double.faults.memory_after_layers = len(before) - 2
        result = run_here(capsys, "build", bundle, "--precision", "fp16")
        result.refused("OutOfMemory", "--workspace")
        assert len(before) < len(timed_in(cache))
        assert timed_in(cache)[: len(before)] == before


def test_a_full_disk_does_not_hide_why_a_build_failed(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with install("10.3.0") as double, largest_file(100):
        double.faults.memory_after_layers = 5
        run_here(capsys, "build", bundle, "--precision", "fp32").refused("OutOfMemory")
    assert list((bundle / "engines").iterdir()) == []
