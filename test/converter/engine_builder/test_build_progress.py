"""A build tells how far it is, and ends when it is cancelled."""

import io
import os
import signal
from pathlib import Path
from typing import List, Optional

import pytest
from rich.console import Console

from converter.engine_builder import build_engine as build_module
from converter.engine_builder import build_progress as progress_module
from converter.engine_builder.build_progress import BuildProgress
from test.converter.command_line import run_here
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
