"""What keeps pycuda and cuda-bindings from working: broken packages, and the double's."""

from typing import Any, List

import numpy as np
import pytest

from test.tensorrt_double.install import Double
from test.trt_inference.doctor.double_host import DoubleHost
from test.trt_inference.doctor.fake_machine import FakeMachine, assert_finds
from trt_inference.doctor.diagnosis import Diagnosis
from trt_inference.doctor.gpu.check_cuda_library import check_cuda_library
from trt_inference.doctor.gpu.check_driver import Driver
from trt_inference.doctor.gpu.nvidia_devices import NvidiaDevices
from trt_inference.doctor.host import Host
from trt_inference.engines.tensorrt.cuda.choose_library import cuda_installation

PC = NvidiaDevices(is_jetson=False, is_on_bus=True, nodes=[], in_container=False)
NANO, ORIN = 10020, 12060  # the CUDA of their drivers


def found_on(host: Host, driver: int = ORIN) -> List[Diagnosis]:
    return list(check_cuda_library(host, Driver(driver, PC)))


@pytest.fixture
def bare(machine: FakeMachine) -> FakeMachine:
    """A machine whose Python has neither of them."""
    machine.missing("pycuda", "cuda")
    return machine


def with_pycuda(machine: FakeMachine, problem: str) -> FakeMachine:
    """It is installed and raises ImportError."""
    machine.module("pycuda.__init__", "VERSION_TEXT = '2022.1'")
    machine.module("pycuda.driver", f"raise ImportError({problem!r})")
    machine.missing("cuda")
    return machine


def test_neither_is_installed(bare: FakeMachine) -> None:
    bare.program("nvcc")
    found = assert_finds(found_on(bare.host()), "cuda-library-missing", "error", "Neither pycuda")
    assert found.remedy == cuda_installation(ORIN)


def test_pycuda_cannot_be_compiled_where_nvcc_is_not_on_the_path(bare: FakeMachine) -> None:
    found = assert_finds(
        found_on(bare.host(), NANO), "pycuda-without-nvcc", "error", "not installed"
    )
    assert "-devel" in found.remedy
    bare.write("/usr/local/cuda/bin/nvcc")
    found = assert_finds(
        found_on(bare.host(), NANO), "pycuda-without-nvcc", "error", "it is in /usr/local/cuda/bin"
    )
    assert found.remedy.startswith("PATH=/usr/local/cuda/bin:$PATH python3 -m pip install ")


@pytest.mark.parametrize(
    ("driver", "python", "expected"),
    [
        (10020, (3, 6), "--no-use-pep517 pycuda==2022.1"),  # JetPack 4
        (11040, (3, 8), "pip install pycuda"),  # JetPack 5
        (12060, (3, 10), "cuda-bindings==12.9.*"),  # JetPack 6
        (13000, (3, 12), "cuda-bindings==13.*"),  # JetPack 7
    ],
)
def test_the_command_is_that_of_the_jetpack(driver: int, python: Any, expected: str) -> None:
    assert expected in cuda_installation(driver, python)


@pytest.mark.parametrize(
    ("problem", "fault"),
    [
        ("libcurand.so.10: cannot open shared object file: No such file", "pycuda-of-another-cuda"),
        ("numpy.core.multiarray failed to import", "pycuda-of-another-numpy"),
        ("cannot import name 'compyte'", "pycuda-broken"),
    ],
)
def test_pycuda_that_was_compiled_for_something_else(
    machine: FakeMachine, problem: str, fault: str
) -> None:
    found = assert_finds(found_on(with_pycuda(machine, problem).host()), fault, "error", problem)
    assert "--force-reinstall --no-deps" in found.remedy  # NumPy stays what it is


def with_bindings(machine: FakeMachine, version: str, source: str) -> FakeMachine:
    machine.missing("pycuda")
    machine.module("cuda.__init__", "")
    machine.module("cuda.bindings.__init__", f"__version__ = {version!r}")
    machine.module("cuda.bindings.driver", source)
    return machine


def test_bindings_that_are_too_old(machine: FakeMachine) -> None:
    found = found_on(with_bindings(machine, "12.6.0", "").host())
    assert_finds(found, "cuda-bindings-too-old", "error", "12.6.0", "12.9.1 or newer")


def test_bindings_that_are_broken(machine: FakeMachine) -> None:
    host = with_bindings(machine, "12.9.4", "raise ImportError('bad magic number')").host()
    assert_finds(found_on(host), "cuda-bindings-broken", "error", "bad magic number")


def test_a_library_that_crashes(machine: FakeMachine) -> None:
    machine.crashing("pycuda", "SIGILL")
    assert_finds(found_on(machine.host()), "cuda-library-crashes", "error", "SIGILL")


@pytest.mark.parametrize(
    "double", [("8.2.1", "pycuda", {}), ("10.3.0", "cuda-python", {})], indirect=True
)
def test_one_that_works_is_named_with_the_gpu(double: Double, machine: FakeMachine) -> None:
    (found,) = found_on(DoubleHost(machine), ORIN)
    assert found.level == "ok"
    assert "Double (sm_87)" in found.text
    assert ("pycuda 2024.1" if double.driver else "cuda-python 12.9.4") in found.text


@pytest.mark.parametrize("double", [("10.3.0", "cuda-python", {})], indirect=True)
def test_bindings_for_a_newer_driver(double: Double, machine: FakeMachine) -> None:
    found = found_on(DoubleHost(machine), 11040)
    assert_finds(found, "cuda-bindings-newer-than-driver", "caution", "12.9.4", "CUDA 11.4")
    assert any(one.level == "ok" for one in found)
    double.machine.devices = 0
    found = found_on(DoubleHost(machine), 11040)
    assert_finds(found, "cuda-bindings-newer-than-driver", "error", "no CUDA-capable device")


@pytest.mark.parametrize("double", [("8.6.1", "pycuda", {"devices": 0})], indirect=True)
def test_a_library_that_fails_where_the_driver_works(double: Double, machine: FakeMachine) -> None:
    found = found_on(DoubleHost(machine))
    assert_finds(found, "cuda-library-fails", "error", "pycuda", "no CUDA-capable device")


@pytest.mark.skipif(np.__version__.startswith("1."), reason="needs NumPy 2")
@pytest.mark.parametrize("double", [("10.3.0", "cuda-python", {})], indirect=True)
def test_numpy_2_of_pip_over_that_of_apt(double: Double, machine: FakeMachine) -> None:
    machine.folder("/usr/lib/python3/dist-packages/numpy")
    found = found_on(DoubleHost(machine))
    named = assert_finds(found, "numpy-2-with-cuda-python", "caution", np.__version__)
    assert named.remedy == "python3 -m pip install 'numpy<2'"
