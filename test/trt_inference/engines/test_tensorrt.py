"""The TensorRT engine on the double: memory, graphs, stale engines, and a GPU that fails."""

import json
import sys
import threading
import tracemalloc
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy as np
import onnx
import pytest

from test.color_bundle import offer_precisions, picture, write_color_bundle
from test.task_bundles import HEIGHT, MAP_HEIGHT, MAP_WIDTH, WIDTH, write_segmentation_bundle
from test.tensorrt_bundle import add_engine
from test.tensorrt_double import COMBINATIONS, CUDA_PACKAGES, VERSIONS, Double, install
from trt_inference.bundles.bundle import load_bundle
from trt_inference.engines.backends import choose_backend, open_engine
from trt_inference.engines.base import Engine, EngineOptions
from trt_inference.engines.tensorrt import spare_cores
from trt_inference.engines.tensorrt.engine_memory import EngineMemory
from trt_inference.errors import BundleError, DeviceFault, EngineError
from trt_inference.inference.detections import Detections
from trt_inference.inference.detector import Detector

COLORS = ["blue", "green", "red"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_color_bundle(tmp_path / "colors")


@pytest.fixture(params=COMBINATIONS, ids="-".join)
def double(request: pytest.FixtureRequest, folder: Path) -> Iterator[Double]:
    """Each version with each library for CUDA, and an engine in the bundle."""
    with install(*request.param) as installed:
        add_engine(folder)
        yield installed


@pytest.fixture(params=CUDA_PACKAGES)
def modern(request: pytest.FixtureRequest, folder: Path) -> Iterator[Double]:
    """One version, with an engine in the bundle."""
    with install("10.3.0", request.param) as installed:
        add_engine(folder)
        yield installed


def open_here(folder: Path, **options: Any) -> Engine:
    return open_engine(load_bundle(folder), "tensorrt", "fp32", EngineOptions(**options))


def labels_seen(detector: Detector, color: str) -> List[str]:
    found = detector.detect(picture(color, (2, 3)))
    assert isinstance(found, Detections)
    return [detector.bundle.labels[number] for number in found.class_ids]


def test_detector_finds_the_same_as_on_onnx_runtime(double: Double, folder: Path) -> None:
    bundle = load_bundle(folder)
    with Detector.open(bundle, "tensorrt") as detector, Detector.open(
        bundle, "onnxruntime"
    ) as reference:
        for color in COLORS:
            image = picture(color, (5, 1))
            found, expected = detector.detect(image), reference.detect(image)
            assert isinstance(found, Detections) and isinstance(expected, Detections)
            np.testing.assert_allclose(found.xyxy, expected.xyxy)
            np.testing.assert_allclose(found.scores, expected.scores)


@pytest.mark.parametrize("zero_copy", [False, True])
def test_nothing_is_allocated_at_frame_rate(double: Double, folder: Path, zero_copy: bool) -> None:
    with Detector.open(
        load_bundle(folder), "tensorrt", options=EngineOptions(zero_copy=zero_copy)
    ) as detector:
        double.counters.reset()
        for _ in range(20):
            assert labels_seen(detector, "green") == ["green"]
        counters = double.counters
        assert (counters.device_allocations, counters.pinned_allocations) == (0, 0)
        assert (counters.streams, counters.events, counters.execution_contexts) == (0, 0, 0)
        assert counters.executed == 20


@pytest.mark.parametrize("options", [{}, {"cuda_graph": False}, {"zero_copy": True}])
def test_closed_engine_leaves_nothing_behind(
    double: Double, folder: Path, options: Dict[str, Any]
) -> None:
    engine = open_here(folder, **options)
    engine.start()  # and never finished
    engine.close()
    del engine
    assert double.live() == {}


def red_half(seed: int) -> np.ndarray:
    """Noise of pure colors beside red: several classes, other ones for each seed."""
    picture = np.random.default_rng(seed).choice([0, 255], (HEIGHT, WIDTH, 3)).astype(np.uint8)
    picture[:, : WIDTH // 2, :2] = 0
    return picture


@pytest.mark.parametrize("kind", [onnx.TensorProto.INT32, onnx.TensorProto.FLOAT])
@pytest.mark.parametrize("version", VERSIONS)
def test_class_map_is_of_bytes_though_the_plan_may_have_none(
    version: str, kind: int, tmp_path: Path
) -> None:
    folder = write_segmentation_bundle(tmp_path / "segments")
    with install(version), ExitStack() as stack:
        add_engine(folder, batch=2, class_map=kind)
        engine = stack.enter_context(closing(open_here(folder)))
        reference = stack.enter_context(
            closing(open_engine(load_bundle(folder), "onnxruntime", "fp32"))
        )
        for run, count in enumerate((2, 1, 2, 1)):
            pictures = [red_half(2 * run + number) for number in range(count)]
            engine.input_buffer()[:count] = pictures
            found = engine.infer(count)["class_map"]
            assert (found.shape, found.dtype) == ((count, MAP_HEIGHT, MAP_WIDTH), np.uint8)
            for one, picture_of_it in zip(found, pictures):
                reference.input_buffer()[0] = picture_of_it
                np.testing.assert_array_equal(one, reference.infer()["class_map"][0])


def test_nothing_is_allocated_for_a_class_map_that_becomes_bytes(tmp_path: Path) -> None:
    folder = write_segmentation_bundle(tmp_path / "segments")
    with install("8.2.1"):
        add_engine(folder, batch=64)
        with closing(open_here(folder)) as engine:
            engine.infer(64)
            (run, *_) = engine._runs  # type: ignore[attr-defined]  # without the double's own work
            tracemalloc.start()
            class_map = run.outputs()["class_map"]
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert class_map.dtype == np.uint8
            assert peak < class_map.nbytes / 4


def test_class_map_of_another_type_is_refused(tmp_path: Path) -> None:
    folder = write_segmentation_bundle(tmp_path / "segments")
    with install("8.2.1"):
        add_engine(folder, class_map=onnx.TensorProto.BOOL)
        with pytest.raises(EngineError, match=r"class_map must be uint8 .* it has bool"):
            open_here(folder)


def test_frame_is_one_launch_of_a_graph(modern: Double, folder: Path) -> None:
    with Detector.open(load_bundle(folder), "tensorrt") as detector:
        assert "as a CUDA graph" in detector.engine.description
        modern.counters.reset()
        assert labels_seen(detector, "red") == ["red"]
        assert (modern.counters.graph_launches, modern.counters.enqueued) == (1, 0)


@pytest.mark.parametrize("where", ["begin", "execute", "end", "instantiate"])
def test_without_capture_it_runs_step_by_step_and_reports_it(
    modern: Double, folder: Path, where: str
) -> None:
    modern.faults.capture = where
    with Detector.open(load_bundle(folder), "tensorrt") as detector:
        assert "without a CUDA graph (" in detector.engine.description
        for color in COLORS:
            assert labels_seen(detector, color) == [color]
    assert modern.counters.graph_launches == 0


def test_without_the_drivers_library_it_runs_step_by_step(modern: Double, folder: Path) -> None:
    modern.libcuda = None
    with Detector.open(load_bundle(folder), "tensorrt") as detector:
        assert "libcuda.so.1" in detector.engine.description
        assert labels_seen(detector, "blue") == ["blue"]


def test_zero_copy_copies_nothing(modern: Double, folder: Path) -> None:
    with Detector.open(
        load_bundle(folder), "tensorrt", options=EngineOptions(zero_copy=True)
    ) as detector:
        assert labels_seen(detector, "red") == ["red"]
    assert (modern.counters.copies_to_device, modern.counters.copies_to_host) == (0, 0)


def test_bundle_without_an_engine_is_refused_with_how_to_build_one(folder: Path) -> None:
    with install("8.6.1", compute_capability=(7, 2)):
        with pytest.raises(BundleError) as caught:
            open_here(folder)
    message = str(caught.value)
    assert "TensorRT 8.6.1" in message and "sm_72" in message
    assert f"trt-inference build {folder} --precision fp32" in message


@pytest.mark.parametrize(
    ("version", "capability", "expected_text"),
    [
        ("10.13.3", (8, 7), "built by TensorRT 10.3.0"),
        ("10.3.0", (8, 9), "sm_87, this machine has TensorRT 10.3.0"),
    ],
)
def test_engine_of_another_machine_is_not_loaded(
    modern: Double, folder: Path, version: str, capability: Tuple[int, int], expected_text: str
) -> None:
    with install(version, compute_capability=capability) as other:
        with pytest.raises(BundleError, match=expected_text):
            open_here(folder)
        assert other.counters.device_allocations == 0


def test_engine_of_an_older_model_is_not_loaded(modern: Double, folder: Path) -> None:
    add_engine(folder, onnx_sha256="0" * 64)
    with pytest.raises(BundleError, match="built from another fp32 model than the bundle has now"):
        open_here(folder)


def test_plan_with_a_changed_byte_is_refused(modern: Double, folder: Path) -> None:
    (plan,) = folder.glob("engines/*.engine")
    content = bytearray(plan.read_bytes())
    content[100] ^= 1
    plan.write_bytes(content)
    with pytest.raises(BundleError, match="was changed"):
        open_here(folder)
    assert modern.live() == {}


def test_plan_that_tensorrt_refuses_is_an_error_with_its_reason(
    modern: Double, folder: Path
) -> None:
    """A sidecar that is not true: TensorRT's own words come through."""
    (sidecar,) = folder.glob("engines/*.json")
    with install("10.13.3") as other:
        content = json.loads(sidecar.read_text("utf-8"))
        content["machine"]["tensorrt"] = other.tensorrt.__version__
        sidecar.write_text(json.dumps(content), "utf-8")
        with pytest.raises(EngineError, match=r"does not take .*\.engine: .*[Vv]ersion"):
            open_here(folder)


def test_full_memory_is_an_error_and_all_is_given_back(modern: Double, folder: Path) -> None:
    modern.faults.mem_alloc_after = 2
    with pytest.raises(EngineError, match="out of memory"):
        open_here(folder)
    assert modern.live() == {}
    modern.faults.mem_alloc_after = None
    open_here(folder).close()


def test_no_room_for_the_engine_is_an_error(modern: Double, folder: Path) -> None:
    modern.faults.create_execution_context = True
    with pytest.raises(EngineError, match=r"cannot make room .* takes about \d+MiB: .*narrower"):
        open_here(folder)
    assert modern.live() == {}


def test_no_room_for_the_weights_is_an_error_with_other_remedies_than_a_build(
    modern: Double, folder: Path
) -> None:
    modern.machine.free_memory = 1000  # less than the plan
    with pytest.warns(RuntimeWarning, match="may not fit"), pytest.raises(EngineError) as caught:
        open_here(folder)
    assert "has no room for fp32-" in str(caught.value) and "swap" in str(caught.value)
    assert "trt-inference build" not in str(caught.value)
    assert modern.live() == {}


def test_what_will_not_fit_is_not_loaded(modern: Double, folder: Path) -> None:
    memory = EngineMemory(weights=2**20, context=7 * 2**30, buffers=2**20)
    add_engine(folder, measured=memory.content())
    cautions: List[str] = []
    with pytest.raises(
        EngineError, match=r"does not fit .* 7\.0GiB .* 6\.0GiB of 8\.0GiB are free"
    ):
        open_here(folder, warn=cautions.append)
    assert modern.counters.execution_contexts == 0
    assert (modern.live(), cautions) == ({}, [])


def test_what_may_not_fit_is_loaded_with_a_caution(modern: Double, folder: Path) -> None:
    add_engine(folder, measured=EngineMemory(measured=7 * 2**30).content())
    cautions: List[str] = []
    open_here(folder, warn=cautions.append).close()
    (caution,) = cautions
    assert "may not fit" in caution and "7.0GiB" in caution


@pytest.mark.parametrize("fault", ["illegal address", "launch failed", "device lost"])
def test_lost_context_asks_for_a_new_process(modern: Double, folder: Path, fault: str) -> None:
    engine = open_here(folder)
    modern.faults.at_synchronize = fault
    with pytest.raises(DeviceFault, match="must be restarted"):
        engine.infer()
    with pytest.raises(DeviceFault):
        engine.close()


@pytest.mark.parametrize("cuda_graph", [True, False])
def test_context_that_is_lost_between_two_runs_is_noticed_at_the_next_launch(
    modern: Double, folder: Path, cuda_graph: bool
) -> None:
    engine = open_here(folder, cuda_graph=cuda_graph)
    engine.infer()
    modern.machine.break_device("illegal address")
    with pytest.raises(DeviceFault, match="must be restarted"):
        engine.start()
    with pytest.raises(DeviceFault):
        engine.close()


def test_engine_that_cannot_run_is_an_error_that_can_be_tried_again(
    modern: Double, folder: Path
) -> None:
    engine = open_here(folder, cuda_graph=False)
    modern.faults.execute = True
    with pytest.raises(EngineError, match="cannot run"):
        engine.infer()
    modern.faults.execute = False
    engine.close()
    assert modern.live() == {}


def test_one_thread_may_own_it_that_is_not_the_main_one(modern: Double, folder: Path) -> None:
    seen: List[List[str]] = []

    def run() -> None:
        with Detector.open(load_bundle(folder), "tensorrt") as detector:
            seen.extend(labels_seen(detector, color) for color in COLORS)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [[color] for color in COLORS]
    assert modern.live() == {}


def test_closed_detector_leaves_nothing_behind_while_another_one_runs(
    modern: Double, folder: Path
) -> None:
    """As when a node exchanges them: the context lives on, and with it all that was forgotten."""
    with Detector.open(load_bundle(folder), "tensorrt") as stays:
        labels_seen(stays, "red")
        before = modern.live()
        for _ in range(2):
            with Detector.open(load_bundle(folder), "tensorrt") as goes:
                labels_seen(goes, "red")
            assert modern.live() == before  # goes is still there, and closed


@pytest.mark.parametrize(
    ("machine", "chosen", "has_copies"),
    [
        ({"integrated": True}, None, False),
        ({"integrated": True}, False, True),
        ({}, None, True),
        ({}, True, False),
        ({"integrated": True, "compute_capability": (5, 3)}, None, True),  # a Nano
        ({"integrated": True, "compute_capability": (5, 3)}, True, False),
    ],
)
@pytest.mark.parametrize("library", CUDA_PACKAGES)
def test_copies_are_left_out_where_the_gpu_shares_cached_memory_or_the_user_says_so(
    folder: Path, library: str, machine: Dict[str, Any], chosen: Optional[bool], has_copies: bool
) -> None:
    with install("8.6.1", library, **machine) as double:
        add_engine(folder)
        double.counters.reset()
        options = EngineOptions(zero_copy=chosen)
        with Detector.open(load_bundle(folder), "tensorrt", options=options) as detector:
            assert labels_seen(detector, "red") == ["red"]
            assert ("without copies" in detector.engine.description) != has_copies
        assert (double.counters.copies_to_device > 0) == has_copies
        assert (double.counters.copies_to_host > 0) == has_copies


@pytest.mark.parametrize(
    ("machine", "cores", "chosen", "is_busy"),
    [
        ({}, 16, None, True),
        ({}, 4, None, False),
        ({"integrated": True}, 12, None, False),
        ({}, 16, False, False),
        ({"integrated": True}, 4, True, True),
    ],
)
def test_a_busy_core_waits_where_cores_are_to_spare_or_the_user_says_so(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    machine: Dict[str, Any],
    cores: int,
    chosen: Optional[bool],
    is_busy: bool,
) -> None:
    monkeypatch.setattr(spare_cores, "usable_cores", lambda: float(cores))
    with install("8.6.1", **machine):
        add_engine(folder)
        options = EngineOptions(spin=chosen)
        with Detector.open(load_bundle(folder), "tensorrt", options=options) as detector:
            assert labels_seen(detector, "red") == ["red"]
            assert ("a busy core waits" in detector.engine.description) == is_busy


def test_auto_takes_tensorrt_where_a_gpu_is(folder: Path) -> None:
    assert choose_backend("auto").name == "onnxruntime"
    with install("8.6.1"):
        assert choose_backend("auto").name == "tensorrt"
    with install("8.6.1", devices=0):
        assert choose_backend("auto").name == "onnxruntime"
        with pytest.raises(EngineError, match="no NVIDIA GPU"):
            open_here(folder)


@pytest.mark.parametrize("backend", ["auto", "tensorrt"])
def test_a_gpu_that_is_not_there_is_an_error_and_not_a_slow_detector(
    modern: Double, folder: Path, backend: str
) -> None:
    with pytest.raises(EngineError, match="there is no GPU 4, there is 1, counted from 0"):
        Detector.open(load_bundle(folder), backend, options=EngineOptions(device=4))


def test_engine_runs_on_the_gpu_that_is_asked_for(folder: Path) -> None:
    with install("10.3.0", devices=2, other_capability=(7, 5)) as double:
        add_engine(folder)
        with pytest.raises(BundleError, match="--precision fp32 --device 1"):
            open_here(folder, device=1)
        add_engine(folder, device=1)
        with Detector.open(load_bundle(folder), options=EngineOptions(device=1)) as detector:
            assert "sm_75" in detector.engine.description
            assert double.machine.capability == (7, 5)
            assert labels_seen(detector, "red") == ["red"]


def test_missing_tensorrt_is_an_error_that_names_where_it_comes_from(
    modern: Double, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(EngineError, match=r"backend tensorrt: .*JetPack; .*pip install tensorrt"):
        open_here(folder)


def test_auto_takes_the_fastest_precision_that_has_an_engine(folder: Path) -> None:
    offer_precisions(folder, "fp32", "fp16", "int8")
    with install("10.3.0"):
        add_engine(folder, "fp16")
        with Detector.open(load_bundle(folder), "tensorrt") as detector:
            assert str(detector.choice) == "fp16 (auto: this machine has no engine of int8)"


def test_auto_takes_the_engine_that_was_measured_as_the_fastest(folder: Path) -> None:
    offer_precisions(folder, "fp32", "fp16", "int8")
    with install("10.3.0"):
        for precision, p50 in (("fp32", 0.2), ("fp16", 0.118), ("int8", 0.166)):
            times = {"p50": p50, "p95": p50, "p99": p50}
            add_engine(folder, precision, measured={"gpu_milliseconds": times})
        with Detector.open(load_bundle(folder), "tensorrt") as detector:
            assert detector.choice.precision == "fp16"
            assert "0.118 ms an image, int8 0.166 ms" in str(detector.choice)
    # Another GPU runs these engines, and was not measured.
    with install("10.3.0", device_name="Orin Nano"):
        with Detector.open(load_bundle(folder), "tensorrt") as detector:
            assert str(detector.choice) == "int8 (auto: the fastest on sm_87)"


def test_auto_without_any_engine_asks_for_that_of_the_fastest(folder: Path) -> None:
    offer_precisions(folder, "fp32", "fp16", "int8")
    with install("8.2.1", compute_capability=(5, 3)):
        with pytest.raises(BundleError, match="--precision fp16"):  # sm_53 has no int8
            Detector.open(load_bundle(folder), "tensorrt")
