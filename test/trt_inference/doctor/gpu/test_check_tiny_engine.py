"""Whether TensorRT really builds and runs here: on the double of each version, with its words."""

from typing import Any, List, Tuple

import numpy as np
import onnx
import onnxruntime
import pytest

from test.tensorrt_double import install
from test.tensorrt_double.install import CUDA_MODULES, INSTALLABLE, Double
from test.trt_inference.doctor.double_host import DoubleHost
from test.trt_inference.doctor.fake_machine import FakeMachine, assert_finds
from trt_inference.doctor.diagnosis import Diagnosis
from trt_inference.doctor.gpu.check_cuda_library import Gpu
from trt_inference.doctor.gpu.check_tiny_engine import check_tiny_engine
from trt_inference.doctor.host import Host
from trt_inference.engines.tensorrt import tiny_engine
from trt_inference.engines.tensorrt.tiny_engine import try_tiny_engine
from trt_inference.engines.tensorrt.tiny_model import tiny_input, tiny_model, tiny_output

ORIN = Gpu("Orin", (8, 7), integrated=True)
# Of TensorRT 10 (isaac-ros-cli issue 22), 10.0, 8.5, and of CUDA.
NO_KERNELS = (
    "IBuilder::buildSerializedNetwork: Error Code 9: API Usage Error (Target GPU SM 87 is not "
    "supported by this TensorRT release.)",
    "1: [caskUtils.cpp::nvinfer1::rt::task::trtSmToCask::193] Error Code 1: Internal Error "
    "(Unsupported SM: 0x601)",
    "Error Code 1: Cask (no kernel image is available for execution on the device)",
)


def found_on(host: Host, tensorrt: str = "10.3.0", gpu: Gpu = ORIN) -> List[Diagnosis]:
    return list(check_tiny_engine(host, tensorrt, gpu))


def test_the_model_is_valid_and_computes_what_it_is_said_to() -> None:
    model = onnx.load_from_string(tiny_model())
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(tiny_model(), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"x": tiny_input()})
    np.testing.assert_array_equal(found, tiny_output())
    assert 0.2 < (found > 0).mean() < 0.8  # neither all of it nor nothing


@pytest.mark.parametrize("cuda", CUDA_MODULES)
@pytest.mark.parametrize("version", INSTALLABLE)
def test_each_version_builds_and_runs_it_and_leaves_nothing(version: str, cuda: str) -> None:
    with install(version, cuda) as double:
        trial = try_tiny_engine(0)
        assert trial.problem == ""
        np.testing.assert_array_equal(trial.output, tiny_output())
        assert trial.free == double.machine.free_memory
        assert double.live() == {}


def test_one_that_works_is_ok(double: Double, machine: FakeMachine) -> None:
    (found,) = found_on(DoubleHost(machine))
    assert found.level == "ok"
    assert "Orin (sm_87)" in found.text
    assert "6144 of 8192 MiB" in found.text


@pytest.mark.parametrize("message", NO_KERNELS)
def test_tensorrt_without_kernels_for_this_gpu(
    double: Double, machine: FakeMachine, message: str
) -> None:
    double.faults.build = message
    found = found_on(DoubleHost(machine), "10.13.3.9")
    named = assert_finds(found, "tensorrt-without-kernels-for-gpu", "error", "10.13.3.9", "sm_87")
    assert "nvidia-jetpack" in named.remedy
    assert double.live() == {}


def test_the_pin_that_holds_it_back_is_named(double: Double, machine: FakeMachine) -> None:
    double.faults.build = NO_KERNELS[0]
    machine.write("/etc/apt/preferences.d/isaac-ros-tensorrt-13-0.pref", "Pin-Priority: 1001")
    found = found_on(DoubleHost(machine), "10.13.3.9")
    named = assert_finds(found, "tensorrt-without-kernels-for-gpu", "error")
    assert "isaac-ros-tensorrt-13-0.pref" in named.remedy


