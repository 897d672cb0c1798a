"""How much of the GPU's memory an engine takes, known before it is loaded."""

from dataclasses import dataclass, fields
from typing import Any, Dict, List, Mapping

from trt_inference.bundles.engine_files import EngineFile
from trt_inference.bundles.sidecar import Sidecar
from trt_inference.engines.free_memory import MAKE_ROOM, Memory, binary_size
from trt_inference.errors import EngineError

# Runs of an engine that have buffers of their own: one is prepared while the GPU works on another.
DEPTH = 2

_KEY = "memory"  # among what a sidecar holds as measured
_NARROWER = "take a narrower precision, as fp16, whose weights are half"


@dataclass(frozen=True)
class EngineMemory:
    """Bytes on the GPU, as they were measured when the engine was built.

    Attributes:
        weights: that loading it took, at most the size of the plan.
        context: that TensorRT computes in.
        buffers: of one run: the images and the outputs.
        measured: in all, with the buffers of one run, and with what libraries take for themselves.
    """

    weights: int = 0
    context: int = 0
    buffers: int = 0
    measured: int = 0

    @staticmethod
    def of(sidecar: Sidecar) -> "EngineMemory":
        """What a sidecar holds; zeros in those of earlier builds, which hold nothing of it. Later
        ones may hold more."""
        found: Mapping[str, int] = sidecar.measured.get(_KEY, {})
        return EngineMemory(**{one.name: found.get(one.name, 0) for one in fields(EngineMemory)})

    def content(self) -> Dict[str, Any]:
        """What the sidecar keeps as measured."""
        return {_KEY: dict(vars(self))}

    @property
    def least(self) -> int:
        """What the engine takes at least, with all of its buffers."""
        return self.weights + self.context + DEPTH * self.buffers


def needed_memory(sidecar: Sidecar) -> int:
    """About how many bytes an engine takes with all of its buffers; without a measurement, those of
    the plan, most of which is weights."""
    memory = EngineMemory.of(sidecar)
    measured = memory.measured + (DEPTH - 1) * memory.buffers
    return max(sidecar.bytes, memory.least, measured)


def check_room(file: EngineFile, memory: Memory) -> List[str]:
    """Compare what an engine takes with what is free, before it is loaded.

    Returns:
        A caution where it may not fit. That is no error: the system may give up more than what is
        free now, and libraries may take less than they took when that was measured.

    Raises:
        EngineError: it cannot fit, whatever the system gives up for it.
    """
    least, needed = EngineMemory.of(file.sidecar), needed_memory(file.sidecar)
    total = binary_size(memory.gpu_total)
    if least.least > memory.obtainable:
        raise EngineError(
            f"{file.plan.name} does not fit into the GPU's memory: it takes {_parts(least)}, and "
            f"{binary_size(memory.obtainable)} of {total} {_can_be_free(memory)}: {advice(memory)}"
        )
    if needed <= memory.free:
        return []
    return [
        f"{file.plan.name} may not fit into the GPU's memory: it takes about "
        f"{binary_size(needed)}, and {binary_size(memory.free)} of {total} are free. If it fails "
        f"or the machine swaps, {advice(memory)}"
    ]


def advice(memory: Memory) -> str:
    """What a user can do where an engine does not fit."""
    return f"{MAKE_ROOM if memory.shared else 'close other users of the GPU'}, or {_NARROWER}"


def _parts(memory: EngineMemory) -> str:
    return (
        f"{binary_size(memory.least)} ({binary_size(memory.weights)} of weights, "
        f"{binary_size(memory.context)} to compute in, {binary_size(DEPTH * memory.buffers)} for "
        "images and outputs)"
    )


def _can_be_free(memory: Memory) -> str:
    if not memory.shared:
        return "are free"
    return "can be had, even if other programs were swapped out"
