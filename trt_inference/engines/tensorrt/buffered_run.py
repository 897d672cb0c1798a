"""One run of a TensorRT engine: copies in, inference, copies out, on buffers of its own."""

from typing import Any, Dict, List, Mapping, Optional

import numpy as np

from trt_inference.bundles.bundle import Bundle, OutputSpec
from trt_inference.engines.base import EngineOptions
from trt_inference.engines.tensorrt.cuda.base import Cuda, Stream
from trt_inference.engines.tensorrt.cuda_buffers import BufferSet
from trt_inference.engines.tensorrt.cuda_graph import CudaGraph
from trt_inference.engines.tensorrt.enqueue import Enqueue
from trt_inference.engines.tensorrt.io_tensors import IoTensor


class BufferedRun:
    """The buffers of one run of an engine, and what the GPU has to do with them.

    Attributes:
        image: uint8 ``[batch, height, width, 3]``, to be written into.
        done: the event at which the run is over.
    """

    def __init__(
        self,
        cuda: Cuda,
        context: Any,
        stream: Stream,
        tensors: Mapping[str, IoTensor],
        bundle: Bundle,
        options: EngineOptions,
    ) -> None:
        """
        Args:
            context: TensorRT's execution context, whose shapes are set.
            tensors: those of the engine, which fit the bundle.
            options: with ``zero_copy`` and ``spin`` decided.
        """
        self._stream: Any = stream
        self.buffers = BufferSet(cuda, tensors, bool(options.zero_copy))
        self._enqueue: Any = Enqueue(context, stream, self.buffers)
        self.done = cuda.event(blocking=not options.spin)
        self._graph: Optional[CudaGraph] = None
        given = self.buffers.arrays[bundle.input.name]
        # TensorRT before 8.5 has no bytes: they are made floats on the way, and class maps bytes.
        self._floats = given if given.dtype != np.uint8 else None
        self.image = given if self._floats is None else np.zeros(given.shape, np.uint8)
        self._count = 0
        wanted = {spec.name: self._wanted(spec) for spec in bundle.outputs}
        self._outputs: List[Dict[str, np.ndarray]] = [
            {name: array[: number + 1] for name, array in wanted.items()}
            for number in range(len(self.image))
        ]

    def start(self, count: int) -> None:
        """Put copies and inference on the stream, for the first ``count`` images."""
        self._count = count
        if self._floats is not None:
            np.copyto(self._floats, self.image)
        if self._graph is not None:
            self._graph.launch()
        else:
            self._enqueue()
        self.done.record(self._stream)

    def outputs(self) -> Dict[str, np.ndarray]:
        """The outputs for the images of the last run, which is over, in the bundle's types."""
        outputs = self._outputs[self._count - 1]
        for name, array in outputs.items():
            given = self.buffers.outputs[name]
            if given.dtype != array.dtype:
                np.copyto(array, given[: self._count], casting="unsafe")
        return outputs

    def _wanted(self, spec: OutputSpec) -> np.ndarray:
        """What an output is read from: the buffer, or an array that it is converted into."""
        given = self.buffers.outputs[spec.name]
        return given if given.dtype == spec.dtype else np.zeros(given.shape, spec.dtype)

    def capture(self) -> None:
        """Run once, so that TensorRT sets up what it needs, and then make it a graph."""
        self._enqueue()
        self._stream.synchronize()
        self._graph = CudaGraph(self._stream.handle, self._enqueue)

    def forget_graph(self) -> None:
        """Put each step on the stream by itself from now on."""
        if self._graph is not None:
            self._graph.close()
            self._graph = None

    def free(self) -> None:
        """Give everything back; nothing may be running."""
        # Whoever still holds this, as the trace of an error does, must not hold these.
        self._enqueue = self._stream = self._floats = None
        self.image = np.zeros(0, np.uint8)
        self._outputs.clear()
        try:
            self.forget_graph()
        finally:
            self.buffers.free()
