"""Check that there is enough memory for a build, before the build takes minutes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List

from converter.errors import BuildError
from trt_inference.bundles.bundle import Bundle, model_bytes
from trt_inference.engines.tensorrt.cuda.base import Cuda

MIB = 1 << 20
GIB = 1 << 30
_MEMINFO = Path("/proc/meminfo")

_SMALL = 4.5 * GIB  # a Jetson Nano has 4 GB, less what the system keeps for itself
_SMALL_WORKSPACE = 256 * MIB
_LARGEST_WORKSPACE = 8 * GIB
_STEP = 64 * MIB
# Libraries of CUDA and TensorRT in the process, and layers that are tried, without the workspace.
_LIBRARIES = 600 * MIB
# The file, the parsed network, what was tried last, and the plan.
_COPIES_OF_WEIGHTS = 4
_ADVICE = (
    "close other programs and the desktop (sudo systemctl isolate multi-user.target), add 4 GB of "
    "swap, choose a smaller --workspace, as in 128MiB, or build fp16, whose weights are half"
)


@dataclass(frozen=True)
class Memory:
    """The memory of a machine, in bytes.

    Attributes:
        shared: the GPU works in the processor's memory, as on a Jetson.
    """

    gpu_free: int
    gpu_total: int
    system_free: int
    system_total: int
    shared: bool = False

    @property
    def free(self) -> int:
        """Bytes that the GPU can have. Where memory is shared, CUDA's free memory leaves out the
        file caches, which the system gives up when it must."""
        return max(self.gpu_free, self.system_free) if self.shared else self.gpu_free


def measure_memory(cuda: Cuda, architecture: str) -> Memory:
    """Measure the memory as it is now.

    Args:
        cuda: with a current context.
        architecture: of the processor, as ``aarch64``.
    """
    gpu_free, gpu_total = cuda.memory_info()
    system = read_meminfo(_MEMINFO.read_text("ascii")) if _MEMINFO.exists() else {}
    system_total = system.get("MemTotal", 0)
    shared = architecture == "aarch64" and abs(gpu_total - system_total) < 0.1 * gpu_total
    return Memory(gpu_free, gpu_total, system.get("MemAvailable", 0), system_total, shared)


def read_meminfo(text: str) -> Dict[str, int]:
    """Return bytes by name from the text of ``/proc/meminfo``."""
    lines = (line.split() for line in text.splitlines())
    return {words[0].rstrip(":"): int(words[1]) * 1024 for words in lines if len(words) == 3}


def default_workspace(memory: Memory) -> int:
    """Choose a workspace in bytes: 256 MiB with 4 GB or less; otherwise half of what is free, a
    quarter where memory is shared, up to 8 GiB."""
    if memory.gpu_total < _SMALL:
        return _SMALL_WORKSPACE
    part = memory.free // (4 if memory.shared else 2)
    return max(_SMALL_WORKSPACE, min(_LARGEST_WORKSPACE, part // _STEP * _STEP))


def check_memory(memory: Memory, workspace: int, bundle: Bundle, precision: str) -> List[str]:
    """Return warnings about a build that may run out of memory.

    Raises:
        BuildError: it will run out of memory.
    """
    model = model_bytes(bundle.precisions[precision])
    _check_gpu(memory, workspace, model)
    return _warnings(memory, workspace, model)


def _check_gpu(memory: Memory, workspace: int, model: int) -> None:
    if workspace > memory.gpu_total:
        raise BuildError(
            f"--workspace {binary_size(workspace)} is more than the "
            f"{binary_size(memory.gpu_total)} of this GPU: choose "
            f"{binary_size(default_workspace(memory))}"
        )
    if model > memory.free:
        raise BuildError(
            f"the model has {binary_size(model)}, and {binary_size(memory.free)} of the GPU's "
            f"{binary_size(memory.gpu_total)} are free: {_ADVICE}"
        )
    host = _COPIES_OF_WEIGHTS * model
    if memory.system_total and host > memory.system_total:
        raise BuildError(
            f"a model of {binary_size(model)} takes about {binary_size(host)} while it is built, "
            f"and this machine has {binary_size(memory.system_total)}: build fp16, or convert a "
            "smaller model"
        )


def _warnings(memory: Memory, workspace: int, model: int) -> List[str]:
    host = _LIBRARIES + _COPIES_OF_WEIGHTS * model
    device = workspace + model
    if memory.shared:
        pools = [("memory", host + device, memory.free)]
    else:
        pools = [("GPU memory", device, memory.gpu_free)]
        if memory.system_total:
            pools.append(("memory", host, memory.system_free))
    return [
        f"the build may take {binary_size(needed)} of {name}, {binary_size(free)} are free: if it "
        f"fails or the machine swaps, {_ADVICE}"
        for name, needed, free in pools
        if needed > free
    ]


def binary_size(number: float) -> str:
    """Format bytes as the command line takes them: ``256MiB``."""
    return f"{number / GIB:.1f}GiB" if number >= GIB else f"{number / MIB:.0f}MiB"
