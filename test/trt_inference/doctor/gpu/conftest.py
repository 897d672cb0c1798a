"""Libraries of NVIDIA's, made with the compiler: those that the doctor asks without Python's."""

import shutil
import subprocess
from pathlib import Path
from typing import Callable, Iterator

import pytest

from test.tensorrt_double import install
from test.tensorrt_double.install import Double
from test.trt_inference.doctor.fake_machine import FakeMachine

LIBCUDA = """
#include <signal.h>
#include <stdlib.h>

static int given(const char *name, int otherwise) {
    const char *text = getenv(name);
    return text ? atoi(text) : otherwise;
}

int cuDriverGetVersion(int *version) { *version = given("TEST_CUDA", 12060); return 0; }
int cuInit(unsigned flags) {
    if (getenv("TEST_CRASH")) raise(SIGSEGV);
    return given("TEST_CUINIT", 0);
}
int cuDeviceGetCount(int *count) { *count = given("TEST_GPUS", 1); return 0; }
int cuGetErrorName(int code, const char **name) {
    *name = code == 100 ? "CUDA_ERROR_NO_DEVICE" : "CUDA_ERROR_UNKNOWN";
    return 0;
}
"""

Compile = Callable[[str, str], Path]


@pytest.fixture(scope="session")
def compile_library(tmp_path_factory: pytest.TempPathFactory) -> Compile:
    """Makes a shared library of C, by its name."""
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("needs gcc")

    def compile_one(name: str, source: str) -> Path:
        folder = tmp_path_factory.mktemp("library")
        code, library = folder / "source.c", folder / name
        code.write_text(source, "utf-8")
        subprocess.run(
            [
                str(compiler),
                "-shared",
                "-fPIC",
                f"-Wl,-soname,{name}",
                "-o",
                str(library),
                str(code),
            ],
            check=True,
        )
        return library

    return compile_one


@pytest.fixture(scope="session")
def libcuda(compile_library: Compile) -> Path:
    """``libcuda.so.1``: TEST_CUINIT, TEST_GPUS, TEST_CUDA and TEST_CRASH decide what it returns."""
    return compile_library("libcuda.so.1", LIBCUDA)


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    """One without anything of NVIDIA's. An empty file hides the libcuda of the tests' machine."""
    made = FakeMachine(tmp_path / "machine")
    made.environment["LD_LIBRARY_PATH"] = str(made.write("/hidden/libcuda.so.1").parent)
    return made


@pytest.fixture
def pc(machine: FakeMachine) -> FakeMachine:
    """A PC with a graphics adapter of NVIDIA's on its bus, and nothing else of it."""
    machine.write("/sys/bus/pci/devices/0000:00:02.0/vendor", "0x8086\n")
    machine.write("/sys/bus/pci/devices/0000:00:02.0/class", "0x030000\n")
    machine.write("/sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n")
    machine.write("/sys/bus/pci/devices/0000:01:00.0/class", "0x030000\n")
    return machine


@pytest.fixture
def driven(pc: FakeMachine, libcuda: Path) -> FakeMachine:
    """The same with its driver, and one GPU that works."""
    for name in ("nvidia0", "nvidiactl", "nvidia-uvm"):
        pc.write(f"/dev/{name}")
    pc.environment["LD_LIBRARY_PATH"] = str(libcuda.parent)
    return pc


@pytest.fixture
def jetson(machine: FakeMachine, libcuda: Path) -> FakeMachine:
    """A Jetson Orin whose GPU works."""
    machine.write("/proc/device-tree/compatible", "nvidia,p3768\0nvidia,tegra234\0")
    machine.write(
        "/etc/nv_tegra_release", "# R36 (release), REVISION: 4.3, GCID: 1, BOARD: generic"
    )
    for name in ("nvmap", "nvhost-ctrl-gpu"):
        machine.write(f"/dev/{name}")
    machine.environment["LD_LIBRARY_PATH"] = str(libcuda.parent)
    machine.architecture = "aarch64"
    return machine


@pytest.fixture
def double(request: pytest.FixtureRequest, machine: FakeMachine) -> Iterator[Double]:
    """TensorRT 10.3 with pycuda in this process, or what the test asks for as a parameter."""
    version, cuda, fields = getattr(request, "param", ("10.3.0", "pycuda", {}))
    with install(version, cuda, **fields) as installed:
        yield installed
