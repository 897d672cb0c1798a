"""Check that there is enough memory for a build, before the build takes minutes."""

from typing import List

from converter.errors import BuildError
from trt_inference.bundles.bundle import Bundle, model_bytes
from trt_inference.engines.free_memory import GIB, MAKE_ROOM, MIB, Memory, binary_size

_SMALL = 4.5 * GIB  # a Jetson Nano has 4 GB, less what the system keeps for itself
_SMALL_WORKSPACE = 256 * MIB
_LARGEST_WORKSPACE = 8 * GIB
_STEP = 64 * MIB
# Libraries of CUDA and TensorRT in the process, and layers that are tried, without the workspace.
_LIBRARIES = 600 * MIB
# TensorRT's: the parsed model, what was tried last, and the plan.
_COPIES_OF_WEIGHTS = 3
_ADVICE = (
    f"{MAKE_ROOM}, choose a smaller --workspace, as in 128MiB, or build fp16, whose weights are "
    "half"
)


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
    if model > memory.obtainable:
        raise BuildError(
            f"the model has {binary_size(model)}, and {binary_size(memory.obtainable)} of the "
            f"GPU's {binary_size(memory.gpu_total)} can be had at the very most: {_ADVICE}"
        )
    host = _COPIES_OF_WEIGHTS * model
    most = memory.system_total + memory.swap_total
    if memory.system_total and host > most:
        raise BuildError(
            f"a model of {binary_size(model)} takes about {binary_size(host)} while it is built, "
            f"and this machine has {binary_size(most)} with its swap: build fp16, add swap, or "
            "convert a smaller model"
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
