"""A server that goes away and comes back, or has another model all at once: what the watching
thread finds out beside the runs."""

import gc
import os
import threading
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any, List, NamedTuple

import grpc
import numpy as np
import pytest

from test.color_bundle import offer_precisions, write_color_bundle
from test.triton_double import Faults, TritonDouble
from test.trt_inference.engines.triton.server_bench import (
    HERE,
    SERVER,
    SOON,
    Bench,
    assert_same,
    failures,
    finish,
    noise,
    run,
    start,
    values,
    wait_until,
    wait_until_closed,
    wait_until_open,
    watching_threads,
)
from trt_inference.bundles.bundle import load_bundle
from trt_inference.engines.base import Engine, EngineOptions, warn_user
from trt_inference.engines.server_options import NONE, ServerOptions
from trt_inference.engines.triton import server_watch
from trt_inference.engines.triton.failures import (
    NOT_REACHED,
    OTHER_MODEL,
    TOO_LATE,
    ServerFailure,
)
from trt_inference.engines.triton.remote_model import RemoteModel
from trt_inference.engines.triton.server_state import ServerState
from trt_inference.engines.triton.server_watch import ServerWatch
from trt_inference.errors import EngineError, FrameLost

GONE = (grpc.StatusCode.UNAVAILABLE, "the server is gone")
BLACK = np.zeros((64, 64, 3), np.uint8)


def open_breaker(engine: Engine) -> None:
    """By three runs that fail."""
    while values(engine)["breaker"] == "closed":
        run(engine, noise(1))


def test_a_server_that_is_stopped_and_started_answers_again(bench: Bench) -> None:
    bench.watch()
    with bench.engine() as engine:
        assert_same(run(engine, noise(1)), bench.own(noise(1)))
        bench.double.stop()
        open_breaker(engine)
        assert_same(run(engine, noise(2)), bench.own(noise(2)))
        bench.double.start()
        wait_until_closed(engine)
        run(engine, noise(3))  # which began before the engine knew
        assert_same(run(engine, noise(4)), bench.own(noise(4)))
        assert values(engine)["answered by"] == SERVER
    [told] = bench.informed
    assert "answers again" in told
    assert bench.double.url in told


def test_a_server_that_hangs_is_sent_four_images_and_no_more(bench: Bench) -> None:
    """Its queue has neither a limit nor a timeout: that it stays short is up to robots."""
    with bench.engine(deadline=0.1) as engine:
        bench.double.received.clear()
        bench.double.faults.never = True
        under_way = 0
        for number in range(20):
            while under_way < engine.depth:
                start(engine, noise(number))
                under_way += 1
            finish(engine)
            under_way -= 1
        assert sum(failures(engine).values()) <= 4
        wait_until(lambda: len(bench.double.received) >= 3, "it is not asked at all")
        assert len(bench.double.received) <= 4


def test_it_is_probed_with_a_black_image_on_a_new_connection_each_time(bench: Bench) -> None:
    with bench.engine() as engine:
        bench.double.faults.error = GONE
        open_breaker(engine)
        bench.double.faults.error = None
        bench.double.received.clear()
        for _ in range(3):
            probe(engine)
        assert values(engine)["breaker"] == "closed"
    probes = bench.double.received
    assert [request.images.shape for request in probes] == [(1, 64, 64, 3)] * 3
    assert not any(request.images.any() for request in probes)
    assert len({request.peer for request in probes}) == 3


def probe(engine: Any) -> None:
    """What the watching thread does once a second."""
    engine._watch._probe()
    engine._state.close_unused()


def test_it_takes_three_good_answers_in_a_row(bench: Bench) -> None:
    with bench.engine() as engine:
        bench.double.faults.error = GONE
        open_breaker(engine)
        bench.double.faults.error = None
        for error in (None, None, GONE, None, None):
            bench.double.faults.error = error
            probe(engine)
            assert values(engine)["breaker"].startswith("open")
        assert "5 probes, 2 good in a row" in values(engine)["breaker"]
        probe(engine)
        assert values(engine)["breaker"] == "closed"


def test_a_probe_that_is_late_is_none(bench: Bench) -> None:
    """A server that answers everything but images in time does not get any."""
    with bench.engine(deadline=0.1) as engine:
        bench.double.faults.never = True
        open_breaker(engine)
        for _ in range(4):
            probe(engine)
        assert "4 probes, 0 good" in values(engine)["breaker"]


