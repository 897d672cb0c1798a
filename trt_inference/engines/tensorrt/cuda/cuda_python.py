"""CUDA by NVIDIA's cuda-python, whose driver API is the package cuda-bindings."""

from typing import Any, Optional, Tuple

import numpy as np

from trt_inference.engines.tensorrt.cuda.base import (
    Context,
    Copy,
    Cuda,
    DeviceMemory,
    Event,
    GpuProperties,
    Stream,
)
from trt_inference.engines.tensorrt.cuda.driver_calls import (
    CudaPythonError,
    CudaPythonMemoryError,
    DriverCalls,
)
from trt_inference.engines.tensorrt.cuda.driver_objects import (
    DriverContext,
    DriverEvent,
    DriverMemory,
    DriverStream,
    PageLockedMemory,
)

_LONGEST_NAME = 256  # bytes


class CudaPython(Cuda):
    """From cuda-bindings 12.9.1 on, of CUDA 12 and 13."""

    error = CudaPythonError
    out_of_memory = CudaPythonMemoryError

    def __init__(self) -> None:
        """
        Raises:
            ImportError: it is not installed, or too old.
        """
        self._calls = DriverCalls()
        self._driver = self._calls.driver
        self._entered: Optional[DriverContext] = None
        self.library = f"cuda-python {self._calls.version}"

    def init(self) -> None:
        """As ``Cuda.init``."""
        self._calls.cuInit(0)

    def device_count(self) -> int:
        """As ``Cuda.device_count``."""
        return int(self._calls.cuDeviceGetCount()[1])

    def properties(self, index: int) -> GpuProperties:
        """As ``Cuda.properties``."""
        device = self._calls.cuDeviceGet(index)[1]
        name = self._calls.cuDeviceGetName(_LONGEST_NAME, device)[1]
        major, minor, integrated = (
            self._attribute(device, which)
            for which in ("COMPUTE_CAPABILITY_MAJOR", "COMPUTE_CAPABILITY_MINOR", "INTEGRATED")
        )
        return GpuProperties(name.split(b"\0")[0].decode(), (major, minor), bool(integrated))

    def _attribute(self, device: Any, name: str) -> int:
        which = getattr(self._driver.CUdevice_attribute, f"CU_DEVICE_ATTRIBUTE_{name}")
        return int(self._calls.cuDeviceGetAttribute(which, device)[1])

    def driver_version(self) -> int:
        """As ``Cuda.driver_version``."""
        return int(self._calls.cuDriverGetVersion()[1])

    def enter(self, index: int) -> Context:
        """As ``Cuda.enter``."""
        self._entered = DriverContext(self._calls, index)
        return self._entered

    @property
    def _context(self) -> DriverContext:
        """The one that all that is made belongs to."""
        if self._entered is None:
            raise CudaPythonError("there is no current context: enter one")
        return self._entered

    def synchronize(self) -> None:
        """As ``Cuda.synchronize``."""
        self._calls.cuCtxSynchronize()

    def memory_info(self) -> Tuple[int, int]:
        """As ``Cuda.memory_info``."""
        _, free, total = self._calls.cuMemGetInfo()
        return int(free), int(total)

    def stream(self) -> Stream:
        """As ``Cuda.stream``."""
        return DriverStream(self._calls, self._context)

    def event(self, blocking: bool = False, timing: bool = False) -> Event:
        """As ``Cuda.event``."""
        kinds = self._driver.CUevent_flags
        waits = kinds.CU_EVENT_BLOCKING_SYNC if blocking else kinds.CU_EVENT_DEFAULT
        times = kinds.CU_EVENT_DEFAULT if timing else kinds.CU_EVENT_DISABLE_TIMING
        return DriverEvent(self._calls, self._context, int(waits) | int(times))

    def allocate(self, size: int) -> DeviceMemory:
        """As ``Cuda.allocate``."""
        return DriverMemory(self._calls, self._context, size)

    def page_locked(
        self, shape: Tuple[int, ...], dtype: np.dtype, mapped: bool = False
    ) -> np.ndarray:
        """As ``Cuda.page_locked``."""
        size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        return PageLockedMemory(self._calls, self._context, size, mapped).array(shape, dtype)

    def address_of(self, array: np.ndarray) -> int:
        """As ``Cuda.address_of``."""
        base: Any = array.base
        return int(base.device_address)

    def upload(self, memory: Any, array: np.ndarray) -> Copy:
        """As ``Cuda.upload``."""
        copy, native = self._calls.cuMemcpyHtoDAsync, memory.native
        address, size = array.ctypes.data, array.nbytes
        return lambda stream: copy(native, address, size, stream.native)

    def download(self, array: np.ndarray, memory: Any) -> Copy:
        """As ``Cuda.download``."""
        copy, native = self._calls.cuMemcpyDtoHAsync, memory.native
        address, size = array.ctypes.data, array.nbytes
        return lambda stream: copy(address, native, size, stream.native)

    def upload_now(self, memory: Any, array: np.ndarray) -> None:
        """As ``Cuda.upload_now``."""
        self._calls.cuMemcpyHtoD(memory.native, array.ctypes.data, array.nbytes)

    def download_now(self, array: np.ndarray, memory: Any) -> None:
        """As ``Cuda.download_now``."""
        self._calls.cuMemcpyDtoH(array.ctypes.data, memory.native, array.nbytes)
