"""A bundle's model on a server, over real gRPC: results, faults, and the end."""

import gc
import os
import sys
import threading
import time
from pathlib import Path
from typing import Dict, List

import grpc
import numpy as np
import psutil
import pytest

from test.color_bundle import write_color_bundle
from test.triton_double import WORKERS, TritonDouble
from test.trt_inference.engines.triton.remote_models import (
    SECONDS,
    SOON,
    connected,
    failure_of_run,
    local_results,
    noise,
    refusal,
)
from test.trt_inference.engines.triton.server_bench import wait_until
from trt_inference.bundles.bundle import load_bundle
from trt_inference.engines.server_options import ServerOptions
from trt_inference.engines.triton.client.call_failures import failure_of
from trt_inference.engines.triton.failures import (
    NOT_REACHED,
    OTHER_MODEL,
    REFUSED,
    SERVER_ERROR,
    TOO_LATE,
    ServerFailure,
)
from trt_inference.engines.triton.remote_model import RemoteModel
from trt_inference.errors import EngineError

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
RESTRICTED = "This protocol is restricted, expecting header 'triton-grpc-protocol-admin-key'"


@pytest.mark.parametrize(
    "bundle_name", ["shared_color_bundle", "classification_bundle", "segmentation_bundle"]
)
@pytest.mark.parametrize("count", [1, 3])
def test_results_are_those_of_this_machine(
    request: pytest.FixtureRequest, bundle_name: str, count: int
) -> None:
    bundle = load_bundle(request.getfixturevalue(bundle_name))
    images = noise(bundle, count)
    with TritonDouble(bundle) as double, connected(double, bundle, batch=3) as model:
        found = model.start(images, SECONDS).finish()
    expected = local_results(bundle, images)
    assert set(found) == set(expected)
    for name, output in expected.items():
        assert found[name].dtype == output.dtype
        assert (found[name] == output).all(), name


def test_the_server_gets_the_pixels_and_what_it_does_with_them_is_its_own(
    shared_color_bundle: Path,
) -> None:
    bundle = load_bundle(shared_color_bundle)
    images = noise(bundle, 2)
    with TritonDouble(bundle) as double, connected(double, bundle) as model:
        run = model.start(images, SECONDS)
        run.finish()
        got = double.received[-1]
    assert got.version == str(model.served.version)
    assert (got.images == images).all()
    assert got.parameters == ()  # as a timeout, for which its queue would hold up others
    assert got.remaining is not None  # gRPC's deadline, at which it cancels
    assert got.remaining > SECONDS
    assert run.sent > images.nbytes
    assert run.received > sum(one.shape[1] * 4 for one in bundle.outputs)
    assert 0 < run.round_trip < SECONDS


def test_views_of_a_larger_array_may_be_sent(shared_color_bundle: Path) -> None:
    bundle = load_bundle(shared_color_bundle)
    images = noise(bundle, 4)[::2]
    with TritonDouble(bundle) as double, connected(double, bundle) as model:
        model.start(images, SECONDS).finish()
        assert (double.received[-1].images == images).all()


def test_the_next_request_is_sent_while_the_last_is_on_its_way(shared_color_bundle: Path) -> None:
    bundle = load_bundle(shared_color_bundle)
    with TritonDouble(bundle) as double, connected(double, bundle) as model:
        double.faults.delay = 0.1
        runs = [model.start(noise(bundle, 1, seed), SECONDS) for seed in range(3)]
        found = [run.finish()["scores"].copy() for run in runs]
    for seed, scores in enumerate(found):
        assert (scores == local_results(bundle, noise(bundle, 1, seed))["scores"]).all()


def test_results_outlive_the_next_run(shared_color_bundle: Path) -> None:
    bundle = load_bundle(shared_color_bundle)
    first, second = noise(bundle, 1, 1), noise(bundle, 1, 2)
    with TritonDouble(bundle) as double, connected(double, bundle) as model:
        kept = model.start(first, SECONDS).finish()
        model.start(second, SECONDS).finish()
    expected = local_results(bundle, first)
    assert all((kept[name] == output).all() for name, output in expected.items())


def test_the_server_bounds_the_batch(shared_color_bundle: Path) -> None:
    bundle = load_bundle(shared_color_bundle)
    with TritonDouble(bundle, max_batch=2) as double, connected(double, bundle, batch=5) as model:
        assert (model.batch, model.served.max_batch) == (2, 2)


def test_an_answer_that_is_late_is_not_waited_for(shared_color_bundle: Path) -> None:
    bundle = load_bundle(shared_color_bundle)
    with TritonDouble(bundle) as double, connected(double, bundle) as model:
        double.faults.never = True
        began = time.monotonic()
        failure = failure_of_run(model.start(noise(bundle, 1), SOON))
        assert time.monotonic() - began < SECONDS / 2
        assert failure.kind == TOO_LATE
        assert double.url in str(failure)
        double.faults.never = False
        model.start(noise(bundle, 1), SECONDS).finish()


