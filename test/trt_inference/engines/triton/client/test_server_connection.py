"""What a connection to a server does with calls that take too long, with proxies, at its end."""

import gc
import socket
import threading
import time
from pathlib import Path

import pytest

from test.triton_double import TritonDouble
from test.trt_inference.engines.triton.remote_models import (
    SECONDS,
    connected,
    failure_of_run,
    noise,
    refusal,
)
from test.trt_inference.engines.triton.server_bench import wait_until
from trt_inference.bundles.bundle import load_bundle
from trt_inference.engines.triton.client.server_connection import ServerConnection
from trt_inference.engines.triton.failures import NOT_REACHED, OTHER_MODEL, TOO_LATE, ServerFailure


def test_a_call_that_takes_too_long_is_left_to_the_server(shared_color_bundle: Path) -> None:
    """Of those that are cancelled, Triton 2.51 crashes now and then."""
    bundle = load_bundle(shared_color_bundle)
    with TritonDouble(bundle) as double, connected(double, bundle) as model:
        double.faults.delay = 0.5
        with pytest.raises(ServerFailure) as caught:
            model.start(noise(bundle, 1), 0.05).finish()
        assert caught.value.kind == TOO_LATE
        gc.collect()  # gRPC would cancel what it collects
        until = time.monotonic() + SECONDS
        while double.version(1).requests == 0 and time.monotonic() < until:
            time.sleep(0.01)
        assert (double.version(1).requests, double.given_up) == (1, 0)
        # And its answer, which comes late, is not that to the next one.
        double.faults.delay = 0
        model.start(noise(bundle, 1), SECONDS).finish()


def test_closing_leaves_an_inference_to_the_server_and_ends_the_waiting(
    shared_color_bundle: Path,
) -> None:
    """Of those that are cancelled, Triton 2.51 crashes now and then. The connection is closed once
    nothing is under way any more."""
    bundle = load_bundle(shared_color_bundle)
    may_answer = threading.Event()

    def wait(answer: object) -> None:
        assert may_answer.wait(SECONDS)

    with TritonDouble(bundle) as double, connected(double, bundle) as model:
        double.faults.change = wait
        runs = [model.start(noise(bundle, 1), SECONDS) for _ in range(2)]
        wait_until(lambda: len(double.received) == 2)
        assert open_connections(double)
        model.close()
        for run in runs:
            assert failure_of_run(run).kind == NOT_REACHED
        assert failure_of_run(model.start(noise(bundle, 1), SECONDS)).kind == NOT_REACHED
        assert not model.is_idle
        may_answer.set()
        wait_until(lambda: model.is_idle and not open_connections(double))
        assert (double.version(1).requests, double.given_up) == (2, 0)


def open_connections(double: TritonDouble) -> int:
    """Of clients to the double, as Linux tells them."""
    port = f":{int(double.url.rpartition(':')[2]):04X}"
    tables = [Path(f"/proc/self/net/{name}").read_text("ascii") for name in ("tcp", "tcp6")]
    ends = [line.split()[2:4] for table in tables for line in table.splitlines()]
    return sum(remote.endswith(port) and state == "01" for remote, state in ends)


def test_images_do_not_go_to_the_proxy_for_web_pages(
    shared_color_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as proxy:
        proxy.bind(("127.0.0.1", 0))  # and nobody listens
        for name in ("grpc_proxy", "http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        for name in ("no_grpc_proxy", "no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        with TritonDouble(shared_color_bundle) as double, connected(double, shared_color_bundle):
            assert double.asked


def test_a_connection_that_finds_no_model_is_closed(
    shared_color_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a server has another model, there is one such a second."""
    closed = []
    close = ServerConnection.close

    def note(connection: ServerConnection) -> None:
        closed.append(connection)
        close(connection)

    monkeypatch.setattr(ServerConnection, "close", note)
    with TritonDouble(shared_color_bundle, name="another") as double:
        assert refusal(shared_color_bundle, double.url).kind == OTHER_MODEL
    assert len(closed) == 1
