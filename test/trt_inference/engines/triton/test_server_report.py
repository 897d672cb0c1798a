"""What /diagnostics gets to know of a server."""

import time
from typing import Any, List, Optional

import grpc
import pytest

from test.triton_double import Faults
from test.trt_inference.engines.triton.server_bench import (
    SOON,
    Bench,
    noise,
    run,
    values,
    wait_until,
)
from trt_inference.engines.base import EngineOptions
from trt_inference.engines.server_options import LOCAL, NONE, ServerOptions
from trt_inference.engines.triton.client.served_model import ServedModel, ServerStatistics
from trt_inference.engines.triton.failures import (
    FAILURE_KINDS,
    NOT_REACHED,
    OTHER_MODEL,
    REFUSED,
    TOO_LATE,
    ServerFailure,
)
from trt_inference.engines.triton.server_report import ServerReport
from trt_inference.engines.triton.server_state import ModelInUse, ServerState
from trt_inference.errors import FrameLost

GONE = ServerFailure("server robot:1: not reached", NOT_REACHED)
LATE = ServerFailure("server robot:1: too late", TOO_LATE)


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Model:
    """As much of a model as the state needs."""

    served = ServedModel("colors", 7, "fp16", 8, "Triton 2.51.0")

    def close(self) -> None:
        """Nothing."""


class Answer:
    """A run that was answered."""

    def __init__(self, round_trip: float, sent: int, received: int) -> None:
        self.round_trip, self.sent, self.received = round_trip, sent, received


class Server:
    """A state that is written to as the threads do, and the report of it."""

    def __init__(self, fallback: str = LOCAL) -> None:
        self.clock = Clock()
        self.warned: List[str] = []
        options = EngineOptions(warn=self.warned.append, inform=self.warned.append)
        server = ServerOptions("robot:1", fallback=fallback)
        self.state = ServerState(server, options, self.clock)
        self.report = ServerReport(self.state, server)
        model: Any = Model()
        self.state.begin(model, None)

    @property
    def used(self) -> ModelInUse:
        used = self.state.in_use()
        assert used is not None
        return used

    def answer(self, images: int, round_trip: float, sent: int = 0, received: int = 0) -> None:
        run: Any = Answer(round_trip, sent, received)
        assert self.state.run_answered(self.used, images, run)

    def look(self, statistics: Optional[ServerStatistics]) -> None:
        self.state.looked(self.used, None, statistics)

    def fail(self, failure: ServerFailure, times: int = 1) -> None:
        for _ in range(times):
            self.state.run_failed(self.used, failure)

    def value(self, name: str) -> str:
        return self.report.status("the server").values[name]


def test_the_names_of_the_values_are_the_same_whatever_happens() -> None:
    """Programs look for them."""
    server = Server()
    names = list(server.report.status("the server").values)
    assert {f"failures: {kind}" for kind in FAILURE_KINDS} < {*names}
    server.answer(1, 0.01, 5, 5)
    server.fail(GONE, 3)
    assert list(server.report.status("this machine").values) == names
    unreached = ServerState(ServerOptions("robot:1"), EngineOptions(warn=lambda text: None))
    unreached.begin(None, GONE)
    assert list(ServerReport(unreached, ServerOptions("robot:1")).status("nobody").values) == names


def test_it_tells_which_model_answers_where() -> None:
    status = Server().report.status("the server")
    assert status.name == "server"
    told = {key: status.values[key] for key in ("server", "model", "version", "precision")}
    assert told == {
        "server": "Triton 2.51.0 at robot:1",
        "model": "colors",
        "version": "7",
        "precision": "fp16",
    }
    assert status.values["answered by"] == "the server"


def test_round_trips_are_percentiles_in_milliseconds() -> None:
    server = Server()
    assert server.value("round trip p50 ms") == "unknown"
    for milliseconds in range(1, 102):
        server.answer(1, milliseconds / 1e3)
    assert server.value("round trip p50 ms") == "51.00"
    assert server.value("round trip p95 ms") == "96.00"


def test_nothing_is_told_of_a_server_that_is_gone() -> None:
    server = Server()
    server.answer(1, 0.09)
    server.look(ServerStatistics(1, 1, 1, 10**6, 10**6))
    server.look(ServerStatistics(2, 2, 2, 2 * 10**6, 2 * 10**6))
    server.fail(GONE, 3)
    values = server.report.status("this machine").values
    assert values["server"] == "robot:1"
    of_it = ("model", "version", "precision", "round trip p50 ms", "round trip p95 ms")
    for name in (*of_it, "server queue ms", "server compute ms", "server batch"):
        assert values[name] == "unknown", name
    assert values["images by the server"] == "1"
    model: Any = Model()
    for _ in range(3):
        server.state.probed(model, None)
    assert server.value("round trip p50 ms") == "unknown"
    server.answer(1, 0.002)
    assert server.value("round trip p95 ms") == "2.00"
    assert server.value("version") == "7"


def test_bytes_are_of_an_image_and_not_of_a_run() -> None:
    server = Server()
    assert server.value("bytes sent an image") == "unknown"
    server.answer(3, 0.01, sent=3000, received=300)
    server.answer(1, 0.01, sent=1400, received=140)
    assert server.value("bytes sent an image") == "1100"
    assert server.value("bytes received an image") == "110"
    assert server.value("images by the server") == "4"