def test_a_deadline_that_has_passed_is_no_error_of_its_own(shared_color_bundle: Path) -> None:
    bundle = load_bundle(shared_color_bundle)
    with TritonDouble(bundle) as double, connected(double, bundle) as model:
        double.faults.never = True
        for deadline in (0.0, -1.0):
            assert failure_of_run(model.start(noise(bundle, 1), deadline)).kind == TOO_LATE


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        # As Triton 2.51 gives them.
        (UNAVAILABLE, "[request id: <id_unknown>] Exceeds maximum queue size", REFUSED),
        (UNAVAILABLE, "Request timeout expired", REFUSED),
        (
            UNAVAILABLE,
            "Request for unknown model: 'colors' version 1 is not at ready state",
            OTHER_MODEL,
        ),
        (UNAVAILABLE, "Server is not ready", NOT_REACHED),
        (
            grpc.StatusCode.NOT_FOUND,
            "Request for unknown model: 'colors' version 1 is not found",
            OTHER_MODEL,
        ),
        (grpc.StatusCode.INVALID_ARGUMENT, "unexpected shape for input 'image'", SERVER_ERROR),
        (grpc.StatusCode.INTERNAL, "Failed to process the request(s)", SERVER_ERROR),
        (UNAVAILABLE, RESTRICTED, REFUSED),
        (grpc.StatusCode.PERMISSION_DENIED, "", REFUSED),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "", TOO_LATE),
        (grpc.StatusCode.UNIMPLEMENTED, "", SERVER_ERROR),
    ],
)
def test_what_the_server_tells_has_a_kind(
    shared_color_bundle: Path, code: grpc.StatusCode, text: str, kind: str
) -> None:
    bundle = load_bundle(shared_color_bundle)
    with TritonDouble(bundle) as double, connected(double, bundle) as model:
        double.faults.error = (code, text)
        failure = failure_of_run(model.start(noise(bundle, 1), SECONDS))
    assert failure.kind == kind
    assert text in str(failure)


def test_what_has_to_stay_open_is_told_where_the_server_closes_it() -> None:
    told = str(failure_of("UNAVAILABLE", RESTRICTED, "server gpu:8001, ServerMetadata"))
    assert "metadata, model-config, statistics and inference" in told
    assert "--grpc-restricted-protocol" in told and RESTRICTED in told
    assert "--grpc-" not in str(failure_of("UNAVAILABLE", "Exceeds maximum queue size", ""))


def test_the_text_of_a_server_cannot_look_like_a_line_of_the_log(shared_color_bundle: Path) -> None:
    bundle = load_bundle(shared_color_bundle)
    with TritonDouble(bundle) as double, connected(double, bundle) as model:
        double.faults.error = (grpc.StatusCode.INTERNAL, "\n[ERROR] \x1b[2J" + "x" * 5000)
        message = str(failure_of_run(model.start(noise(bundle, 1), SECONDS)))
    assert "\n" not in message
    assert "\x1b" not in message
    assert len(message) < 1000


def test_a_server_that_ends_ends_what_it_was_asked(shared_color_bundle: Path) -> None:
    bundle = load_bundle(shared_color_bundle)
    with TritonDouble(bundle) as double, connected(double, bundle) as model:
        double.faults.never = True
        run = model.start(noise(bundle, 1), SECONDS)
        wait_for_request(double)
        double.stop()
        assert failure_of_run(run).kind == NOT_REACHED
        assert failure_of_run(model.start(noise(bundle, 1), SECONDS)).kind == NOT_REACHED


def wait_for_request(double: TritonDouble) -> None:
    until = time.monotonic() + SECONDS
    while not double.received and time.monotonic() < until:
        time.sleep(0.01)
    assert double.received


def test_a_server_that_comes_back_is_found(shared_color_bundle: Path) -> None:
    bundle = load_bundle(shared_color_bundle)
    with TritonDouble(bundle) as double:
        url = double.url
        with connected(double, bundle) as model:
            double.stop()
            failure = refusal(shared_color_bundle, url)
            assert failure.kind == NOT_REACHED
            assert url in str(failure)
            assert failure_of_run(model.start(noise(bundle, 1), SECONDS)).kind == NOT_REACHED
        double.start()
        assert double.url == url
        with connected(double, bundle) as model:
            model.start(noise(bundle, 1), SECONDS).finish()


