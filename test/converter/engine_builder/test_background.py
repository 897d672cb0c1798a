"""A build that runs on a thread of its own hears Ctrl-C."""

import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from converter.engine_builder import background
from trt_inference.errors import EngineError

ROOT = Path(__file__).parents[3]


def test_results_and_errors_come_back() -> None:
    def fail() -> None:
        raise EngineError("no memory")

    assert background.run(lambda: threading.current_thread().daemon, lambda: None, True) is True
    with pytest.raises(EngineError, match="no memory"):
        background.run(fail, lambda: None, True)


def interrupted(can_cancel: bool) -> "subprocess.CompletedProcess[str]":
    """A process that gets Ctrl-C while it works, until somebody cancels or for ever."""
    program = f"""
        import threading
        from converter.engine_builder import background
        stop = threading.Event()
        def work():
            print("working", flush=True)
            stop.wait(60)
            print("work ended", flush=True)
        try:
            background.run(work, {"stop.set" if can_cancel else "lambda: None"}, {can_cancel})
        except KeyboardInterrupt:
            print("interrupted", flush=True)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=ROOT,
        universal_newlines=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "working\n"
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    return subprocess.CompletedProcess([], process.returncode, output)


def test_a_build_that_can_be_cancelled_is_waited_for() -> None:
    ended = interrupted(can_cancel=True)
    assert (ended.stdout, ended.returncode) == ("work ended\ninterrupted\n", 0)


def test_a_build_that_cannot_is_left_behind_at_once() -> None:
    ended = interrupted(can_cancel=False)
    assert (ended.stdout, ended.returncode) == ("interrupted\n", 130)
