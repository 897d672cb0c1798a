"""What the doctor finds of Python and its packages, which are really imported, in probes."""

import sys
from pathlib import Path
from typing import Iterator, List, Optional, Tuple

import pytest

from test.trt_inference.doctor.boards import pc
from test.trt_inference.doctor.fake_machine import FakeMachine, assert_finds, faults
from trt_inference.doctor.diagnosis import Diagnosis
from trt_inference.doctor.host import Answer, Host
from trt_inference.doctor.system.check_python_packages import check_python_packages

# As the newest JetPacks have them.
HEALTHY = {
    "numpy": "1.26.4",
    "cv2": "4.8.0",
    "onnxruntime": "1.23.2",
    "jsonschema": "4.10.3",
    "rich": "13.7.1",
    "dataclasses": "0.8",
}


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    """A PC whose packages are made up, and fit each other."""
    machine = pc(tmp_path)
    machine.use_only_given_packages()
    for name, version in HEALTHY.items():
        machine.package(name, version)
    return machine


def found(machine: FakeMachine) -> Iterator[Diagnosis]:
    return check_python_packages(machine.host())


def test_packages_that_fit_each_other_have_no_fault(machine: FakeMachine) -> None:
    diagnoses = list(found(machine))
    assert faults(diagnoses) == []
    shown = {one.subject: one.text for one in diagnoses}
    assert shown["Python"] == f"{sys.version.split()[0]}, {machine.python}."
    assert shown["NumPy"] == "version 1.26.4 can be imported."
    assert shown["OpenCV"] == "version 4.8.0 can be imported."


def test_the_packages_of_this_environment_have_no_fault(tmp_path: Path) -> None:
    """No double at all: the tests run with what a robot has."""
    diagnoses = list(found(pc(tmp_path)))
    assert faults(diagnoses) == []
    assert "NumPy" in [one.subject for one in diagnoses]


@pytest.mark.parametrize(
    ("module", "title", "command"),
    [
        ("numpy", "NumPy", "'numpy<2'"),
        ("cv2", "OpenCV", "'numpy<2'"),
        ("jsonschema", "jsonschema", "install jsonschema"),
        ("rich", "rich", "install rich"),
    ],
)
def test_a_missing_package_is_told(
    module: str, title: str, command: str, machine: FakeMachine
) -> None:
    machine.missing(module)
    finding = assert_finds(found(machine), "package-missing", "error", title)
    assert command in finding.remedy


def test_python_3_6_needs_the_dataclasses_of_pip(machine: FakeMachine) -> None:
    machine.missing("dataclasses")
    machine.python_version = (3, 6, 9)
    finding = assert_finds(found(machine), "package-missing", "error", "dataclasses")
    assert finding.remedy.endswith("-m pip install dataclasses")
    machine.python_version = (3, 8, 10)
    assert faults(found(machine)) == []


def test_apt_is_named_where_the_python_of_ubuntu_runs(machine: FakeMachine) -> None:
    machine.missing("rich")
    host = machine.host()
    host.python_version = (3, 10, 12)
    python = machine.python

    def run(command: List[str], seconds: float = 10) -> Optional[Answer]:
        return Host.run(host, [python, *command[1:]], seconds)

    host.python = "/usr/bin/python3"
    host.run = run  # type: ignore[method-assign]
    finding = assert_finds(check_python_packages(host), "package-missing", "error", "rich")
    assert finding.remedy == "sudo apt install python3-rich"
    host.python_version = (3, 8, 10)  # Ubuntu 20.04 has no such package
    finding = assert_finds(check_python_packages(host), "package-missing", "error", "rich")
    assert finding.remedy == "python3 -m pip install rich"
    machine.write("/usr/lib/python3.12/EXTERNALLY-MANAGED")
    finding = assert_finds(check_python_packages(host), "package-missing", "error", "rich")
    assert finding.remedy == "python3 -m pip install --user --break-system-packages rich"


def test_without_numpy_what_needs_it_is_not_blamed(machine: FakeMachine) -> None:
    """But what is missing beside it is named at once."""
    machine.missing("numpy", "onnxruntime")
    machine.module("cv2", "import numpy")
    assert faults(found(machine)) == ["package-missing", "onnxruntime-missing"]


def numpy_2_over_opencv(machine: FakeMachine, error: str) -> None:
    machine.package("numpy", "2.2.6")
    machine.module("cv2", f"raise {error}")


@pytest.mark.parametrize(
    "error",
    [
        "ImportError('numpy.core.multiarray failed to import')",
        "AttributeError('_ARRAY_API not found')",
    ],
)
def test_numpy_2_over_an_opencv_for_numpy_1_is_told(error: str, machine: FakeMachine) -> None:
    numpy_2_over_opencv(machine, error)
    finding = assert_finds(found(machine), "numpy-2-over-opencv", "error", "NumPy 2.2.6")
    assert "install 'numpy<2'" in finding.remedy
    assert "uninstall" not in finding.remedy
    machine.folder("/usr/lib/python3/dist-packages/numpy")
    finding = assert_finds(found(machine), "numpy-2-over-opencv", "error", "NumPy 2.2.6")
    assert "uninstall numpy" in finding.remedy


def test_an_opencv_that_crashes_with_numpy_2_is_told(machine: FakeMachine) -> None:
    machine.package("numpy", "2.2.6")
    machine.crashing("cv2")
    assert_finds(found(machine), "numpy-2-over-opencv", "error", "NumPy 2.2.6", "SIGSEGV")