def test_a_model_that_is_stuck_gets_no_more_images_until_it_has_answered(bench: Bench) -> None:
    may_answer = threading.Event()

    def wait(answer: Any) -> None:
        assert may_answer.wait(SOON)

    with bench.engine(deadline=0.1) as engine:
        bench.double.faults.error = GONE
        open_breaker(engine)
        bench.double.faults = Faults(change=wait)
        for _ in range(3):
            probe(engine)
            engine._state.close_unused()  # type: ignore[attr-defined]
        assert "3 probes, 0 good" in values(engine)["breaker"]
        assert "no answer before the deadline" in engine.status().problem  # type: ignore[union-attr]
        assert bench.times_sent(BLACK) == 1
        may_answer.set()
        wait_until(lambda: bench.double.version(1).requests == 1)
        # It was not cancelled, of which servers crash.
        assert bench.double.given_up == 0
        wait_until(lambda: probe(engine) or values(engine)["breaker"] == "closed")
        for seed in (1, 2):
            assert_same(run(engine, noise(seed)), bench.own(noise(seed)))
        assert values(engine)["answered by"] == SERVER


def test_what_cannot_be_told_ends_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """By default a warning of Python is given, which it makes an exception where it is told to."""
    bench.watch()
    options = replace(bench.options(), warn=warn_user, inform=warn_user)
    monkeypatch.setattr(bench, "options", lambda: options)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with bench.engine() as engine:
            for _ in range(2):
                bench.double.faults.error = GONE
                for seed in range(4):
                    assert_same(run(engine, noise(seed)), bench.own(noise(seed)))
                assert values(engine)["breaker"].startswith("open")
                bench.double.faults.error = None
                wait_until_closed(engine)
            bench.double.stop()  # which the watching thread finds out
            wait_until_open(engine)
            bench.double.start()
            wait_until_closed(engine)
    shown = capfd.readouterr().err
    assert "the server is gone" in shown
    assert "answers again" in shown


