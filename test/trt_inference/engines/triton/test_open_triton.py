"""What is found out when an engine for a server is opened, and which precision is told before."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Tuple

import numpy as np
import pytest

from test.color_bundle import offer_precisions, write_color_bundle
from test.tensorrt_bundle import add_engine
from test.tensorrt_double import COMBINATIONS, install
from test.triton_double import TritonDouble
from test.trt_inference.engines.triton.server_bench import (
    HERE,
    SERVER,
    Bench,
    assert_same,
    close_breaker,
    noise,
    run,
    start,
    values,
    watching_threads,
)
from trt_inference.bundles.bundle import load_bundle
from trt_inference.engines.backends import choose_backend, open_engine
from trt_inference.engines.base import EngineOptions
from trt_inference.engines.onnxruntime.engine import OnnxRuntimeEngine
from trt_inference.engines.server_options import LOCAL, NONE
from trt_inference.engines.triton import open_triton
from trt_inference.engines.triton.remote_model import RemoteModel
from trt_inference.errors import BundleError, EngineError, EngineMissing, FrameLost
from trt_inference.inference.detector import Detector, choose_precision

FALLBACKS = pytest.mark.parametrize("fallback", [LOCAL, NONE])


@pytest.fixture
def of_two(tmp_path: Path) -> Path:
    """A bundle of two precisions."""
    folder = write_color_bundle(tmp_path / "colors")
    offer_precisions(folder, "fp32", "fp16")
    return folder


@FALLBACKS
def test_another_model_is_refused_with_the_remedy(bench: Bench, fallback: str) -> None:
    bench.double.version(1).sha256 = "0" * 64
    options = bench.options(fallback=fallback)
    for use in (
        lambda: choose_precision(bench.bundle, "triton", "auto", options),
        lambda: open_engine(bench.bundle, "triton", "fp32", options),
    ):
        with pytest.raises(EngineError, match=r"000000000000.*export-triton"):
            use()
    assert watching_threads() == []


@FALLBACKS
def test_a_server_without_the_model_is_refused(bench: Bench, fallback: str) -> None:
    bench.double.name = "others"
    with pytest.raises(EngineError, match="export-triton"):
        open_engine(bench.bundle, "triton", "fp32", bench.options(fallback=fallback))


@FALLBACKS
def test_a_url_that_is_none_is_refused_without_what_is_secret_in_it(
    bench: Bench, fallback: str
) -> None:
    options = bench.options(fallback=fallback, url="me:secret@localhost:8001")
    for use in (
        lambda: choose_precision(bench.bundle, "triton", "auto", options),
        lambda: open_engine(bench.bundle, "triton", "fp32", options),
    ):
        with pytest.raises(EngineError) as refused:
            use()
        assert "server_url" in str(refused.value)
        assert "secret" not in str(refused.value)


def test_without_a_server_the_error_tells_how_to_give_one(bench: Bench) -> None:
    with pytest.raises(EngineError, match="server_url"):
        open_engine(bench.bundle, "triton", "fp32", EngineOptions())


def test_a_detector_opens_without_its_server_and_without_fallback(bench: Bench) -> None:
    """Robots may start before the server."""
    bench.double.stop()
    options = bench.options(fallback=NONE)
    with Detector.open(bench.bundle, "triton", "auto", options) as detector:
        assert detector.first is None
        assert detector.choice.precision == "auto"  # nobody knows it yet
        with pytest.raises(FrameLost):
            detector.detect(noise(1))
        assert "does not answer" in detector.engine.description
    assert len(bench.warned) == 1


def test_a_detector_is_tried_out_on_the_server(bench: Bench) -> None:
    with Detector.open(bench.bundle, "triton", "auto", bench.options(batch=2)) as detector:
        assert detector.first is not None
        assert [len(request.images) for request in bench.double.received] == [1, 2]


@FALLBACKS
@pytest.mark.parametrize("precision", ["auto", "fp32"])
def test_a_detector_asks_its_server_once(bench: Bench, precision: str, fallback: str) -> None:
    """Who configures waits for each call of a server that hangs."""
    options = bench.options(fallback=fallback)
    with Detector.open(bench.bundle, "triton", precision, options) as detector:
        assert detector.choice.precision == "fp32"
    assert bench.double.asked.count("ServerMetadata") == 1
    assert bench.double.asked.count("ModelConfig") == 1


def test_auto_takes_the_newest_version_whatever_its_precision(of_two: Path, bench: Bench) -> None:
    bundle = load_bundle(of_two)
    with TritonDouble(of_two, precision="fp32") as double:
        double.add(of_two, 2, "fp16")
        options = bench.options(url=double.url)
        with Detector.open(bundle, "triton", "auto", options) as detector:
            assert detector.choice.precision == "fp16"
            double.stop()
            for seed in range(3):
                detector.detect(noise(seed))
            double.add(of_two, 3, "fp32")
            double.start()
            close_breaker(detector.engine)
            for seed in range(2):  # the first one is written for this machine already
                detector.detect(noise(seed))
            assert detector.choice.precision == "fp32"
            assert "version 3" in detector.choice.reason


def test_a_precision_that_the_server_lacks_is_told_where_it_is_used(
    of_two: Path, bench: Bench
) -> None:
    bundle = load_bundle(of_two)
    with TritonDouble(of_two, precision="fp32") as double:
        options = bench.options(url=double.url)
        with Detector.open(bundle, "triton", "fp16", options) as detector:
            assert detector.choice.precision == "fp32"
            assert "no fp16 of this bundle" in detector.choice.reason
        with Detector.open(bundle, "triton", "fp32", options) as detector:
            assert "no fp" not in detector.choice.reason


@pytest.mark.parametrize(("asked", "expected"), [(4, 2), (1, 1)])
def test_no_more_images_at_once_than_the_server_takes(
    bench: Bench, asked: int, expected: int
) -> None:
    bench.double.max_batch = 2
    with bench.engine(batch=asked) as engine:
        assert engine.batch == expected
        images = [noise(seed) for seed in range(expected)]
        assert engine.input_buffer().shape == (expected, 64, 64, 3)
        assert_same(run(engine, *images), bench.own(*images))
        bench.double.stop()
        for _ in range(5):
            assert_same(run(engine, *images), bench.own(*images))
            assert engine.input_buffer().shape == (expected, 64, 64, 3)
            assert engine.input_buffer() is engine.input_buffer()  # who writes there relies on it


def test_the_local_engine_is_warm_before_the_first_failure(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = []
    begin = OnnxRuntimeEngine.start

    def note(local: OnnxRuntimeEngine, count: int = 1) -> None:
        counts.append(count)
        begin(local, count)

    monkeypatch.setattr(OnnxRuntimeEngine, "start", note)
    with bench.engine(batch=3):
        assert counts == [1, 3]


def test_auto_takes_what_the_server_runs_and_tells_so(of_two: Path, bench: Bench) -> None:
    bundle = load_bundle(of_two)
    with TritonDouble(of_two, precision="fp16") as double:
        options = bench.options(url=double.url)
        choice = choose_precision(bundle, "triton", "auto", options)
        assert choice.precision == "fp16"
        assert double.url in choice.reason
        with Detector.open(bundle, "triton", "auto", options) as detector:
            assert detector.choice.precision == "fp16"
            double.stop()
            detector.detect(noise(1))
            # This machine runs what it would without a server.
            assert detector.choice.precision == "fp32"
            assert "ONNX Runtime" in detector.engine.description


def test_a_precision_that_is_asked_for_is_preferred_and_any_other_taken(
    of_two: Path, bench: Bench
) -> None:
    bundle = load_bundle(of_two)
    with TritonDouble(of_two, precision="fp32") as double:
        options = bench.options(url=double.url)
        choice = choose_precision(bundle, "triton", "fp16", options)
        assert (choice.precision, "has no fp16" in choice.reason) == ("fp32", True)
        double.add(of_two, 2, "fp16")
        double.add(of_two, 3, "fp32")
        choice = choose_precision(bundle, "triton", "fp16", options)
        assert (choice.precision, choice.reason) == ("fp16", "asked for")
        with Detector.open(bundle, "triton", "fp16", options) as detector:
            assert detector.choice.precision == "fp16"
            assert "version 2" in detector.engine.description


@FALLBACKS
def test_a_precision_that_the_bundle_lacks_is_an_error(bench: Bench, fallback: str) -> None:
    options = bench.options(fallback=fallback)
    for server in (options.server, None):
        given = EngineOptions(server=server)
        with pytest.raises(BundleError, match="'int8'"):
            choose_precision(bench.bundle, "triton", "int8", given)
    with pytest.raises(BundleError, match="'int8'"):
        open_engine(bench.bundle, "triton", "int8", options)


def test_a_server_that_is_not_reached_leaves_the_choice_to_this_machine(
    of_two: Path, bench: Bench
) -> None:
    bench.double.stop()
    bundle = load_bundle(of_two)
    here = choose_precision(bundle, "auto", "auto", EngineOptions())
    for asked in ("auto", "fp16"):
        choice = choose_precision(bundle, "triton", asked, bench.options())
        assert choice.precision == here.precision
        assert choice.reason.startswith(here.reason)
        assert f"until Triton at {bench.double.url} answers" in choice.reason
    without = bench.options(fallback=NONE)
    choice = choose_precision(bundle, "triton", "fp16", without)
    assert (choice.precision, choice.reason) == ("fp16", "asked for")
    assert "until" in choose_precision(bundle, "triton", "auto", without).reason


def test_without_a_server_in_the_options_nobody_is_asked(of_two: Path, bench: Bench) -> None:
    bundle = load_bundle(of_two)
    assert choose_precision(bundle, "triton", "fp16", EngineOptions()).precision == "fp16"
    assert choose_precision(bundle, "triton", "auto", EngineOptions()).precision == "auto"
    assert bench.double.asked == []


def test_auto_never_takes_a_server(bench: Bench) -> None:
    assert choose_backend("auto").name != "triton"
    assert not choose_backend("triton").is_available(0)


def test_a_missing_library_is_an_error_with_the_command_that_installs_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tritonclient.grpc", None)
    with pytest.raises(EngineError, match=r"pip install 'tritonclient\[grpc\]'"):
        open_engine(bench.bundle, "triton", "fp32", bench.options())


def test_an_engine_of_tensorrt_answers_where_there_is_a_gpu(
    color_bundle: Path, bench: Bench
) -> None:
    bench.bundle = load_bundle(color_bundle)
    with install(*COMBINATIONS[-1]), TritonDouble(color_bundle) as double:
        with pytest.raises(EngineMissing):  # for the node, which builds it
            open_engine(bench.bundle, "triton", "fp32", bench.options(url=double.url))
        assert watching_threads() == []
        add_engine(color_bundle)
        with bench.engine(url=double.url) as engine:
            assert engine.memory()["total"] > 0
            expected = run(engine, noise(1))
            assert values(engine)["answered by"] == SERVER
            double.stop()
            for _ in range(4):
                np.testing.assert_allclose(
                    run(engine, noise(1))["scores"], expected["scores"], atol=1e-5
                )
                assert values(engine)["answered by"] == HERE
            assert engine.depth == 2  # of the local engine: its next image is written meanwhile
            for seed in (2, 3):
                start(engine, noise(seed))
            double.start()
            close_breaker(engine)
            for seed in (2, 3):
                own = bench.own(noise(seed))["scores"]
                np.testing.assert_allclose(engine.finish()["scores"], own, atol=1e-5)
                if seed == 2:
                    assert engine.depth == 1  # so that it gets back to the server at all
            assert engine.depth == 2
            run(engine, noise(4))
            assert values(engine)["answered by"] == SERVER


@pytest.mark.parametrize("zero_copy", [False, True])
@pytest.mark.parametrize("combination", [COMBINATIONS[0], COMBINATIONS[-1]])
def test_an_engine_of_tensorrt_for_more_images_than_the_server_takes_leaves_no_memory(
    color_bundle: Path, bench: Bench, combination: Tuple[str, str], zero_copy: bool
) -> None:
    bench.bundle = load_bundle(color_bundle)
    with install(*combination) as gpu, TritonDouble(color_bundle, max_batch=2) as double:
        add_engine(color_bundle, batch=3)
        options = replace(bench.options(url=double.url, batch=3), zero_copy=zero_copy)
        engine = open_engine(bench.bundle, "triton", "fp32", options)
        try:
            assert engine.batch == 2
            run(engine, noise(0), noise(1))
            assert values(engine)["answered by"] == SERVER
            double.stop()
            while values(engine)["breaker"] == "closed":
                run(engine, noise(0), noise(1))
            assert engine.depth == 2
            for seed in range(2, 10, 4):
                for first in (seed, seed + 2):
                    start(engine, noise(first), noise(first + 1))
                for first in (seed, seed + 2):
                    own = bench.own(noise(first), noise(first + 1))["scores"]
                    np.testing.assert_allclose(engine.finish()["scores"], own, atol=1e-5)
            start(engine, noise(0))  # and never finished
        finally:
            engine.close()
        assert gpu.live() == {}


def test_a_failure_of_the_local_engine_is_not_hidden(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(local: Any) -> None:
        raise EngineError("out of memory")

    with bench.engine() as engine:
        bench.double.stop()
        monkeypatch.setattr(OnnxRuntimeEngine, "finish", fail)
        start(engine, noise(1))
        with pytest.raises(EngineError, match="out of memory") as failed:
            engine.finish()
        assert not isinstance(failed.value, FrameLost)


def test_nothing_is_left_open_if_the_local_engine_cannot_be_opened(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = []
    close = RemoteModel.close

    def note(model: RemoteModel) -> None:
        closed.append(model)
        close(model)

    def fail(*given: object) -> None:
        raise MemoryError

    monkeypatch.setattr(RemoteModel, "close", note)
    monkeypatch.setattr(OnnxRuntimeEngine, "__init__", fail)
    with pytest.raises(EngineError, match="does not fit into memory: fp32 has"):
        open_engine(bench.bundle, "triton", "auto", bench.options())
    assert len(closed) == 1
    monkeypatch.setattr(open_triton, "ServerLane", fail)
    with pytest.raises(EngineError, match="does not fit into memory: its input"):
        open_engine(bench.bundle, "triton", "auto", bench.options(fallback=NONE))
    assert len(closed) == 2
    assert watching_threads() == []


def test_the_local_engine_is_closed_if_it_does_not_run(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = []
    close = OnnxRuntimeEngine.close

    def fail(local: OnnxRuntimeEngine, count: int = 1) -> None:
        raise EngineError("out of memory")

    def note(local: OnnxRuntimeEngine) -> None:
        closed.append(local)
        close(local)

    monkeypatch.setattr(OnnxRuntimeEngine, "start", fail)
    monkeypatch.setattr(OnnxRuntimeEngine, "close", note)
    with pytest.raises(EngineError, match="out of memory"):
        open_engine(bench.bundle, "triton", "fp32", bench.options())
    assert len(closed) == 1
