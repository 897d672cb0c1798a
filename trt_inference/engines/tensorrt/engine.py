"""The engine for NVIDIA GPUs: TensorRT on buffers that are allocated and bound once.

While the GPU works on one frame, the next one is written into the other set of buffers.
"""

import traceback
from collections import deque
from contextlib import ExitStack
from dataclasses import replace
from typing import Deque, List, Mapping, Optional

import numpy as np

from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.engine_files import EngineFile, find_engine
from trt_inference.engines.base import Engine, EngineOptions
from trt_inference.engines.free_memory import binary_size, measure_memory
from trt_inference.engines.tensorrt.buffered_run import BufferedRun
from trt_inference.engines.tensorrt.cuda_graph import CaptureError
from trt_inference.engines.tensorrt.engine_memory import (
    DEPTH,
    advice,
    check_room,
    needed_memory,
)
from trt_inference.engines.tensorrt.gpu import (
    GpuContext,
    gpu_properties,
    import_tensorrt,
    this_machine,
)
from trt_inference.engines.tensorrt.io_tensors import (
    check_tensors,
    io_tensors,
    set_input_shape,
)
from trt_inference.engines.tensorrt.plan import load_plan
from trt_inference.engines.tensorrt.spare_cores import has_core_to_spare
from trt_inference.errors import EngineError


class TensorRtEngine(Engine):
    """Runs one engine of a bundle. Everything on the one thread that made it."""

    depth = DEPTH

    def __init__(self, bundle: Bundle, precision: str, options: EngineOptions) -> None:
        """
        Raises:
            BundleError: there is no engine for this machine; with the command that builds one.
            EngineError: TensorRT, the GPU or the engine cannot be used.
        """
        self._options = _decided(options)
        self._runs: List[BufferedRun] = []
        self._started: Deque[BufferedRun] = deque()
        self._next = 0
        file = find_engine(bundle, precision, this_machine(options.device), options.device)
        # What is made later is freed earlier, whatever goes wrong on the way.
        self._freeing = ExitStack()
        self._gpu = self._freeing.enter_context(GpuContext(options.device))
        try:
            with self._gpu.translated("cannot hold the engine"):
                self._open(bundle, file)
        except BaseException as error:
            _let_go(error)
            self.close()
            raise

    @property
    def description(self) -> str:
        """Backend, version, device, and how it is run."""
        return self._description

    def input_buffer(self) -> np.ndarray:
        """uint8 ``[batch, height, width, 3]``, BGR, of the set whose turn it is."""
        return self._runs[self._next].image

    def start(self, count: int = 1) -> None:
        """Put the copies and the inference of the current set on the GPU, and return at once. All
        images that it was built for are run, whatever ``count`` is: it is as fast for that many."""
        if not self._runs:
            raise EngineError("the engine is closed: open a new one")
        current = self._runs[self._next]
        with self._gpu.translated("cannot run the engine"):
            current.start(count)
        self._started.append(current)
        self._next = (self._next + 1) % len(self._runs)

    def finish(self) -> Mapping[str, np.ndarray]:
        """Wait for the run that was started first; its outputs, ``[count, ...]`` each."""
        if not self._started:
            raise EngineError("no inference was started")
        oldest = self._started.popleft()
        with self._gpu.translated("has failed while it ran the engine"):
            oldest.done.synchronize()
        return oldest.outputs()

    def memory(self) -> Mapping[str, int]:
        """Free and total bytes of the GPU, whoever uses it."""
        with self._gpu.translated("has failed"):
            free, total = self._gpu.cuda.memory_info()
        return {"free": free, "total": total}

    def close(self) -> None:
        """Free everything, also when some of it fails. A second call does nothing.

        Raises:
            EngineError: the GPU has failed.
        """
        self._freeing.close()

    def _open(self, bundle: Bundle, file: EngineFile) -> None:
        cuda, trt = self._gpu.cuda, import_tensorrt()
        memory = measure_memory(cuda, file.sidecar.machine.architecture)
        for caution in check_room(file, memory):
            self._options.warn(caution)
        # Kept: the engine needs its runtime, and the runtime its logger.
        self._plan = load_plan(trt, file, self._options.device, self._options.host_code_allowed)
        self._freeing.callback(self._drop, "_plan")
        engine = self._plan.engine
        self._context = engine.create_execution_context()
        self._freeing.callback(self._drop, "_context")
        if self._context is None:
            raise EngineError(
                f"TensorRT cannot make room for {file.plan.name}, which takes about "
                f"{binary_size(needed_memory(file.sidecar))}: {self._plan.log.last()}. To mend it, "
                f"{advice(memory)}"
            )
        spec = bundle.input
        self.batch = file.sidecar.batch
        shape = (self.batch, spec.height, spec.width, 3)
        set_input_shape(engine, self._context, spec.name, shape)
        tensors = io_tensors(trt, engine, self._context)
        check_tensors(bundle, tensors, file)
        self._stream = cuda.stream()
        self._freeing.callback(self._drop, "_stream")
        for _ in range(DEPTH):
            run = BufferedRun(cuda, self._context, self._stream, tensors, bundle, self._options)
            self._runs.append(run)
            self._freeing.callback(lambda: self._runs.pop().free())
        self._freeing.callback(self._wait)
        how = self._capture() if self._options.cuda_graph else "without a CUDA graph"
        copies = " and without copies" if self._options.zero_copy else ""
        waits = ", a busy core waits" if self._options.spin else ""
        machine = file.sidecar.machine
        device = f"{machine.gpu} ({machine.sm})"
        self._description = f"TensorRT {machine.tensorrt} on {device}, {how}{copies}{waits}"

    def _capture(self) -> str:
        """Make a graph for each set, if the driver can. Returns a remark for the description."""
        try:
            for one in self._runs:
                one.capture()
        except CaptureError as error:
            for one in self._runs:
                one.forget_graph()
            return f"without a CUDA graph ({error})"
        return "as a CUDA graph"

    def _wait(self) -> None:
        """For what was started: its memory may not be freed before."""
        self._started.clear()
        with self._gpu.translated("has failed while it ran the engine"):
            self._stream.synchronize()

    def _drop(self, name: str) -> None:
        setattr(self, name, None)


def _decided(options: EngineOptions) -> EngineOptions:
    """With ``zero_copy`` and ``spin`` as suits the machine, where the user leaves them open."""
    if options.zero_copy is None:
        suits = gpu_properties(options.device).suits_zero_copy
        options = replace(options, zero_copy=suits)
    if options.spin is None:
        is_integrated = gpu_properties(options.device).integrated
        options = replace(options, spin=has_core_to_spare(is_integrated))
    return options


def _let_go(error: Optional[BaseException]) -> None:
    """Release what the frames of an error hold: an engine must not outlive its context."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