def test_between_probes_it_waits(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    at: List[float] = []

    def connect(*given: object) -> RemoteModel:
        at.append(time.monotonic())
        raise RuntimeError("whatever a library raises")

    bench.watch(0.1)
    with bench.engine() as engine:
        bench.double.stop()
        open_breaker(engine)
        watch: Any = vars(engine)["_watch"]
        monkeypatch.setattr(watch, "_connect", connect)
        wait_until(lambda: len(at) >= 5)
    assert at[4] - at[0] >= 2 * 0.1  # as a rule four times
    assert "whatever a library raises" in str(engine.status())


def test_once_a_second() -> None:
    assert server_watch.PERIOD == 1.0


def test_a_server_that_goes_away_is_noticed_while_there_are_no_images(bench: Bench) -> None:
    bench.watch()
    with bench.engine() as engine:
        run(engine, noise(1))
        bench.double.stop()
        wait_until_open(engine)
        assert failures(engine) == {}
        # The image was prepared for the server, and does not wait for it.
        assert_same(run(engine, noise(2)), bench.own(noise(2)))
        assert values(engine)["answered by"] == HERE
        assert failures(engine) == {}
    assert len(bench.warned) == 1


def test_a_server_that_tells_no_statistics_is_used(bench: Bench) -> None:
    bench.watch()

    def hide(method: str, answer: Any) -> None:
        if method == "ModelStatistics":
            answer.Clear()

    bench.double.faults.change_any = hide
    with bench.engine() as engine:
        wait_until(lambda: bench.double.asked.count("ModelStatistics") > 5)
        run(engine, noise(1))
        assert values(engine)["answered by"] == SERVER
        assert values(engine)["server compute ms"] == "unknown"


def test_a_model_that_is_exchanged_is_noticed_without_images(bench: Bench) -> None:
    bench.watch()
    with bench.engine() as engine:
        run(engine, noise(1))
        bench.double.version(1).sha256 = "0" * 64
        wait_until_open(engine)
        assert_same(run(engine, noise(2)), bench.own(noise(2)))
        assert bench.times_sent(noise(2)) == 0
    assert OTHER_MODEL in bench.warned[0] or "exchanged" in bench.warned[0]
    assert "export-triton" in bench.warned[0]


def test_an_answer_on_its_way_when_the_model_is_found_exchanged_is_not_used(bench: Bench) -> None:
    bench.watch()
    may_answer = threading.Event()

    def wait(answer: Any) -> None:
        assert may_answer.wait(SOON)

    bench.double.faults.change = wait
    with bench.engine() as engine:
        for seed in (1, 2):
            start(engine, noise(seed))
        bench.double.version(1).sha256 = "0" * 64
        wait_until_open(engine)
        may_answer.set()
        for seed in (1, 2):
            assert_same(finish(engine), bench.own(noise(seed)))
            assert values(engine)["answered by"] == HERE
        assert values(engine)["images by the server"] == "0"
    assert [bench.times_sent(noise(seed)) for seed in (1, 2)] == [1, 1]


def test_a_run_that_finds_another_model_spoils_the_one_behind_it(bench: Bench) -> None:
    bench.double.faults = Faults(error=(grpc.StatusCode.NOT_FOUND, "unknown model"), first=1)
    with bench.engine() as engine:
        start(engine, noise(1))
        wait_until(lambda: bool(bench.double.received))
        start(engine, noise(2))
        for seed in (1, 2):
            assert_same(finish(engine), bench.own(noise(seed)))
            assert values(engine)["answered by"] == HERE
        assert failures(engine) == {OTHER_MODEL: 1}
        assert values(engine)["breaker"].startswith("open")


def test_a_version_that_is_unloaded_is_followed_to_the_next_one_of_the_bundle(
    bench: Bench, tmp_path: Path
) -> None:
    """A new export of the same bundle, in another precision."""
    bench.watch()
    folder = write_color_bundle(tmp_path / "colors")
    offer_precisions(folder, "fp32", "fp16")
    with TritonDouble(folder) as double, both_precisions(folder, bench, double) as engine:
        run(engine, noise(1))
        assert engine.choice is not None
        assert engine.choice.precision == "fp32"
        first = engine.description
        run(engine, noise(2))
        assert engine.description is first
        double.add(folder, 2, "fp16")
        double.unload(1)
        wait_until(lambda: bool(bench.informed))
        for seed in (3, 4):
            run(engine, noise(seed))
        assert engine.choice.precision == "fp16"
        assert "version 2" in engine.description
        assert values(engine)["version"] == "2"
        assert values(engine)["precision"] == "fp16"


def both_precisions(folder: Path, bench: Bench, double: TritonDouble) -> Any:
    bench.bundle = load_bundle(folder)
    return bench.engine(url=double.url)


def test_a_server_that_comes_back_with_another_model_is_not_used(bench: Bench) -> None:
    bench.watch()
    right = bench.double.version(1).sha256
    with bench.engine() as engine:
        bench.double.stop()
        open_breaker(engine)
        bench.double.version(1).sha256 = "0" * 64
        bench.double.start()
        wait_until(lambda: "another" in str(engine.status().problem))  # type: ignore[union-attr]
        bench.double.received.clear()
        probes = bench.double.asked.count("ModelConfig")
        wait_until(lambda: bench.double.asked.count("ModelConfig") > probes + 5)
        assert values(engine)["breaker"].startswith("open")
        assert bench.double.received == []  # not even an image to probe with
        bench.double.version(1).sha256 = right
        wait_until_closed(engine)


def test_a_server_that_is_not_there_yet_is_used_once_it_is(bench: Bench) -> None:
    bench.watch()
    bench.double.stop()
    with bench.engine() as engine:
        assert "not reached" in bench.warned[0]
        assert_same(run(engine, noise(1)), bench.own(noise(1)))
        assert values(engine)["model"] == "unknown"
        bench.double.start()
        wait_until_closed(engine)
        for seed in (2, 3):
            assert_same(run(engine, noise(seed)), bench.own(noise(seed)))
        assert values(engine)["answered by"] == SERVER
        assert values(engine)["model"] == "colors"


def test_a_server_that_comes_later_and_takes_fewer_images_at_once_gets_as_many(
    bench: Bench,
) -> None:
    bench.watch()
    bench.double.stop()
    bench.double.max_batch = 2
    images = [noise(seed) for seed in range(3)]
    with bench.engine(batch=3) as engine:
        assert engine.batch == 3
        assert_same(run(engine, *images), bench.own(*images))
        bench.double.start()
        wait_until_closed(engine)
        # Three of them were gathered before it was known.
        assert_same(run(engine, *images), bench.own(*images))
        assert engine.batch == 2
        assert_same(run(engine, *images[:2]), bench.own(*images[:2]))
        assert values(engine)["answered by"] == SERVER


def test_images_that_were_gathered_for_a_server_that_took_more_are_not_sent(bench: Bench) -> None:
    bench.watch()
    bench.double.max_batch = 3
    images = [noise(seed) for seed in range(3)]
    with bench.engine(batch=3) as engine:
        assert_same(run(engine, *images), bench.own(*images))
        bench.double.stop()
        wait_until_open(engine)
        bench.double.max_batch = 2
        bench.double.start()
        wait_until_closed(engine)
        assert_same(run(engine, *images), bench.own(*images))
        assert values(engine)["answered by"] == HERE
        assert failures(engine) == {}
        assert engine.batch == 2
        assert_same(run(engine, *images[:2]), bench.own(*images[:2]))
        assert values(engine)["answered by"] == SERVER


def test_without_fallback_images_are_lost_at_once_and_found_again(bench: Bench) -> None:
    bench.watch()
    with bench.engine(fallback=NONE) as engine:
        run(engine, noise(1))
        bench.double.stop()
        while values(engine)["breaker"] == "closed":
            with pytest.raises(FrameLost) as lost:
                run(engine, noise(2))
            assert lost.value.kind == "not reached"
        sent = len(bench.double.received)
        for seed in range(3, 6):
            with pytest.raises(FrameLost):
                run(engine, noise(seed))
        assert len(bench.double.received) == sent
        bench.double.start()
        wait_until_closed(engine)
        assert_same(run(engine, noise(7)), bench.own(noise(7)))
    assert "There are no results" in bench.warned[0]


def test_a_file_that_is_not_there_any_more_is_why_the_server_is_not_reached() -> None:
    def connect() -> RemoteModel:
        raise EngineError("server_ca_file 'ca.pem' cannot be read")

    state = ServerState(ServerOptions("localhost:1"), EngineOptions(warn=lambda text: None))
    state.begin(None, ServerFailure("the server is gone", TOO_LATE))
    ServerWatch(state, connect, BLACK[None], 1.0)._probe()
    failure = state.last_failure()
    assert failure is not None
    assert (str(failure), failure.kind) == (
        "server_ca_file 'ca.pem' cannot be read",
        NOT_REACHED,
    )


def test_closing_ends_the_watching_thread_also_while_it_probes(bench: Bench) -> None:
    others = len(watching_threads())
    bench.watch()
    with bench.engine(deadline=600.0) as engine:
        bench.double.faults.error = GONE
        open_breaker(engine)
        bench.double.faults = Faults(never=True)
        wait_until(lambda: any(not one.images.any() for one in bench.double.received))
        engine.close()
        wait_until(lambda: len(watching_threads()) == others, "it goes on")


def test_a_connection_that_is_made_while_the_engine_is_closed_is_closed_too(
    bench: Bench,
) -> None:
    """By nobody else: the engine does not know it yet."""
    closed: List[str] = []

    class Late:
        def start(self, images: np.ndarray, deadline: float) -> Any:
            raise RuntimeError("closed")

        def close(self) -> None:
            closed.append("late")

    state = ServerState(ServerOptions("localhost:1"), EngineOptions())
    watch = ServerWatch(state, Late, BLACK[None], 1.0)  # type: ignore[arg-type]
    state.end()
    watch._probe()
    assert closed == ["late"]


class Held(NamedTuple):
    """What this process has, with its double of a server."""

    threads: int
    files: int
    kilobytes: int


def held() -> Held:
    status = Path("/proc/self/status").read_text("utf-8")
    resident = next(int(line.split()[1]) for line in status.splitlines() if line[:6] == "VmRSS:")
    return Held(threading.active_count(), len(os.listdir("/proc/self/fd")), resident)


@pytest.mark.parametrize("count", [8, pytest.param(50, marks=pytest.mark.long)])
def test_threads_files_and_memory_stay_as_they_are_over_rounds(bench: Bench, count: int) -> None:
    """The server goes away and comes back; each time there are some connections anew."""
    bench.watch()
    found = []
    with bench.engine() as engine:
        for number in range(count):
            bench.double.stop()
            open_breaker(engine)
            bench.double.start()
            wait_until_closed(engine)
            for _ in range(2):
                run(engine, noise(number))
            assert values(engine)["answered by"] == SERVER
            bench.double.received.clear()
            bench.double.asked.clear()
            found.append(held())
        # The one that is used, one for the next probe, and the last, which may have been asked.
        assert open_models() <= 3
    assert len(bench.informed) == len(bench.warned) == count
    early, late = found[: count // 2], found[count // 2 :]
    assert min(one.threads for one in late) <= max(one.threads for one in early)
    assert min(one.files for one in late) <= max(one.files for one in early)
    assert late[-1].kilobytes - early[-1].kilobytes < 4096
    wait_until(lambda: not watching_threads())


def open_models() -> int:
    """Connections to servers, whose sockets a server that is stopped closes."""
    gc.collect()
    return sum(type(one) is RemoteModel for one in gc.get_objects())
