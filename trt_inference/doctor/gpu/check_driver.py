"""Whether CUDA's driver finds a GPU, and if not, why."""

from typing import Any, Dict, Generator, NamedTuple, Optional

from trt_inference.doctor.diagnosis import Diagnosis, caution, error, ok
from trt_inference.doctor.gpu.explain_driver import GPU_AND_DRIVER, explain_driver
from trt_inference.doctor.gpu.nvidia_devices import NvidiaDevices, find_nvidia_devices
from trt_inference.doctor.gpu.nvidia_smi import GpuState, gpu_states
from trt_inference.doctor.host import Host
from trt_inference.doctor.probe import run_probe
from trt_inference.printable import printable

_PROBE = "trt_inference.doctor.gpu.probe_driver"


class Driver(NamedTuple):
    """A driver that works.

    Attributes:
        version: of its CUDA: 12060 is 12.6.
        devices: what the machine has.
    """

    version: int
    devices: NvidiaDevices


def check_driver(host: Host) -> Generator[Diagnosis, None, Optional[Driver]]:
    """Look at devices and driver. Returns the driver, or None where no GPU can be used."""
    devices, result = find_nvidia_devices(host), run_probe(host, _PROBE)
    answer = result.answer
    if result.problem:
        yield _crash(result.problem)
    elif answer.get("count"):
        return (yield from _working(host, answer, devices))
    elif devices.are_there or not (answer["missing"] or _has_no_device(answer)):
        yield explain_driver(host, devices, answer)
    else:
        yield ok(GPU_AND_DRIVER, "There is no NVIDIA GPU: bundles run on the CPU, by ONNX Runtime.")
    return None


def cuda_version(number: int) -> str:
    """``12.6`` for 12060."""
    return f"{number // 1000}.{number % 1000 // 10}"


def _has_no_device(answer: Dict[str, Any]) -> bool:
    return answer["code"] in (0, 100)


def _crash(problem: str) -> Diagnosis:
    return error(
        GPU_AND_DRIVER,
        "driver-crashes",
        f"Asking libcuda.so.1 for GPUs {printable(problem)}.",
        "Restart the machine; if that does not help, install the driver again.",
    )


def _working(
    host: Host, answer: Dict[str, Any], devices: NvidiaDevices
) -> Generator[Diagnosis, None, Optional[Driver]]:
    count, version = answer["count"], answer["version"]
    if host.device >= count:
        yield _wrong_number(host, count)
        return None
    states = gpu_states(host)
    number = f"GPU {host.device} of {count}, counted from 0" if count > 1 else "1 GPU"
    names = "; ".join(printable(state.text) for state in states)
    yield ok(
        GPU_AND_DRIVER, f"{number}{f' ({names})' if names else ''}, CUDA {cuda_version(version)}."
    )
    for state in states:
        if state.loads_driver_anew and not devices.is_jetson:  # whose driver stays
            yield _loads_anew(state)
    return Driver(version, devices)


def _wrong_number(host: Host, count: int) -> Diagnosis:
    there_are = "there is 1" if count == 1 else f"there are {count}"
    visible = host.environment.get("CUDA_VISIBLE_DEVICES")
    hidden = "" if visible is None else f" CUDA_VISIBLE_DEVICES is '{printable(visible)}'."
    return error(
        GPU_AND_DRIVER,
        "gpu-number-too-high",
        f"There is no GPU {host.device}: {there_are}, counted from 0.{hidden}",
        f"Choose a device from 0 to {count - 1}.",
    )


def _loads_anew(state: GpuState) -> Diagnosis:
    return caution(
        GPU_AND_DRIVER,
        "persistence-mode-off",
        f"{printable(state.name)} has no display, and its persistence mode is off: the driver "
        "loads again whenever a program starts, which takes seconds.",
        "sudo nvidia-smi --persistence-mode=1",
    )
