"""Why this Python cannot import TensorRT."""

import re
import sys
from typing import Any, Dict, List, Sequence, Tuple

from trt_inference.doctor.diagnosis import Diagnosis, caution, error
from trt_inference.doctor.gpu.check_driver import Driver
from trt_inference.doctor.host import Host
from trt_inference.printable import printable

TENSORRT = "TensorRT"
_FOLDERS = ("/usr/lib", "/usr/local/lib")
_KINDS = ("dist-packages", "site-packages")
_PYTHON = re.compile(r"python3(?:\.(\d+))?$")


def installed_packages(host: Host, python: Sequence[int]) -> List[str]:
    """The folders of TensorRT's packages for a version of Python, in the places of the system."""
    return [folder for folder, minor in _packages(host) if minor in ("", str(python[1]))]


def explain_import(host: Host, answer: Dict[str, Any], driver: Driver) -> Diagnosis:
    """
    Args:
        answer: of ``probe_tensorrt``, which could not import it.
    """
    python, reason = answer["python"], printable(answer["error"])
    if not answer["missing"]:
        return error(
            TENSORRT,
            "tensorrt-not-loadable",
            f"TensorRT is installed and cannot be loaded: {reason}.",
            _remedy_for_library(reason, driver.devices.is_jetson),
        )
    if installed_packages(host, python) and answer["in_environment"]:
        return _outside(host, python)
    others = [(folder, minor) for folder, minor in _packages(host) if minor]
    if others:
        return _of_another_python(others[-1][0], others[-1][1], python)
    return _missing(driver)


def _packages(host: Host) -> List[Tuple[str, str]]:
    """Each package that is installed, with the minor version of its Python, empty for any."""
    found: List[Tuple[str, str]] = []
    for place in _FOLDERS:
        for name in host.names(place):
            version = _PYTHON.match(name)
            for kind in _KINDS if version is not None else ():
                folder = f"{place}/{name}/{kind}/tensorrt"
                if version is not None and host.is_folder(folder):
                    found.append((folder, version.group(1) or ""))
    return found


def _remedy_for_library(reason: str, is_jetson: bool) -> str:
    if is_jetson:
        return (
            "In a container, start it with --runtime nvidia; else sudo apt install --reinstall "
            "nvidia-jetpack"
        )
    if "libcu" in reason:  # libcudart, libcublas, libcudnn
        return (
            "Install the CUDA libraries that it names, of that major version, or put their folder "
            "into LD_LIBRARY_PATH."
        )
    return (
        "python3 -m pip install --force-reinstall --no-deps tensorrt of the version that you need"
    )


def _outside(host: Host, python: Sequence[int]) -> Diagnosis:
    folder = installed_packages(host, python)[0]
    return error(
        TENSORRT,
        "tensorrt-outside-environment",
        f"TensorRT is installed in {folder}, which this virtual environment does not see.",
        "Make it with python3 -m venv --system-site-packages, or set include-system-site-packages "
        f"= true in {printable(sys.prefix)}/pyvenv.cfg",
    )


def _of_another_python(folder: str, minor: str, python: Sequence[int]) -> Diagnosis:
    return error(
        TENSORRT,
        "tensorrt-of-another-python",
        f"TensorRT is installed for Python 3.{minor} ({folder}), and this is Python {python[0]}."
        f"{python[1]}: its bindings are compiled for one version.",
        f"Run the node with python3.{minor}, as ROS images for this JetPack do"
        " (dustynv/ros:humble-… for JetPack 4 is built on Python 3.6).",
    )


def _missing(driver: Driver) -> Diagnosis:
    if driver.devices.is_jetson:
        return error(
            TENSORRT,
            "tensorrt-missing",
            "TensorRT is not installed: bundles run on the CPU only, and slowly.",
            "sudo apt install nvidia-jetpack; in a container, take an image with TensorRT, or "
            "start it with --runtime nvidia (JetPack 4 mounts it)",
        )
    return caution(
        TENSORRT,
        "tensorrt-missing",
        "TensorRT is not installed: bundles run on the CPU, by ONNX Runtime, and not on the GPU.",
        f"python3 -m pip install tensorrt-cu{driver.version // 1000}",
    )
