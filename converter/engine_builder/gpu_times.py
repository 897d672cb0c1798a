"""Time an engine on the GPU, alone: without copies, as trtexec does."""

import time
import traceback
from dataclasses import asdict, dataclass
from typing import Any, Dict, List, Tuple

import numpy as np

from converter.engine_builder.engine_layers import EngineLayer, inspect_layers, time_layers
from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.engine_files import EngineFile, find_engine
from trt_inference.bundles.machine import Machine
from trt_inference.engines.tensorrt.cuda.base import Cuda
from trt_inference.engines.tensorrt.cuda_buffers import BufferSet
from trt_inference.engines.tensorrt.gpu import GpuContext, import_tensorrt
from trt_inference.engines.tensorrt.io_tensors import (
    has_named_tensors,
    io_tensors,
    set_input_shape,
)
from trt_inference.engines.tensorrt.plan import load_plan
from trt_inference.errors import EngineError
from trt_inference.inference.timing import Percentiles

_WARM_UP_SECONDS = 0.2
_SECONDS = 1.0
_LEAST, _MOST = 10, 500
_PROFILED = 10


@dataclass(frozen=True)
class OnGpu:
    """Milliseconds of GPU work of one engine, and its layers."""

    milliseconds: Percentiles
    layers: Tuple[EngineLayer, ...]

    def content(self) -> Dict[str, Any]:
        """Return the times as the sidecar keeps them."""
        return asdict(self.milliseconds)


def time_on_gpu(bundle: Bundle, precision: str, machine: Machine, device: int = 0) -> OnGpu:
    """Load the engine of ``bundle`` once more, and run it on an empty image.

    Args:
        device: number of the GPU.

    Raises:
        EngineError: it cannot be loaded or run.
    """
    file = find_engine(bundle, precision, machine, device)
    with GpuContext(device) as gpu:
        with gpu.translated("cannot time the engine"):
            return _time(gpu.cuda, bundle, file)


def _time(cuda: Cuda, bundle: Bundle, file: EngineFile) -> OnGpu:
    """A function of its own, so that no object of TensorRT outlives the context, not even in the
    frames of an error."""
    try:
        plan = load_plan(import_tensorrt(), file)
        return _Timed(cuda, bundle, file.sidecar.batch, plan).run()
    except BaseException as error:
        traceback.clear_frames(error.__traceback__)
        raise


class _Timed:
    """An engine with buffers, on the thread that owns the context."""

    def __init__(self, cuda: Cuda, bundle: Bundle, batch: int, plan: Any) -> None:
        self._cuda, self._trt, self._plan = cuda, import_tensorrt(), plan
        self._engine = plan.engine
        self._context = self._engine.create_execution_context()
        if self._context is None:
            raise EngineError(f"TensorRT cannot make room for the engine: {plan.log.last()}")
        spec = bundle.input
        shape = (batch, spec.height, spec.width, 3)
        set_input_shape(self._engine, self._context, spec.name, shape)
        self._buffers = BufferSet(cuda, io_tensors(self._trt, self._engine, self._context))
        self._stream = cuda.stream()

    def run(self) -> OnGpu:
        try:
            self._buffers.copy_in(self._stream)
            self._repeat(_WARM_UP_SECONDS)
            times = self._repeat(_SECONDS)
            layers = inspect_layers(self._trt, self._engine, self._context)
            bindings = self._buffers.bindings()
            timed = time_layers(self._trt, self._context, bindings, layers, _PROFILED)
            return OnGpu(Percentiles.of(np.array(times)), timed)
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
