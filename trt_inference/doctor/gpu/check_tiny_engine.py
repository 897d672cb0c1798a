"""Whether TensorRT really builds and runs an engine on this GPU: the one proof that there is."""

from typing import Any, Dict, Iterator

from trt_inference.doctor.diagnosis import Diagnosis, caution, error, ok
from trt_inference.doctor.gpu.check_cuda_library import Gpu
from trt_inference.doctor.gpu.explain_trial import TRIAL, explain_trial
from trt_inference.doctor.host import Host
from trt_inference.doctor.probe import run_probe
from trt_inference.doctor.system.memory_facts import available_memory
from trt_inference.printable import printable

_PROBE = "trt_inference.doctor.gpu.probe_tiny_engine"
_SECONDS = 240.0  # a Nano reads a GB of libraries from its card first
_MIB = 1 << 20
# What the libraries of CUDA and TensorRT take in a build at least, as the engine builder counts.
_LIBRARIES = 600 * _MIB
_LITTLE = 512 * _MIB  # of a GPU with memory of its own
_TOLERANCE = 1e-3  # the values are whole numbers, exact in every type


def check_tiny_engine(host: Host, tensorrt: str, gpu: Gpu) -> Iterator[Diagnosis]:
    """Build an engine of two layers, run it, and compare its numbers."""
    available = available_memory(host)
    if available is not None and available < _LIBRARIES:
        yield _no_trial(available)
        return
    result = run_probe(host, _PROBE, str(host.device), seconds=_SECONDS)
    answer = result.answer
    if result.problem:
        yield _crash(result.problem, tensorrt, gpu)
    elif answer["problem"]:
        yield explain_trial(host, answer["problem"], tensorrt, gpu)
    elif answer["difference"] is None or answer["difference"] > _TOLERANCE:
        yield _wrong(answer["difference"], tensorrt, gpu)
    else:
        yield ok(TRIAL, _text(answer, gpu))
    if 0 < answer.get("free", 0) < _LITTLE and not gpu.integrated:
        yield _full(answer["free"], answer["total"], gpu)


def _text(answer: Dict[str, Any], gpu: Gpu) -> str:
    free, total = answer["free"] // _MIB, answer["total"] // _MIB
    return (
        f"A small engine was built and run in {answer['seconds']:.1f} s, and computes rightly on "
        f"{gpu}; {free} of {total} MiB of the GPU's memory are free."
    )


def _no_trial(available: int) -> Diagnosis:
    return caution(
        TRIAL,
        "too-little-memory-to-try",
        f"Not looked at: building an engine takes at least {_LIBRARIES // _MIB} MiB of memory, and "
        f"{available // _MIB} MiB are available.",
        "Close other programs and the desktop (sudo systemctl isolate multi-user.target), and run "
        "the doctor again.",
    )


def _crash(problem: str, tensorrt: str, gpu: Gpu) -> Diagnosis:
    return error(
        TRIAL,
        "small-engine-crashes",
        f"Building a small engine with TensorRT {printable(tensorrt)} on {gpu} "
        f"{printable(problem)}.",
        "See whether TensorRT, CUDA and driver are of one release (JetPack's on a Jetson): parts "
        "of several crash. After SIGKILL the machine had too little memory.",
    )


def _wrong(difference: Any, tensorrt: str, gpu: Gpu) -> Diagnosis:
    shown = "is not a number" if difference is None else f"differs by {difference:.3g}"
    return error(
        TRIAL,
        "small-engine-computes-wrongly",
        f"The output of a small engine by TensorRT {printable(tensorrt)} on {gpu} {shown}: results "
        "cannot be trusted.",
        "Install driver and TensorRT of one release; if it stays, the GPU or its memory is faulty "
        "(nvidia-smi -q -d ECC on a server).",
    )


def _full(free: int, total: int, gpu: Gpu) -> Diagnosis:
    return caution(
        TRIAL,
        "gpu-memory-short",
        f"Only {free // _MIB} of {total // _MIB} MiB of the memory of {gpu} are free.",
        "nvidia-smi lists the programs that use it: close those that are not needed.",
    )