def test_a_name_that_nobody_has_is_not_reached(shared_color_bundle: Path) -> None:
    failure = refusal(shared_color_bundle, "no-such-server.invalid:8001", timeout=10.0)
    assert failure.kind in (NOT_REACHED, TOO_LATE)  # where nobody answers for names either
    assert "no-such-server.invalid" in str(failure)


def test_closing_ends_what_is_waited_for(shared_color_bundle: Path) -> None:
    bundle = load_bundle(shared_color_bundle)
    with TritonDouble(bundle) as double, connected(double, bundle) as model:
        double.faults.never = True
        runs = [model.start(noise(bundle, 1), 10 * SECONDS) for _ in range(2)]
        found: List[ServerFailure] = []
        waiting = threading.Thread(target=lambda: found.extend(map(failure_of_run, runs)))
        waiting.start()
        wait_for_request(double)
        model.close()
        waiting.join(SECONDS)
        assert [one.kind for one in found] == [NOT_REACHED] * 2
        model.close()
        assert failure_of_run(model.start(noise(bundle, 1), SECONDS)).kind == NOT_REACHED
        with pytest.raises(ServerFailure):
            model.check(SECONDS)


def test_closing_while_another_thread_starts_runs_raises_nothing_else(
    shared_color_bundle: Path,
) -> None:
    bundle = load_bundle(shared_color_bundle)
    image = noise(bundle, 1)
    others: List[BaseException] = []

    def run(model: RemoteModel) -> None:
        try:
            while True:
                model.start(image, SECONDS).finish()
        except ServerFailure:
            pass
        except BaseException as error:
            others.append(error)

    with TritonDouble(bundle) as double:
        for _ in range(5):
            with connected(double, bundle) as model:
                thread = threading.Thread(target=run, args=(model,))
                thread.start()
                time.sleep(0.02)
                model.close()
                thread.join(SECONDS)
                assert not thread.is_alive()
    assert others == []


def test_statistics_are_those_of_the_version(shared_color_bundle: Path) -> None:
    bundle = load_bundle(shared_color_bundle)
    with TritonDouble(bundle) as double, connected(double, bundle) as model:
        before = model.statistics(SECONDS)
        for count in (1, 2, 2):
            model.start(noise(bundle, count), SECONDS).finish()
        after = model.statistics(SECONDS)
        double.unload(1)
        with pytest.raises(ServerFailure):
            model.statistics(SECONDS)
    assert (before.count, before.executions, before.requests) == (0, 0, 0)
    assert (after.count, after.executions, after.requests) == (5, 3, 3)
    assert after.compute_ns > before.compute_ns
    assert after.queue_ns > before.queue_ns


def resources() -> Dict[str, float]:
    gc.collect()
    process = psutil.Process(os.getpid())
    return {
        "threads": process.num_threads(),
        "files": process.num_fds(),
        "MiB": process.memory_info().rss / 2**20,
    }


def test_threads_files_and_memory_stay_as_they_are(tmp_path: Path) -> None:
    bundle = load_bundle(write_color_bundle(tmp_path / "colors"))
    image = noise(bundle, 2)
    with TritonDouble(bundle) as double:

        def connect_and_fail() -> None:
            may_answer = threading.Event()
            with connected(double, bundle) as model:
                model.start(image, SECONDS).finish()
                double.faults.change = lambda _: may_answer.wait(SECONDS)
                abandoned = model.start(image, SECONDS)
                assert abandoned.received == 0
            may_answer.set()
            double.faults.change = None
            wait_until(lambda: model.is_idle)
            double.received.clear()

        for _ in range(10):
            connect_and_fail()
        before = resources()
        for _ in range(50):
            connect_and_fail()
        after = resources()
    # The double has threads of its own, as many as WORKERS. One for each round would be more.
    assert after["threads"] <= before["threads"] + WORKERS
    assert after["files"] <= before["files"] + WORKERS
    assert after["MiB"] < before["MiB"] + 16


def test_a_missing_library_is_named_with_the_command_that_installs_it(
    shared_color_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [one for one in sys.modules if one.partition(".")[0] == "tritonclient"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tritonclient", None)
    with pytest.raises(
        EngineError, match=r"python3 -m pip install 'tritonclient\[grpc\]'"
    ) as caught:
        RemoteModel.connect(
            load_bundle(shared_color_bundle), ServerOptions("localhost:1"), "fp32", 1, 1.0
        )
    assert not isinstance(caught.value, ServerFailure)


def test_no_result_is_shared_with_the_answer(shared_color_bundle: Path) -> None:
    """Who gets it may write into it, as into that of every engine."""
    bundle = load_bundle(shared_color_bundle)
    with TritonDouble(bundle) as double, connected(double, bundle) as model:
        found = model.start(noise(bundle, 1), SECONDS).finish()
        for output in found.values():
            output[...] = 0
            assert isinstance(output, np.ndarray)
