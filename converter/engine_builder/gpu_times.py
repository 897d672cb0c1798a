"""Time an engine on the GPU, alone: without copies, as trtexec does."""

import time
import traceback
from dataclasses import asdict, dataclass
from typing import Any, Dict, List, Tuple

import numpy as np

from converter.engine_builder import tensorrt_api
from converter.engine_builder.engine_layers import EngineLayer, inspect_layers, time_layers
from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.engine_files import EngineFile, find_engine
from trt_inference.bundles.machine import Machine
from trt_inference.bundles.sidecar import Sidecar
from trt_inference.engines.free_memory import measure_memory
from trt_inference.engines.tensorrt.cuda.base import Cuda
from trt_inference.engines.tensorrt.cuda_buffers import BufferSet
from trt_inference.engines.tensorrt.engine_memory import EngineMemory
from trt_inference.engines.tensorrt.gpu import GpuContext, import_tensorrt
from trt_inference.engines.tensorrt.io_tensors import (
    has_named_tensors,
    io_tensors,
    set_input_shape,
)
from trt_inference.engines.tensorrt.plan import load_plan
from trt_inference.errors import EngineError
from trt_inference.timing import Percentiles

_WARM_UP_SECONDS = 0.2
_SECONDS = 1.0
_LEAST, _MOST = 10, 500
_PROFILED = 10


@dataclass(frozen=True)
class OnGpu:
    """Milliseconds of GPU work of one engine, its layers, and the memory that it takes."""

    milliseconds: Percentiles
    layers: Tuple[EngineLayer, ...]
    memory: EngineMemory

    def content(self) -> Dict[str, Any]:
        """Return the times as the sidecar keeps them."""
        return asdict(self.milliseconds)


def time_on_gpu(bundle: Bundle, precision: str, machine: Machine, device: int = 0) -> OnGpu:
    """Load the engine of ``bundle``, which was built here, once more, and run it on an empty image.

    Args:
        device: number of the GPU.

    Raises:
        EngineError: it cannot be loaded or run.
    """
    file = find_engine(bundle, precision, machine, device)
    with GpuContext(device) as gpu:
        with gpu.translated("cannot time the engine"):
            return _time(gpu.cuda, bundle, file, device)


def _time(cuda: Cuda, bundle: Bundle, file: EngineFile, device: int) -> OnGpu:
    """A function of its own, so that no object of TensorRT outlives the context, not even in the
    frames of an error."""
    try:
        usage = _Usage(cuda, file.sidecar)
        plan = load_plan(import_tensorrt(), file, device, host_code_allowed=True)
        usage.plan_is_loaded()
        return _Timed(cuda, bundle, file.sidecar.batch, plan, usage).run()
    except BaseException as error:
        traceback.clear_frames(error.__traceback__)
        raise


class _Usage:
    """The memory that was free before the engine was loaded and is not any more. Other programs
    take and give back as well: what TensorRT knows exactly is asked of it."""

    def __init__(self, cuda: Any, sidecar: Sidecar) -> None:
        self._cuda, self._sidecar = cuda, sidecar
        self._weights = 0
        self._before = self._free()

    def plan_is_loaded(self) -> None:
        """The weights are on the GPU, and nothing else yet."""
        self._weights = min(self._taken(), self._sidecar.bytes)

    def report(self, engine: Any, buffers: int) -> EngineMemory:
        """What was measured, once the engine has run.

        Args:
            buffers: bytes of its images and outputs.
        """
        context = tensorrt_api.context_bytes(engine)
        return EngineMemory(self._weights, context, buffers, measured=self._taken())

    def _taken(self) -> int:
        return max(0, self._before - self._free())

    def _free(self) -> int:
        return measure_memory(self._cuda, self._sidecar.machine.architecture).free


class _Timed:
    """An engine with buffers, on the thread that owns the context."""

    def __init__(self, cuda: Cuda, bundle: Bundle, batch: int, plan: Any, usage: _Usage) -> None:
        self._cuda, self._trt, self._plan = cuda, import_tensorrt(), plan
        self._usage = usage
        self._engine = plan.engine
        self._context = self._engine.create_execution_context()
        if self._context is None:
            raise EngineError(f"TensorRT cannot make room for the engine: {plan.log.last()}")
        spec = bundle.input
        shape = (batch, spec.height, spec.width, 3)
        set_input_shape(self._engine, self._context, spec.name, shape)
        tensors = io_tensors(self._trt, self._engine, self._context)
        self._buffer_bytes = sum(one.bytes for one in tensors.values())
        self._buffers = BufferSet(cuda, tensors)
        self._stream = cuda.stream()

    def run(self) -> OnGpu:
        try:
            self._buffers.copy_in(self._stream)
            self._repeat(_WARM_UP_SECONDS)
            memory = self._usage.report(self._engine, self._buffer_bytes)
            times = self._repeat(_SECONDS)
            layers = inspect_layers(self._trt, self._engine, self._context)
            bindings = self._buffers.bindings()
            timed = time_layers(self._trt, self._context, bindings, layers, _PROFILED)
            return OnGpu(Percentiles.of(np.array(times)), timed, memory)
        finally:
            self._stream.synchronize()
            self._buffers.free()

    def _repeat(self, seconds: float) -> List[float]:
        """Seconds of each run, between two events on the GPU."""
        times: List[float] = []
        until = time.monotonic() + seconds
        while len(times) < _LEAST or (time.monotonic() < until and len(times) < _MOST):
            before, after = self._cuda.event(timing=True), self._cuda.event(timing=True)
            before.record(self._stream)
            self._enqueue()
            after.record(self._stream)
            after.synchronize()
            times.append(before.time_till(after) / 1e3)
        return times

    def _enqueue(self) -> None:
        handle = self._stream.handle
        if has_named_tensors(self._engine):
            for name, address in self._buffers.addresses.items():
                self._context.set_tensor_address(name, address)
            done = self._context.execute_async_v3(handle)
        else:
            done = self._context.execute_async_v2(self._buffers.bindings(), handle)
        if not done:
            raise EngineError(f"TensorRT cannot run the engine: {self._plan.log.last()}")
