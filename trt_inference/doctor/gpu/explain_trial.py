"""Why TensorRT builds or runs no engine, from the lines of its log."""

import re
from typing import List, Sequence, Tuple

from trt_inference.doctor.diagnosis import Diagnosis, error
from trt_inference.doctor.gpu.check_cuda_library import Gpu
from trt_inference.doctor.host import Host
from trt_inference.printable import printable, shortened

TRIAL = "TensorRT on this GPU"
_PINS = "/etc/apt/preferences.d"
# As TensorRT words it: "Target GPU SM 87 is not supported by this TensorRT release", "Unsupported
# SM: 0x601", "no kernel image is available for execution on the device".
_NO_KERNELS = re.compile(r"SM \d+ is not supported|Unsupported SM|no kernel image", re.IGNORECASE)
# cudaErrorInsufficientDriver, and CUDA_ERROR_UNSUPPORTED_PTX_VERSION.
_OLD_DRIVER = re.compile(
    r"initialization failure with error: 35\b|driver version is insufficient|"
    r"unsupported toolchain|system has unsupported display driver",
    re.IGNORECASE,
)
_MEMORY = re.compile(
    r"out ?of ?memory|failure with error: 2\b|could not be allocated", re.IGNORECASE
)
# The last release for GPUs up to a compute capability, and the first for those from one on, by
# TensorRT's release notes.
_LAST: Sequence[Tuple[Tuple[int, int], str]] = (((5, 9), "8.5"), ((6, 9), "8.6"), ((7, 0), "10.4"))
_FIRST: Sequence[Tuple[Tuple[int, int], str]] = (((10, 0), "10.8"), ((8, 9), "8.5"))


def explain_trial(host: Host, problem: str, tensorrt: str, gpu: Gpu) -> Diagnosis:
    """
    Args:
        problem: what could not be done, with TensorRT's last lines.
    """
    version, shown = printable(tensorrt), shortened(printable(problem))
    if _NO_KERNELS.search(problem):
        return error(
            TRIAL,
            "tensorrt-without-kernels-for-gpu",
            f"TensorRT {version} has no kernels for {gpu}: it can be imported, and builds and runs "
            f"no engine here ({shown}).",
            _other_release(host, version, gpu),
        )
    if _OLD_DRIVER.search(problem):
        return error(
            TRIAL,
            "driver-older-than-tensorrt",
            f"The driver is older than the CUDA that TensorRT {version} was made with ({shown}).",
            "Update the driver (nvidia-smi shows the newest CUDA that it runs), or install a "
            "TensorRT for that CUDA, as tensorrt-cu12; on a Jetson only JetPack's own.",
        )
    if _MEMORY.search(problem):
        return error(
            TRIAL,
            "no-memory-for-small-engine",
            f"Not even a small engine has room on {gpu} ({shown}).",
            "Close other programs that use the GPU, and the desktop of a Jetson.",
        )
    return error(
        TRIAL,
        "small-engine-fails",
        f"TensorRT {version} builds or runs no engine on {gpu}: {shown}.",
        "See whether TensorRT, CUDA and driver are of one release; on a Jetson, sudo apt install "
        "--reinstall nvidia-jetpack",
    )


def _other_release(host: Host, version: str, gpu: Gpu) -> str:
    pins = [name for name in host.names(_PINS) if "tensorrt" in name.lower()]
    if pins:
        return (
            f"{_PINS}/{printable(pins[0])} holds TensorRT at a version: move that file away, then "
            "sudo apt update and sudo apt install tensorrt python3-libnvinfer for the one of "
            "JetPack."
        )
    if gpu.integrated:
        return (
            "Install the TensorRT that belongs to this board's JetPack: sudo apt install "
            "--reinstall nvidia-jetpack; uninstall one from pip. Orin with JetPack 7 needs 10.16."
        )
    return f"Install {_fitting_release(version, gpu.capability)}, and build the engines again."


def _fitting_release(version: str, capability: Tuple[int, int]) -> str:
    for most, last in _LAST:
        if capability <= most and _numbers(version) > _numbers(f"{last}.99"):
            return f"TensorRT {last}, the last for such GPUs"
    for least, first in _FIRST:
        if capability >= least and _numbers(version) < _numbers(first):
            return f"TensorRT {first} or newer"
    return "a TensorRT whose support matrix lists this compute capability"


def _numbers(version: str) -> List[int]:
    return [int(number) for number in re.findall(r"\d+", version)]
