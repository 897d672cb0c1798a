"""Streams, events, memory and contexts by cuda.bindings.driver, which itself frees nothing.

Each is freed with its last reference, as pycuda does it; an error of that is of no use to anybody.
Once its context was closed it is left alone: it goes with the context when the last user of that
leaves.
"""

import importlib
from typing import Any, Tuple

import numpy as np

from trt_inference.engines.tensorrt.cuda.base import Context, DeviceMemory, Event, Stream
from trt_inference.engines.tensorrt.cuda.driver_calls import DriverCalls


class DriverContext(Context):
    """The primary context of a device.

    Attributes:
        is_open: until it is closed.
    """

    is_open = False

    def __init__(self, calls: DriverCalls, index: int) -> None:
        self._calls = calls
        self._device = calls.cuDeviceGet(index)[1]
        context = calls.cuDevicePrimaryCtxRetain(self._device)[1]
        try:
            calls.cuCtxPushCurrent(context)
        except BaseException:
            calls.driver.cuDevicePrimaryCtxRelease(self._device)
            raise
        self.is_open = True

    def close(self) -> None:
        """As ``Context.close``."""
        self.is_open = False
        try:
            self._calls.cuCtxPopCurrent()
        finally:
            self._calls.driver.cuDevicePrimaryCtxRelease(self._device)


class DriverStream(Stream):
    """A stream.

    Attributes:
        native: CUstream.
    """

    native: Any = None

    def __init__(self, calls: DriverCalls, context: DriverContext) -> None:
        self._calls, self._context = calls, context
        self.native = calls.cuStreamCreate(0)[1]
        utils = importlib.import_module("cuda.bindings.utils")
        self.handle = utils.get_cuda_native_handle(self.native)

    def synchronize(self) -> None:
        """As ``Stream.synchronize``."""
        self._calls.cuStreamSynchronize(self.native)

    def __del__(self) -> None:
        if self.native is not None and self._context.is_open:
            self._calls.driver.cuStreamDestroy(self.native)


class DriverEvent(Event):
    """An event, of CUevent_flags."""

    _native: Any = None

    def __init__(self, calls: DriverCalls, context: DriverContext, flags: int) -> None:
        self._calls, self._context = calls, context
        self._native = calls.cuEventCreate(flags)[1]

    def record(self, stream: Any) -> None:
        """As ``Event.record``."""
        self._calls.cuEventRecord(self._native, stream.native)

    def synchronize(self) -> None:
        """As ``Event.synchronize``."""
        self._calls.cuEventSynchronize(self._native)

    def time_till(self, end: Any) -> float:
        """As ``Event.time_till``."""
        return float(self._calls.cuEventElapsedTime(self._native, end._native)[1])

    def __del__(self) -> None:
        if self._native is not None and self._context.is_open:
            self._calls.driver.cuEventDestroy(self._native)


class DriverMemory(DeviceMemory):
    """Memory of the GPU.

    Attributes:
        native: CUdeviceptr; None once it was freed.
    """

    native: Any = None

    def __init__(self, calls: DriverCalls, context: DriverContext, size: int) -> None:
        self._calls, self._context = calls, context
        self.native = calls.cuMemAlloc(size)[1]

    def __int__(self) -> int:
        return int(self.native)

    def free(self) -> None:
        """As ``DeviceMemory.free``."""
        native, self.native = self.native, None
        self._calls.driver.cuMemFree(native)

    def __del__(self) -> None:
        if self.native is not None and self._context.is_open:
            self._calls.driver.cuMemFree(self.native)


class PageLockedMemory:
    """Memory of the processor that the GPU may copy, or work on where it is ``mapped``.

    It is the ``base`` of the array on it, and freed when the array and all views of it are gone.
    """

    _address = 0

    def __init__(self, calls: DriverCalls, context: DriverContext, size: int, mapped: bool) -> None:
        self._calls, self._context = calls, context
        flags = calls.driver.CU_MEMHOSTALLOC_DEVICEMAP if mapped else 0
        self._address = calls.cuMemHostAlloc(size, flags)[1]

    def array(self, shape: Tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """All of it, as an array."""
        self.__array_interface__ = {
            "data": (self._address, False),
            "shape": shape,
            "typestr": dtype.str,
            "version": 3,
        }
        return np.asarray(self)

    @property
    def device_address(self) -> int:
        """Where the GPU finds it."""
        return int(self._calls.cuMemHostGetDevicePointer(self._address, 0)[1])

    def __del__(self) -> None:
        if self._address and self._context.is_open:
            self._calls.driver.cuMemFreeHost(self._address)