def test_the_servers_own_times_are_means_since_the_last_look() -> None:
    server = Server()
    server.look(ServerStatistics(1000, 500, 800, 10**12, 10**12))
    assert server.value("server queue ms") == "unknown"
    # 40 images in 10 runs of the network, of 20 requests: 4 ms of waiting each and 5 ms of work.
    server.look(ServerStatistics(1040, 510, 820, 10**12 + 20 * 4 * 10**6, 10**12 + 20 * 5 * 10**6))
    assert server.value("server queue ms") == "4.00"
    assert server.value("server compute ms") == "5.00"
    assert server.value("server batch") == "4.00"
    # Nothing was asked of it since.
    server.look(ServerStatistics(1040, 510, 820, 10**12 + 20 * 4 * 10**6, 10**12 + 20 * 5 * 10**6))
    assert server.value("server queue ms") == "unknown"
    # It was started again, and counts anew.
    server.look(ServerStatistics(1, 1, 1, 10**6, 10**6))
    assert server.value("server compute ms") == "unknown"


def test_the_times_of_a_model_are_not_compared_with_those_of_the_one_before() -> None:
    server = Server()
    server.look(ServerStatistics(10, 10, 10, 10**6, 10**6))
    server.fail(GONE, 3)
    model: Any = Model()
    for _ in range(3):
        server.state.probed(model, None)
    # Of another version, which other robots have asked for long.
    server.look(ServerStatistics(1000, 1000, 1000, 10**12, 10**12))
    assert server.value("server queue ms") == "unknown"
    server.look(ServerStatistics(1001, 1001, 1001, 10**12 + 3 * 10**6, 10**12))
    assert server.value("server queue ms") == "3.00"


def test_failures_are_counted_by_kind_and_told_once() -> None:
    server = Server()
    assert server.report.status("the server").problem == ""
    server.fail(GONE)
    server.answer(1, 0.01)
    server.fail(LATE, 2)
    status = server.report.status("the server")
    assert status.problem == (
        f"runs without an answer of the server: 2 {TOO_LATE}, 1 {NOT_REACHED}"
    )
    assert not status.is_failing
    assert status.values[f"failures: {TOO_LATE}"] == "2"
    assert status.values[f"failures: {NOT_REACHED}"] == "1"
    assert status.values[f"failures: {REFUSED}"] == "0"
    later = server.report.status("the server")
    assert later.problem == ""
    assert later.values[f"failures: {TOO_LATE}"] == "2"


@pytest.mark.parametrize("fallback", [LOCAL, NONE])
def test_an_open_breaker_is_a_problem_as_long_as_it_is_open(fallback: str) -> None:
    server = Server(fallback)
    server.fail(GONE, 3)
    server.clock.now += 61.4
    server.state.probed(None, LATE)
    for _ in range(2):
        status = server.report.status("this machine")
        assert status.problem == str(LATE)
        assert status.is_failing == (fallback == NONE)  # there are no results
        assert status.values["breaker"] == "open for 61 s, 1 probe, 0 good in a row"
    model: Any = Model()
    for _ in range(3):
        server.state.probed(model, None)
    status = server.report.status("the server")
    assert (status.problem, status.is_failing) == ("", False)
    assert status.values["breaker"] == "closed"


def test_what_a_server_tells_is_printable(bench: Bench) -> None:
    bench.double.faults = Faults(error=(grpc.StatusCode.INTERNAL, "bad\x1b[31m\nERROR of ours"))
    with bench.engine() as engine:
        for seed in range(3):
            run(engine, noise(seed))
        status = engine.status()
        assert status is not None
        for text in (status.problem, bench.warned[0]):
            assert "\x1b" not in text
            assert "\n" not in text
            assert "ERROR of ours" in text


def test_opening_and_closing_are_told_once_and_not_after_the_end() -> None:
    server = Server()
    used = server.used
    server.fail(GONE, 3)
    for _ in range(5):
        server.state.run_failed(used, GONE)
    assert len(server.warned) == 1
    server.state.end()
    model: Any = Model()
    for _ in range(3):
        server.state.probed(model, None)
    server.fail(ServerFailure("exchanged", OTHER_MODEL))
    assert len(server.warned) == 1


def test_it_is_told_while_a_run_is_waited_for(bench: Bench) -> None:
    """The executor asks, and may not wait for a server."""
    bench.double.faults.never = True
    with bench.engine(deadline=600.0) as engine:
        engine.start()
        wait_until(lambda: bool(bench.double.received))
        began = time.monotonic()
        assert values(engine)["breaker"] == "closed"
        assert time.monotonic() - began < SOON


def test_images_that_nobody_answers_are_counted(bench: Bench) -> None:
    with bench.engine(fallback=NONE, batch=2) as engine:
        run(engine, noise(1), noise(2))
        assert values(engine)["answered by"] == "the server"
        bench.double.stop()
        for _ in range(3):
            with pytest.raises(FrameLost):
                run(engine, noise(1), noise(2))
        assert values(engine)["images lost"] == "6"
        assert values(engine)["answered by"] == "nobody"
        assert "does not answer" in engine.description
        status = engine.status()
        assert status is not None
        assert status.is_failing
