"""What a connection to a server does with calls that take too long."""

import gc
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
)
from test.trt_inference.engines.triton.server_bench import wait_until
from trt_inference.bundles.bundle import load_bundle
from trt_inference.engines.triton.failures import NOT_REACHED, TOO_LATE, ServerFailure


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
