"""Why ONNX Runtime cannot be imported, or will crash, and what to do."""

from typing import Optional

from trt_inference.doctor.diagnosis import Diagnosis, caution, error
from trt_inference.doctor.host import Host
from trt_inference.doctor.system.explain_imports import back_to_numpy_1, explain_package
from trt_inference.doctor.system.python_packages import (
    NUMPY,
    ONNX_RUNTIME,
    Packages,
    version_numbers,
)

_SUBJECT = ONNX_RUNTIME.title
_CRASHES = (1, 14)
_FIRST_FOR_NUMPY_2 = (1, 19)


def explain_onnxruntime(host: Host, packages: Packages) -> Optional[Diagnosis]:
    """Why ONNX Runtime does not work, or will crash; None where it works."""
    outcome = packages.outcomes[ONNX_RUNTIME.module]
    version = outcome.version or packages.version("onnxruntime")
    if version_numbers(version)[:2] == _CRASHES:
        return error(
            _SUBJECT,
            "onnxruntime-1-14",
            f"ONNX Runtime {version} ends with SIGSEGV when it loads models in fp16.",
            ONNX_RUNTIME.install(host),
        )
    if outcome.is_missing:
        return caution(
            _SUBJECT,
            "onnxruntime-missing",
            "ONNX Runtime is not installed: without TensorRT nothing runs here, and engines cannot "
            "be compared with their models when they are built.",
            ONNX_RUNTIME.install(host),
        )
    problem = outcome.error or outcome.crash
    of_its_own = _own_problem(host, packages, version, problem) if problem else None
    return of_its_own or explain_package(host, ONNX_RUNTIME, outcome)


def _own_problem(host: Host, packages: Packages, version: str, problem: str) -> Optional[Diagnosis]:
    numpy = packages.outcomes[NUMPY.module].version
    is_for_numpy_1 = bool(version) and version_numbers(version) < _FIRST_FOR_NUMPY_2
    if is_for_numpy_1 and version_numbers(numpy) >= (2,):
        return error(
            _SUBJECT,
            "numpy-2-over-onnxruntime",
            f"ONNX Runtime {version} was built for NumPy 1, and Python finds NumPy {numpy}: it "
            f"cannot be imported ({problem}).",
            back_to_numpy_1(host),
        )
    if "SIG" in problem and not host.exists("/sys/devices/system/cpu"):
        return error(
            _SUBJECT,
            "onnxruntime-without-sys",
            f"ONNX Runtime {version} {problem}: it reads the processor's cores from /sys, which is "
            "not there.",
            "sudo mount -t sysfs sysfs /sys, or in a chroot, mount --rbind /sys ROOT/sys",
        )
    return None