@pytest.mark.parametrize("version", ["1.15.1", "1.20.0"])
def test_an_onnx_runtime_for_numpy_1_is_told(version: str, machine: FakeMachine) -> None:
    """With its text: the error itself names no NumPy."""
    machine.package("numpy", "2.2.6")
    machine.module("onnxruntime", "raise SystemError('returned a result with an exception set')")
    machine.distribution("onnxruntime", version)
    if version == "1.15.1":
        finding = assert_finds(
            found(machine), "numpy-2-over-onnxruntime", "error", "1.15.1", "NumPy 2.2.6"
        )
        assert "install 'numpy<2'" in finding.remedy
    else:  # which is built for both
        assert faults(found(machine)) == ["package-broken"]


@pytest.mark.parametrize("library", ["libGL.so.1", "libgthread-2.0.so.0"])
def test_an_opencv_that_lacks_a_library_of_the_system_is_told(
    library: str, machine: FakeMachine
) -> None:
    message = f"{library}: cannot open shared object file: No such file or directory"
    machine.module("cv2", f"raise ImportError({message!r})")
    finding = assert_finds(found(machine), "opencv-without-library", "error", library)
    assert "sudo apt install libgl1" in finding.remedy


def test_numpy_on_a_processor_that_its_blas_takes_for_another_is_told(
    machine: FakeMachine,
) -> None:
    machine.crashing("numpy", "SIGILL")
    machine.distribution("numpy", "1.19.5")
    machine.architecture = "aarch64"
    finding = assert_finds(
        found(machine), "numpy-takes-wrong-processor", "error", "1.19.5", "SIGILL"
    )
    assert "OPENBLAS_CORETYPE=ARMV8" in finding.remedy
    machine.environment["OPENBLAS_CORETYPE"] = "ARMV8"
    assert_finds(found(machine), "package-crashes", "error", "SIGILL")


@pytest.mark.parametrize("module", ["numpy", "cv2", "onnxruntime", "rich"])
def test_a_package_that_crashes_is_told_and_the_others_are_looked_at(
    module: str, machine: FakeMachine
) -> None:
    machine.crashing(module)
    machine.folder("/sys/devices/system/cpu")
    diagnoses = list(found(machine))
    assert_finds(diagnoses, "package-crashes", "error", "SIGSEGV")
    assert "jsonschema" in [one.subject for one in diagnoses if one.level == "ok"]


def test_a_package_that_cannot_be_imported_is_told(machine: FakeMachine) -> None:
    machine.module("jsonschema", "import one_that_is_not_there")
    assert_finds(found(machine), "package-broken", "error", "No module named", "one_that_is_not")


@pytest.mark.parametrize(
    ("module", "version", "oldest"),
    [("numpy", "1.13.3", "1.19"), ("jsonschema", "2.6.0", "3.2"), ("onnxruntime", "1.8.0", "1.10")],
)
def test_a_package_that_is_too_old_is_told(
    module: str, version: str, oldest: str, machine: FakeMachine
) -> None:
    machine.package(module, version)
    assert_finds(found(machine), "package-too-old", "error", version, oldest)


def test_the_onnx_runtime_that_crashes_with_fp16_is_told(machine: FakeMachine) -> None:
    machine.package("onnxruntime", "1.14.1")
    finding = assert_finds(found(machine), "onnxruntime-1-14", "error", "1.14.1")
    assert "!=1.14.*" in finding.remedy and "'numpy<2'" in finding.remedy


def test_a_missing_onnx_runtime_is_no_error(machine: FakeMachine) -> None:
    machine.missing("onnxruntime")
    finding = assert_finds(found(machine), "onnxruntime-missing", "caution")
    assert "'numpy<2'" in finding.remedy


def test_onnx_runtime_without_sys_is_told(machine: FakeMachine) -> None:
    machine.crashing("onnxruntime", "SIGABRT")
    finding = assert_finds(found(machine), "onnxruntime-without-sys", "error", "SIGABRT", "/sys")
    assert "mount" in finding.remedy


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        (("opencv-python", "opencv-python-headless"), "several-opencvs"),
        (("opencv-contrib-python", "opencv-python"), "several-opencvs"),
        (("onnxruntime", "onnxruntime-gpu"), "several-onnxruntimes"),
    ],
)
def test_packages_that_overwrite_each_other_are_told(
    names: Tuple[str, str], fault: str, machine: FakeMachine
) -> None:
    machine.distribution(names[0], "1.0")
    assert faults(found(machine)) == []
    machine.distribution(names[1], "1.0")
    finding = assert_finds(found(machine), fault, "caution", *names)
    uninstalled = finding.remedy.partition("uninstall -y ")[2].partition(";")[0]
    assert sorted(uninstalled.split()) == sorted(names)


def test_a_pip_that_knows_no_wheels_of_today_is_told(machine: FakeMachine) -> None:
    machine.distribution("pip", "9.0.1")
    assert_finds(found(machine), "pip-too-old", "caution", "9.0.1")


def test_an_old_pip_is_the_first_to_be_mended_where_packages_are_missing(
    machine: FakeMachine,
) -> None:
    machine.distribution("pip", "9.0.1")
    machine.missing("numpy")  # which pip 9 would compile for hours
    diagnoses = list(found(machine))
    assert_finds(diagnoses, "pip-too-old", "error", "9.0.1")
    assert faults(diagnoses)[0] == "pip-too-old"


def test_a_version_that_warns_when_it_is_read_is_no_fault(machine: FakeMachine) -> None:
    machine.environment["PYTHONWARNINGS"] = "error"
    machine.module(
        "jsonschema",
        "import warnings\ndef __getattr__(name):\n    warnings.warn(name, DeprecationWarning)\n"
        "    return '4.26.0'",
    )
    assert faults(found(machine)) == []