@pytest.mark.parametrize(
    ("capability", "version", "remedy"),
    [
        ((5, 0), "8.6.1", "TensorRT 8.5, the last"),
        ((6, 1), "10.0.1", "TensorRT 8.6, the last"),
        ((7, 0), "10.13.3", "TensorRT 10.4, the last"),
        ((12, 0), "10.7.0", "TensorRT 10.8 or newer"),
        ((8, 9), "8.2.1", "TensorRT 8.5 or newer"),
        ((7, 5), "11.4.0", "whose support matrix lists"),
    ],
)
def test_the_release_that_has_the_kernels_is_named(
    double: Double, machine: FakeMachine, capability: Tuple[int, int], version: str, remedy: str
) -> None:
    double.faults.build = NO_KERNELS[1]
    gpu = Gpu("Card", capability, integrated=False)
    found = found_on(DoubleHost(machine), version, gpu)
    assert remedy in assert_finds(found, "tensorrt-without-kernels-for-gpu", "error").remedy


@pytest.mark.parametrize(
    ("severity", "message"),
    [
        ("WARNING", "CUDA initialization failure with error: 35. Please check your CUDA"),
        ("ERROR", "Cuda Runtime (CUDA driver version is insufficient for CUDA runtime version)"),
    ],
)
def test_a_driver_that_is_too_old(
    double: Double, machine: FakeMachine, severity: str, message: str
) -> None:
    double.faults.before_build = [(severity, message)]
    double.faults.build = "Engine could not be created"
    found = found_on(DoubleHost(machine))
    assert_finds(found, "driver-older-than-tensorrt", "error", message, "10.3.0")


def test_a_gpu_that_is_full(double: Double, machine: FakeMachine) -> None:
    double.faults.create_execution_context = True
    assert_finds(found_on(DoubleHost(machine)), "no-memory-for-small-engine", "error")


def test_a_gpu_that_is_nearly_full_is_a_caution(double: Double, machine: FakeMachine) -> None:
    double.machine.free_memory = 100 << 20
    found = found_on(DoubleHost(machine), gpu=Gpu("Card", (8, 6), integrated=False))
    assert_finds(found, "gpu-memory-short", "caution", "100 of 8192 MiB")
    assert any(one.level == "ok" for one in found)
    assert [one.fault for one in found_on(DoubleHost(machine))] == [""]  # shared: memory is free


@pytest.mark.parametrize("fault", ["execute", "build"])
def test_any_other_failure_is_told_in_tensorrts_words(
    double: Double, machine: FakeMachine, fault: str
) -> None:
    setattr(double.faults, fault, "it is Monday")
    said = "it is Monday" if fault == "build" else "the execution fails"
    assert_finds(found_on(DoubleHost(machine)), "small-engine-fails", "error", said, "10.3.0")
    assert double.live() == {}


@pytest.mark.parametrize(("change", "told"), [(1, "differs by"), (np.nan, "is not a number")])
def test_wrong_numbers(
    double: Double,
    machine: FakeMachine,
    monkeypatch: pytest.MonkeyPatch,
    change: Any,
    told: str,
) -> None:
    monkeypatch.setattr(tiny_engine, "tiny_input", lambda: tiny_input() + np.float32(change))
    found = found_on(DoubleHost(machine))
    assert_finds(found, "small-engine-computes-wrongly", "error", told, "sm_87")


def test_a_process_that_dies_of_it(machine: FakeMachine) -> None:
    machine.crashing("pycuda", "SIGABRT")
    assert_finds(found_on(machine.host()), "small-engine-crashes", "error", "SIGABRT", "10.3.0")


def test_a_machine_that_is_short_of_memory_is_not_tried(machine: FakeMachine) -> None:
    machine.write("/proc/meminfo", "MemTotal: 4000000 kB\nMemAvailable: 204800 kB\n")
    found = found_on(machine.host())
    assert_finds(found, "too-little-memory-to-try", "caution", "Not looked at", "200 MiB")
