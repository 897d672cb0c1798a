"""The Triton server of the tests: nothing of it outlives them."""

import contextlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, List, Sized

import psutil
import pytest

from test.triton_server import ROOT, SHARED_MEMORY, TritonServer, needs_triton

pytestmark = needs_triton

MODEL = """
import triton_python_backend_utils as triton

class TritonPythonModel:
    def execute(self, requests):
        return [triton.InferenceResponse(error=triton.TritonError("never")) for _ in requests]
"""
CONFIGURATION = """
backend: "python"
input { name: "image" data_type: TYPE_UINT8 dims: [ 1 ] }
output { name: "scores" data_type: TYPE_FP32 dims: [ 1 ] }
instance_group { kind: KIND_CPU }
"""
STARTS_A_SERVER = """
import sys, time
from pathlib import Path
from test.triton_server import TritonServer

server = TritonServer(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """With one model, and so with one process beside the server's own."""
    version = tmp_path / "repository" / "model" / "1"
    version.mkdir(parents=True)
    (version / "model.py").write_text(MODEL, "utf-8")
    (version.parent / "config.pbtxt").write_text(CONFIGURATION, "utf-8")
    return version.parent.parent


def session_of(pid: int) -> List[int]:
    """The living processes of the session that a process leads."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getsid(process.pid) == pid and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found


def memory_of(starter: int) -> List[Path]:
    return list(SHARED_MEMORY.glob(f"triton-{starter}-*"))


def wait_until_gone(find: Callable[[int], Sized], pid: int) -> None:
    end = time.monotonic() + 60
    while find(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not find(pid)


def test_it_ends_with_all_its_processes_when_the_tests_are_killed(repository: Path) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTS_A_SERVER, str(repository)],
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        universal_newlines=True,
    )
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    assert len(session_of(pid)) == 2
    assert memory_of(starter.pid)
    log = Path(os.readlink(f"/proc/{pid}/fd/1"))
    starter.kill()
    starter.communicate()
    wait_until_gone(session_of, pid)
    wait_until_gone(memory_of, starter.pid)
    wait_until_gone(lambda pid: list(log.parent.parent.glob(log.parent.name)), pid)


def test_it_keeps_its_address_beside_another_and_leaves_nothing(repository: Path) -> None:
    with TritonServer(repository) as server:
        url, first = server.url, server.pid
        server.kill()
        wait_until_gone(session_of, first)
        assert not server.is_ready()
        server.start()
        assert (server.url, server.is_ready()) == (url, True)
        second = server.pid
        with TritonServer(repository) as other:
            assert other.url != url
            other.pause()
            assert (other.is_ready(), server.is_ready()) == (False, True)
            other.resume()
            other.wait_ready()
    wait_until_gone(session_of, second)
    assert memory_of(os.getpid()) == []


def test_a_server_that_does_not_start_is_told_with_its_log(repository: Path) -> None:
    (repository / "model" / "1" / "model.py").write_text("1 / 0", "utf-8")
    with pytest.raises(RuntimeError, match=re.compile("has ended.*ZeroDivisionError", re.DOTALL)):
        TritonServer(repository).start()
