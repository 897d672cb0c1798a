"""`examples.fleet.serve`: a Triton server that is started by hand."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import List

import pytest

from examples.fleet.serve import main, server_options
from test.triton_double import TRITON_VERSION
from test.triton_server import ROOT, needs_triton


def free_ports(count: int) -> List[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def test_an_option_that_is_given_counts_instead_of_the_usual_one() -> None:
    usual = server_options(Path("models"), [])
    assert "--grpc-address=127.0.0.1" in usual and "--grpc-port=8001" in usual
    given = server_options(Path("models"), ["--grpc-port=9001", "--log-verbose=1"])
    assert "--grpc-port=8001" not in given
    assert "--grpc-port=9001" in given and "--log-verbose=1" in given
    assert set(usual) - set(given) == {"--grpc-port=8001"}


@needs_triton
def test_a_repository_that_is_missing_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(tmp_path / "models")])
    assert ended.value.code == 1
    assert "trt-inference export-triton makes one" in capsys.readouterr().err


@needs_triton
def test_it_serves_until_ctrl_c(tmp_path: Path) -> None:
    """No model: what export-triton writes is served in the other tests with such a server."""
    from tritonclient.grpc import InferenceServerClient
    from tritonclient.utils import InferenceServerException

    grpc, metrics = free_ports(2)
    ports = (f"--grpc-port={grpc}", f"--metrics-port={metrics}")
    process = subprocess.Popen(
        [sys.executable, "-m", "examples.fleet.serve", str(tmp_path), *ports],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    try:
        found, end = "", time.monotonic() + 120
        while not found and process.poll() is None and time.monotonic() < end:
            with InferenceServerClient(f"127.0.0.1:{grpc}") as client:
                try:
                    found = client.get_server_metadata(client_timeout=2).version
                except InferenceServerException:
                    time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        shown, _ = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait()
    assert found == TRITON_VERSION, shown
    assert process.returncode == 0, shown
    assert shown.startswith(f"tritonserver --model-repository={tmp_path}")
