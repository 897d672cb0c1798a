"""CUDA graphs: what was put on a stream once, launched as one piece. pycuda does not have them, so
that this calls the driver itself, whatever the library.

From the CUDA driver API, "Graph Management" and "Stream Management":
https://docs.nvidia.com/cuda/cuda-driver-api/
"""

import ctypes
from typing import Any, Callable

from trt_inference.errors import EngineError

_THREAD_LOCAL = 1  # CU_STREAM_CAPTURE_MODE_THREAD_LOCAL: other threads may do what they like
_SUCCESS = 0


class CaptureError(Exception):
    """The work cannot be made a graph; it can be done without."""


def load_library() -> Any:
    """The driver's own library."""
    return ctypes.CDLL("libcuda.so.1")


class CudaGraph:
    """Work that was captured from a stream, ready to be launched again and again."""

    def __init__(self, stream: int, work: Callable[[], None]) -> None:
        """
        Args:
            stream: handle of the stream on which ``work`` puts what is to be captured. It must
                have run once before, so that nothing is set up in it.

        Raises:
            CaptureError: with the reason. The stream can be used as before.
        """
        self._graph = ctypes.c_void_p()
        self._executable = ctypes.c_void_p()
        try:
            self._library = load_library()
        except OSError as error:
            raise CaptureError(str(error)) from error
        self._stream = ctypes.c_void_p(stream)
        self._capture(work)
        self._instantiate()

    def launch(self) -> None:
        """Put the work on the stream.

        Raises:
            EngineError: the driver refuses.
        """
        result = self._library.cuGraphLaunch(self._executable, self._stream)
        if result != _SUCCESS:
            raise EngineError(f"the GPU cannot launch the captured inference: CUDA error {result}")

    def close(self) -> None:
        """Free the graph, on the thread that made it."""
        if self._executable:
            self._library.cuGraphExecDestroy(self._executable)
        if self._graph:
            self._library.cuGraphDestroy(self._graph)
        self._executable, self._graph = ctypes.c_void_p(), ctypes.c_void_p()

    def _capture(self, work: Callable[[], None]) -> None:
        library = self._library
        _check(library.cuStreamBeginCapture_v2(self._stream, _THREAD_LOCAL), "begin the capture")
        failed = ""  # in words: the error itself would keep alive what its trace has seen
        try:
            work()
        except Exception as error:  # whatever it is, the capture has to be ended
            failed = f"{type(error).__name__}: {error}"
        result = library.cuStreamEndCapture(self._stream, ctypes.byref(self._graph))
        if failed:
            self.close()
            raise CaptureError(failed)
        _check(result, "end the capture")

    def _instantiate(self) -> None:
        library, executable = self._library, ctypes.byref(self._executable)
        if hasattr(library, "cuGraphInstantiateWithFlags"):  # from CUDA 11.4 on
            result = library.cuGraphInstantiateWithFlags(
                executable, self._graph, ctypes.c_ulonglong(0)
            )
        else:  # the second from CUDA 11.0 on
            name = "cuGraphInstantiate"
            function = getattr(library, f"{name}_v2", None) or getattr(library, name)
            result = function(executable, self._graph, None, None, ctypes.c_size_t(0))
        if result != _SUCCESS:
            self.close()
        _check(result, "instantiate the graph")


def _check(result: int, what: str) -> None:
    if result != _SUCCESS:
        raise CaptureError(f"the driver cannot {what}: CUDA error {result}")
