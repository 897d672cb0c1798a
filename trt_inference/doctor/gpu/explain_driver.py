"""Why CUDA finds no GPU on a machine that has one: the likeliest reason first."""

import re
from typing import Any, Callable, Dict, Optional

from trt_inference.doctor.diagnosis import Diagnosis, caution, error
from trt_inference.doctor.gpu.nvidia_devices import NvidiaDevices, closed_nodes
from trt_inference.doctor.gpu.nvidia_smi import gpu_states, has_mig_instances, smi_complaint
from trt_inference.doctor.host import Host
from trt_inference.printable import printable, shortened

GPU_AND_DRIVER = "GPU and driver"
# Of CUresult, in cuda.h.
_STUB, _NO_DEVICE, _NOT_READY, _MISMATCH = 34, 100, 802, 803
_START_CONTAINER = (
    "Start the container with --runtime nvidia (Jetson) or --gpus all (PC), for which "
    "nvidia-container-toolkit has to be installed on the machine itself."
)

_Reason = Callable[[Host, NvidiaDevices, Dict[str, Any]], Optional[Diagnosis]]


def explain_driver(host: Host, devices: NvidiaDevices, answer: Dict[str, Any]) -> Diagnosis:
    """
    Args:
        answer: of ``probe_driver``, which found no GPU.
    """
    for reason in _REASONS:
        found = reason(host, devices, answer)
        if found is not None:
            return found
    code, name = answer["code"], printable(answer["name"])
    return error(
        GPU_AND_DRIVER,
        "cuda-does-not-start",
        f"CUDA finds no GPU: cuInit returns {code} ({name}).",
        "Restart the machine. If that does not help, see what sudo dmesg has about nvidia, NVRM or "
        "nvgpu, and install the driver (on a Jetson, JetPack) again.",
    )


def _hidden(host: Host, devices: NvidiaDevices, answer: Dict[str, Any]) -> Optional[Diagnosis]:
    visible = host.environment.get("CUDA_VISIBLE_DEVICES")
    if visible is None or answer.get("code") not in (0, _NO_DEVICE):
        return None
    return error(
        GPU_AND_DRIVER,
        "gpus-hidden",
        f"CUDA_VISIBLE_DEVICES is '{printable(visible)}', which hides all GPUs from CUDA.",
        "unset CUDA_VISIBLE_DEVICES",
    )


def _closed(host: Host, devices: NvidiaDevices, answer: Dict[str, Any]) -> Optional[Diagnosis]:
    closed = closed_nodes(host, devices)
    if not closed:
        return None
    groups = re.findall("^(render|video):", host.text("/etc/group") or "", re.MULTILINE)
    remedy = f"sudo usermod -aG {','.join(groups) or 'video'} $USER, then log out and in again."
    if devices.in_container:
        remedy = "Start the container with --group-add video (and render, where there is one)."
    return error(
        GPU_AND_DRIVER,
        "gpu-without-rights",
        f"This user may not open {', '.join(closed)}, so that CUDA finds no GPU.",
        remedy,
    )


def _not_passed(host: Host, devices: NvidiaDevices, answer: Dict[str, Any]) -> Optional[Diagnosis]:
    if not devices.in_container or devices.nodes:
        return None
    visible = host.environment.get("NVIDIA_VISIBLE_DEVICES")
    told = "" if visible is None else f" NVIDIA_VISIBLE_DEVICES is '{printable(visible)}'."
    return error(
        GPU_AND_DRIVER,
        "gpu-not-passed-to-container",
        f"The machine has an NVIDIA GPU, and this container has no device of it in /dev.{told}",
        _START_CONTAINER,
    )


def _mismatched(host: Host, devices: NvidiaDevices, answer: Dict[str, Any]) -> Optional[Diagnosis]:
    complaint = smi_complaint(host)
    if "version mismatch" not in complaint and answer.get("code") != _MISMATCH:
        return None
    shown = _first(complaint) or printable(answer["name"])
    return error(
        GPU_AND_DRIVER,
        "driver-library-mismatch",
        f"Driver and libcuda.so.1 are of different versions ({shown}): the driver was updated "
        "since the last start.",
        "Restart the machine. In a container, remove cuda-compat from LD_LIBRARY_PATH.",
    )


