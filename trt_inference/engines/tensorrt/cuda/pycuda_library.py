"""CUDA by pycuda, whose own streams, events and memory are those of the interface."""

import functools
import importlib
from typing import Any, Tuple

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


class PyCuda(Cuda):
    """From 2022.1 on."""

    def __init__(self) -> None:
        """
        Raises:
            ImportError: it is not installed, or was compiled for other versions.
        """
        self.library = f"pycuda {importlib.import_module('pycuda').VERSION_TEXT}"
        self._driver: Any = importlib.import_module("pycuda.driver")
        self.error = self._driver.Error
        self.out_of_memory = self._driver.MemoryError

    def init(self) -> None:
        """As ``Cuda.init``."""
        self._driver.init()

    def device_count(self) -> int:
        """As ``Cuda.device_count``."""
        return int(self._driver.Device.count())

    def properties(self, index: int) -> GpuProperties:
        """As ``Cuda.properties``."""
        device = self._driver.Device(index)
        major, minor = device.compute_capability()
        integrated = device.get_attribute(self._driver.device_attribute.INTEGRATED)
        return GpuProperties(str(device.name()), (int(major), int(minor)), bool(integrated))

    def driver_version(self) -> int:
        """As ``Cuda.driver_version``."""
        return int(self._driver.get_driver_version())

    def enter(self, index: int) -> Context:
        """As ``Cuda.enter``. A thread that ends without leaving it takes the process with it."""
        return _PrimaryContext(self._driver.Device(index).retain_primary_context())

    def synchronize(self) -> None:
        """As ``Cuda.synchronize``."""
        self._driver.Context.synchronize()

    def memory_info(self) -> Tuple[int, int]:
        """As ``Cuda.memory_info``."""
        free, total = self._driver.mem_get_info()
        return int(free), int(total)

    def stream(self) -> Stream:
        """As ``Cuda.stream``."""
        made: Stream = self._driver.Stream()
        return made

    def event(self, blocking: bool = False, timing: bool = False) -> Event:
        """As ``Cuda.event``."""
        flags = self._driver.event_flags
        waits = flags.BLOCKING_SYNC if blocking else flags.DEFAULT
        made: Event = self._driver.Event(waits if timing else waits | flags.DISABLE_TIMING)
        return made

    def allocate(self, size: int) -> DeviceMemory:
        """As ``Cuda.allocate``."""
        made: DeviceMemory = self._driver.mem_alloc(size)
        return made

    def page_locked(
        self, shape: Tuple[int, ...], dtype: np.dtype, mapped: bool = False
    ) -> np.ndarray:
        """As ``Cuda.page_locked``."""
        flags = self._driver.host_alloc_flags.DEVICEMAP if mapped else 0
        array: np.ndarray = self._driver.pagelocked_empty(shape, dtype, mem_flags=flags)
        return array

    def address_of(self, array: np.ndarray) -> int:
        """As ``Cuda.address_of``."""
        base: Any = array.base
        return int(base.get_device_pointer())

    def upload(self, memory: DeviceMemory, array: np.ndarray) -> Copy:
        """As ``Cuda.upload``."""
        return functools.partial(self._driver.memcpy_htod_async, memory, array)

    def download(self, array: np.ndarray, memory: DeviceMemory) -> Copy:
        """As ``Cuda.download``."""
        return functools.partial(self._driver.memcpy_dtoh_async, array, memory)

    def upload_now(self, memory: DeviceMemory, array: np.ndarray) -> None:
        """As ``Cuda.upload_now``."""
        self._driver.memcpy_htod(memory, array)

    def download_now(self, array: np.ndarray, memory: DeviceMemory) -> None:
        """As ``Cuda.download_now``."""
        self._driver.memcpy_dtoh(array, memory)


class _PrimaryContext(Context):
    def __init__(self, context: Any) -> None:
        self._context = context
        context.push()

    def close(self) -> None:
        self._context.pop()
        self._context.detach()
