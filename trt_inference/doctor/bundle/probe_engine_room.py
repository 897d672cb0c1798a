"""Whether an engine and the node around it fit into the memory of this machine."""

from typing import Tuple

from trt_inference.bundles.engine_files import EngineFile
from trt_inference.doctor.diagnosis import Diagnosis, caution, error, ok
from trt_inference.engines.free_memory import MAKE_ROOM, MIB, Memory, binary_size, measure_memory
from trt_inference.engines.tensorrt.engine_memory import advice, check_room, needed_memory
from trt_inference.engines.tensorrt.gpu import GpuContext
from trt_inference.errors import EngineError

_SUBJECT = "Memory for the bundle"
# The process of the node with images of 1280x720 but without an engine on a GPU: README.md has
# 165 MB, measured on x86 with ONNX Runtime and a small network. Rounded up, for larger images.
NODE_BYTES = 200 * MIB


def room_for(file: EngineFile, device: int) -> Diagnosis:
    """Compare what engine and node take with what is free now; an error where they cannot fit."""
    with GpuContext(device) as context:
        memory = measure_memory(context.cuda, file.sidecar.machine.architecture)
    try:
        cautions = check_room(file, memory)
    except EngineError as problem:
        return error(_SUBJECT, "engine-does-not-fit", *_apart(str(problem), memory))
    if cautions:
        return caution(_SUBJECT, "engine-may-not-fit", *_apart(cautions[0], memory))
    return _about_node(file, memory)


def _apart(message: str, memory: Memory) -> Tuple[str, str]:
    """What is wrong, and what to do, of a message that has both."""
    found = message.partition(f": {advice(memory)}")[0].partition(". If it fails")[0]
    return f"{found}.", f"To mend it, {advice(memory)}."


def _about_node(file: EngineFile, memory: Memory) -> Diagnosis:
    engine, precision = needed_memory(file.sidecar), file.sidecar.precision
    needed = NODE_BYTES + (engine if memory.shared else 0)
    free = memory.free if memory.shared else memory.system_free
    parts = f"its engine takes about {binary_size(engine)}, the node {binary_size(NODE_BYTES)}"
    if memory.system_total and needed > free:
        return caution(
            _SUBJECT,
            "node-may-not-fit",
            f"{precision} may not fit: {parts}, and {binary_size(free)} of the "
            f"{'shared ' if memory.shared else ''}memory are free.",
            f"{MAKE_ROOM}.",
        )
    where = "of the GPU are free" if not memory.shared else "are free, shared with the processor"
    free_text = f"{binary_size(memory.free)} {where}"
    return ok(_SUBJECT, f"There is room for {precision}: {parts}; {free_text}.")