def _not_loaded(host: Host, devices: NvidiaDevices, answer: Dict[str, Any]) -> Optional[Diagnosis]:
    """A PC whose kernel has no driver: a laptop may never need one, and runs bundles on its CPU."""
    if devices.is_jetson or devices.nodes:
        return None
    complaint = smi_complaint(host)
    if answer["missing"] and not complaint:
        return caution(
            GPU_AND_DRIVER,
            "driver-missing",
            "There is an NVIDIA GPU and no driver of NVIDIA's: bundles run on the CPU.",
            "sudo ubuntu-drivers install, then restart; not needed to run on the CPU.",
        )
    return error(
        GPU_AND_DRIVER,
        "driver-not-loaded",
        f"The driver is installed and not loaded ({_first(complaint) or 'no /dev/nvidia*'}), as "
        "after an update of the kernel, or with Secure Boot.",
        "Restart; else sudo modprobe nvidia, and sudo apt install --reinstall nvidia-dkms-VERSION "
        "with the version of the driver.",
    )


def _no_library(host: Host, devices: NvidiaDevices, answer: Dict[str, Any]) -> Optional[Diagnosis]:
    if not answer["missing"]:
        return None
    remedy = _START_CONTAINER + " NVIDIA_DRIVER_CAPABILITIES must be all, or contain compute."
    if not devices.in_container:
        remedy = "sudo apt install --reinstall libnvidia-compute-VERSION of the driver's version"
        if devices.is_jetson:
            remedy = "sudo apt install --reinstall nvidia-l4t-cuda, then sudo ldconfig"
    return error(
        GPU_AND_DRIVER,
        "libcuda-missing",
        "There is a GPU, and libcuda.so.1, which comes with the driver, cannot be loaded: "
        f"{printable(answer['missing'])}.",
        remedy,
    )


def _stub(host: Host, devices: NvidiaDevices, answer: Dict[str, Any]) -> Optional[Diagnosis]:
    if answer["code"] != _STUB:
        return None
    return error(
        GPU_AND_DRIVER,
        "cuda-stub-library",
        "The libcuda.so.1 that is found is the stub for compilers, not the driver's.",
        "Remove the folder stubs of CUDA from LD_LIBRARY_PATH and /etc/ld.so.conf.d.",
    )


def _no_instances(
    host: Host, devices: NvidiaDevices, answer: Dict[str, Any]
) -> Optional[Diagnosis]:
    split = [state.name for state in gpu_states(host) if state.mig == "Enabled"]
    if answer["code"] != _NO_DEVICE or not split or has_mig_instances(host):
        return None
    return error(
        GPU_AND_DRIVER,
        "mig-without-instances",
        f"{printable(split[0])} is in MIG mode and has no instance that programs could use.",
        "sudo nvidia-smi mig -cgi 0 -C, or leave the mode: sudo nvidia-smi -mig 0",
    )


def _not_ready(host: Host, devices: NvidiaDevices, answer: Dict[str, Any]) -> Optional[Diagnosis]:
    if answer["code"] != _NOT_READY:
        return None
    return error(
        GPU_AND_DRIVER,
        "fabric-manager-missing",
        "The GPUs wait for the fabric manager: cuInit returns 802 (CUDA_ERROR_SYSTEM_NOT_READY).",
        "sudo systemctl restart nvidia-fabricmanager, whose version must be the driver's.",
    )


def _first(complaint: str) -> str:
    return shortened(printable(complaint.partition("\n")[0]))


# A variable is blamed where the driver itself is as it should be: many set it to 0 for good.
_REASONS = (
    _closed,
    _not_passed,
    _mismatched,
    _not_loaded,
    _hidden,
    _no_library,
    _stub,
    _no_instances,
    _not_ready,
)
