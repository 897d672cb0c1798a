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


def interrupted(
    can_cancel: bool, cancel: str = "", again: bool = False
) -> "subprocess.CompletedProcess[str]":
    """A process that gets Ctrl-C while it works, until somebody cancels or for ever.

    Args:
        cancel: what is called then; by default what ends the work, if that is possible.
        again: send a second Ctrl-C once ``cancel`` has printed a line.
    """
    cancel = cancel or ("stop.set" if can_cancel else "lambda: None")
    program = f"""
        import threading
        from converter.engine_builder import background
        stop = threading.Event()
        def work():
            print("working", flush=True)
            stop.wait(60)
            print("work ended", flush=True)
        try:
            background.run(work, {cancel}, {can_cancel})
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
    if again:
        assert process.stdout.readline() == "asked to end\n"
        process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    return subprocess.CompletedProcess([], process.returncode, output)


def test_a_build_that_can_be_cancelled_is_waited_for() -> None:
    ended = interrupted(can_cancel=True)
    assert (ended.stdout, ended.returncode) == ("work ended\ninterrupted\n", 0)


def test_a_build_that_cannot_is_left_behind_at_once() -> None:
    ended = interrupted(can_cancel=False)
    assert (ended.stdout, ended.returncode) == ("interrupted\n", 130)


def test_a_build_that_does_not_end_is_left_behind_at_the_second_ctrl_c() -> None:
    """As with one that cannot be cancelled: the libraries are not unloaded under it."""
    ended = interrupted(True, cancel='lambda: print("asked to end", flush=True)', again=True)
    assert (ended.stdout, ended.returncode) == ("interrupted\n", 130)
