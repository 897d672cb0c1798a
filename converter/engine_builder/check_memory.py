"""Check that there is enough memory for a build, before the build takes minutes."""

from dataclasses import dataclass
from typing import List, Tuple

from converter.errors import BuildError
from trt_inference.bundles.bundle import Bundle, model_bytes
from trt_inference.bundles.precisions import FP32
from trt_inference.engines.free_memory import GIB, MAKE_ROOM, MIB, Memory, binary_size

_SMALL = 4.5 * GIB  # a Jetson Nano has 4 GB, less what the system keeps for itself
_SMALL_WORKSPACE = 256 * MIB
_LARGEST_WORKSPACE = 8 * GIB
_STEP = 64 * MIB
# Libraries of CUDA and TensorRT in the process, and layers that are tried, without the workspace.
_LIBRARIES = 600 * MIB
# TensorRT's: the parsed model, what was tried last, and the plan.
_COPIES_OF_WEIGHTS = 3
_SMALLEST_WORKSPACE = 128 * MIB


@dataclass(frozen=True)
class MemoryNeed:
    """What a build may take of one kind of memory, and how much of it is free, in bytes."""

    kind: str
    needed: int
    free: int

    @property
    def is_short(self) -> bool:
        """Whether it may not do."""
        return self.needed > self.free

    def __str__(self) -> str:
        return f"{binary_size(self.needed)} of {self.kind}, {binary_size(self.free)} are free"


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
    advice = memory_advice(memory, workspace, bundle, precision)
    _check_gpu(memory, workspace, model, advice)
    return [
        f"the build may take {need}: if it fails or the machine swaps, {advice}"
        for need in memory_needs(memory, workspace, bundle, precision)
        if need.is_short
    ]


def memory_needs(
    memory: Memory, workspace: int, bundle: Bundle, precision: str
) -> Tuple[MemoryNeed, ...]:
    """Return what a build may take, of the one memory or of that of the GPU and of the system."""
    model = model_bytes(bundle.precisions[precision])
    host, device = _LIBRARIES + _COPIES_OF_WEIGHTS * model, workspace + model
    if memory.shared:
        return (MemoryNeed("memory", host + device, memory.free),)
    of_gpu = MemoryNeed("GPU memory", device, memory.gpu_free)
    if not memory.system_total:
        return (of_gpu,)
    return of_gpu, MemoryNeed("memory", host, memory.system_free)


def memory_advice(memory: Memory, workspace: int, bundle: Bundle, precision: str) -> str:
    """Return what helps a build that has too little memory."""
    advice = [MAKE_ROOM if memory.shared else "close other programs that use the GPU"]
    if workspace > _SMALLEST_WORKSPACE:
        advice.append(f"choose a smaller --workspace, as in {binary_size(_SMALLEST_WORKSPACE)}")
    if precision == FP32:
        convert = "" if "fp16" in bundle.precisions else " (trt-inference convert --precision fp16)"
        advice.append(f"build fp16, whose weights are half{convert}")
    return ", or ".join(filter(None, (", ".join(advice[:-1]), advice[-1])))


def _check_gpu(memory: Memory, workspace: int, model: int, advice: str) -> None:
    if workspace > memory.gpu_total:
        raise BuildError(
            f"--workspace {binary_size(workspace)} is more than the "
            f"{binary_size(memory.gpu_total)} of this GPU: choose "
            f"{binary_size(default_workspace(memory))}"
        )
    if model > memory.obtainable:
        raise BuildError(
            f"the model has {binary_size(model)}, and {binary_size(memory.obtainable)} of the "
            f"GPU's {binary_size(memory.gpu_total)} can be had at the very most: {advice}"
        )
    host = _COPIES_OF_WEIGHTS * model
    most = memory.system_total + memory.swap_total
    if memory.system_total and host > most:
        raise BuildError(
            f"a model of {binary_size(model)} takes about {binary_size(host)} while it is built, "
            f"and this machine has {binary_size(most)} with its swap: build fp16, add swap, or "
            "convert a smaller model"
        )
