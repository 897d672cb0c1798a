"""Which TensorRT a Python has: packages and libraries made for it."""

import sys
from pathlib import Path
from typing import List

import pytest

from test.tensorrt_double.install import Double
from test.trt_inference.doctor.double_host import DoubleHost
from test.trt_inference.doctor.fake_machine import FakeMachine, assert_finds
from test.trt_inference.doctor.gpu.conftest import Compile
from trt_inference.doctor.diagnosis import Diagnosis
from trt_inference.doctor.gpu.check_driver import Driver
from trt_inference.doctor.gpu.check_tensorrt import check_tensorrt
from trt_inference.doctor.gpu.nvidia_devices import NvidiaDevices
from trt_inference.doctor.host import Host

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
OF_APT = f"/usr/lib/python{HERE}/dist-packages/tensorrt"


def found_on(host: Host, is_jetson: bool = False, cuda: int = 12060) -> List[Diagnosis]:
    devices = NvidiaDevices(is_jetson, is_on_bus=not is_jetson, nodes=[], in_container=False)
    return list(check_tensorrt(host, Driver(cuda, devices)))


@pytest.mark.parametrize(("is_jetson", "level"), [(True, "error"), (False, "caution")])
def test_it_is_not_installed(machine: FakeMachine, is_jetson: bool, level: str) -> None:
    machine.missing("tensorrt")
    found = assert_finds(found_on(machine.host(), is_jetson), "tensorrt-missing", level)
    assert ("nvidia-jetpack" if is_jetson else "pip install tensorrt-cu12") in found.remedy


def test_it_is_that_for_the_cuda_of_the_driver(machine: FakeMachine) -> None:
    machine.missing("tensorrt")
    found = assert_finds(found_on(machine.host(), cuda=13000), "tensorrt-missing", "caution")
    assert found.remedy == "python3 -m pip install tensorrt-cu13"


def test_it_is_that_of_another_python(machine: FakeMachine) -> None:
    """On JetPack 4 with a newer Python."""
    machine.missing("tensorrt")
    machine.folder("/usr/lib/python3.6/dist-packages/tensorrt")
    machine.folder("/usr/lib/python3.9/dist-packages/numpy")
    if sys.version_info[:2] == (3, 6):
        return
    found = assert_finds(
        found_on(machine.host(), True), "tensorrt-of-another-python", "error", "3.6", HERE
    )
    assert "python3.6" in found.remedy


@pytest.mark.skipif(sys.prefix == sys.base_prefix, reason="needs a virtual environment")
def test_it_is_outside_of_the_virtual_environment(machine: FakeMachine) -> None:
    machine.missing("tensorrt")
    machine.folder(OF_APT)
    found = assert_finds(found_on(machine.host()), "tensorrt-outside-environment", "error", OF_APT)
    assert "--system-site-packages" in found.remedy


@pytest.mark.parametrize(
    ("library", "is_jetson", "remedy"),
    [
        ("libnvinfer.so.8", True, "--runtime nvidia"),
        ("libcudart.so.12", False, "LD_LIBRARY_PATH"),
        ("libnvinfer.so.10", False, "--force-reinstall --no-deps tensorrt"),
    ],
)
def test_a_library_of_it_is_missing(
    machine: FakeMachine, library: str, is_jetson: bool, remedy: str
) -> None:
    problem = f"{library}: cannot open shared object file: No such file or directory"
    machine.module("tensorrt", f"raise ImportError({problem!r})")
    found = found_on(machine.host(), is_jetson)
    assert remedy in assert_finds(found, "tensorrt-not-loadable", "error", problem).remedy


def test_it_crashes(machine: FakeMachine) -> None:
    machine.crashing("tensorrt")
    assert_finds(found_on(machine.host()), "tensorrt-crashes", "error", "SIGSEGV")


def test_it_is_older_than_8(machine: FakeMachine) -> None:
    machine.package("tensorrt", "7.1.3.0")
    assert_finds(found_on(machine.host()), "tensorrt-too-old", "error", "7.1.3.0")


def test_that_of_pip_hides_that_of_jetpack(machine: FakeMachine) -> None:
    file = machine.package("tensorrt", "10.9.0.34")
    machine.folder(OF_APT)
    found = found_on(machine.host(), True)
    named = assert_finds(found, "two-tensorrts", "caution", "10.9.0.34", str(file), OF_APT)
    assert "pip uninstall tensorrt" in named.remedy


LOADS = "import ctypes\n_kept = ctypes.CDLL({!r})"


def libnvinfer(compile_library: Compile, name: str, number: int) -> Path:
    return compile_library(name, f"int getInferLibVersion(void) {{ return {number}; }}")


@pytest.mark.parametrize(
    ("package", "library", "told"),
    [("8.5.2.2", 8601, "8.6.1"), ("10.3.0", 101303, "10.13.3"), ("8.6.1", 100300, "10.3.0")],
)
def test_package_and_library_are_of_two_versions(
    compile_library: Compile, machine: FakeMachine, package: str, library: int, told: str
) -> None:
    file = libnvinfer(compile_library, "libnvinfer.so.8", library)
    machine.package("tensorrt", package, LOADS.format(str(file)))
    found = found_on(machine.host())
    assert_finds(found, "tensorrt-libraries-differ", "error", package, f"{file} ({told})")


def test_two_libraries_are_loaded(compile_library: Compile, machine: FakeMachine) -> None:
    files = [libnvinfer(compile_library, f"libnvinfer.so.{end}", 8601) for end in ("8", "8.6.1")]
    source = "\n".join(
        LOADS.format(str(file)).replace("_kept", f"_{i}") for i, file in enumerate(files)
    )
    machine.package("tensorrt", "8.6.1", source)
    assert_finds(found_on(machine.host()), "tensorrt-libraries-differ", "error", *map(str, files))


@pytest.mark.parametrize(("package", "library"), [("8.2.1.8", 8201), ("10.13.3.9", 101303)])
def test_what_belongs_together_is_no_fault(
    compile_library: Compile, machine: FakeMachine, package: str, library: int
) -> None:
    file = libnvinfer(compile_library, "libnvinfer.so.10", library)
    machine.package("tensorrt", package, LOADS.format(str(file)))
    (found,) = found_on(machine.host())
    assert (found.level, package in found.text) == ("ok", True)


@pytest.mark.parametrize(
    "double", [("8.0.1", "pycuda", {}), ("11.4.0", "pycuda", {})], indirect=True
)
def test_supported_versions_are_no_fault(double: Double, machine: FakeMachine) -> None:
    (found,) = found_on(DoubleHost(machine))
    assert (found.level, double.tensorrt.__version__ in found.text) == ("ok", True)
