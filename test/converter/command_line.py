"""The real command line in a process of its own, and the same in this process."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import pytest

from converter.command_line.main import main

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Result:
    """How a command ended and what it printed, standard output and errors together."""

    exit_code: int
    output: str

    def refused(self, *expected_texts: str) -> None:
        """Check that it ended with an error message, and with each of ``expected_texts`` in it."""
        assert self.exit_code == 1, self.output
        assert "Traceback" not in self.output
        assert self.output.count("error: ") == 1
        for text in expected_texts:
            assert text in self.output


def start(*arguments: object) -> "subprocess.Popen[str]":
    """Begin ``python3 -m converter`` in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "converter", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        universal_newlines=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def finish(process: "subprocess.Popen[str]") -> Result:
    """Wait for the end of the command."""
    output, _ = process.communicate(timeout=250)
    return Result(process.returncode, output)


def wait_for(found: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    """Return as soon as ``found()`` is true, fail when the command ends before."""
    while not found():
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.002)


def run_here(capsys: pytest.CaptureFixture[str], *arguments: object) -> Result:
    """The command line without another start of TensorFlow."""
    capsys.readouterr()
    exit_code = main([str(argument) for argument in arguments])
    return Result(exit_code, "".join(capsys.readouterr()))
