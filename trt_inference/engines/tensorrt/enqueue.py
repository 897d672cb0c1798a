"""One inference on a stream, with its copies, whatever the version of TensorRT's API."""

from typing import Any

from trt_inference.engines.tensorrt.cuda.base import Stream
from trt_inference.engines.tensorrt.cuda_buffers import BufferSet
from trt_inference.engines.tensorrt.io_tensors import has_named_tensors
from trt_inference.errors import EngineError


class Enqueue:
    """Puts copies in, inference and copies out on a stream when it is called."""

    def __init__(self, context: Any, stream: Stream, buffers: BufferSet) -> None:
        """
        Args:
            context: TensorRT's execution context, whose shapes are set.
        """
        self._context, self._stream, self._buffers = context, stream, buffers
        self._named = has_named_tensors(context.engine)
        self._bindings = buffers.bindings()

    def __call__(self) -> None:
        """
        Raises:
            EngineError: TensorRT does not run the engine.
        """
        self._buffers.copy_in(self._stream)
        if self._named:
            for name, address in self._buffers.addresses.items():
                self._context.set_tensor_address(name, address)
            done = self._context.execute_async_v3(self._stream.handle)
        else:
            done = self._context.execute_async_v2(self._bindings, self._stream.handle)
        if not done:
            raise EngineError("TensorRT cannot run the engine: its log has the reason")
        self._buffers.copy_out(self._stream)
