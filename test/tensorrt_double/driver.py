"""The modules ``pycuda`` and ``pycuda.driver``."""

import enum
from types import ModuleType
from typing import Any, Tuple

import numpy as np

from test.tensorrt_double import errors
from test.tensorrt_double.contexts import Context, Device
from test.tensorrt_double.copies import Copies
from test.tensorrt_double.machine import Machine
from test.tensorrt_double.memory import (
    DeviceAllocation,
    PagelockedHostAllocation,
    Shape,
    pagelocked_empty,
)
from test.tensorrt_double.streams import Event, Stream

PYCUDA_VERSION = (2024, 1)


class EventFlags(enum.IntEnum):
    """cuEventCreate's."""

    DEFAULT = 0
    BLOCKING_SYNC = 1
    DISABLE_TIMING = 2
    INTERPROCESS = 4


class ContextFlags(enum.IntEnum):
    """cuCtxCreate's."""

    SCHED_AUTO = 0
    SCHED_SPIN = 1
    SCHED_YIELD = 2
    SCHED_BLOCKING_SYNC = 4
    MAP_HOST = 8


class DeviceAttributes(enum.IntEnum):
    """Some of cuDeviceGetAttribute's."""

    MULTIPROCESSOR_COUNT = 16
    INTEGRATED = 18
    CAN_MAP_HOST_MEMORY = 19
    COMPUTE_MODE = 20
    PCI_BUS_ID = 33
    PCI_DEVICE_ID = 34
    UNIFIED_ADDRESSING = 41
    PCI_DOMAIN_ID = 50
    COMPUTE_CAPABILITY_MAJOR = 75
    COMPUTE_CAPABILITY_MINOR = 76


class HostAllocationFlags:
    """cuMemHostAlloc's."""

    PORTABLE = 1
    DEVICEMAP = 2
    WRITECOMBINED = 4


def make_driver(machine: Machine) -> ModuleType:
    """A fresh ``pycuda.driver`` on ``machine``."""
    driver = ModuleType("pycuda.driver")
    for template, name in (
        (Context, "Context"),
        (Device, "Device"),
        (DeviceAllocation, "DeviceAllocation"),
        (PagelockedHostAllocation, "PagelockedHostAllocation"),
        (Stream, "Stream"),
        (Event, "Event"),
    ):
        own = type(name, (template,), {"machine": machine, "__module__": "pycuda._driver"})
        setattr(driver, name, own)
    namespace: Any = driver
    namespace.Device.context_type = namespace.Context
    namespace.Context.device_type = namespace.Device
    namespace.HostAllocation = namespace.PagelockedHostAllocation
    machine.default_stream = namespace.Stream(0, handle=0)
    namespace.event_flags = EventFlags
    namespace.ctx_flags = ContextFlags
    namespace.device_attribute = DeviceAttributes
    namespace.host_alloc_flags = HostAllocationFlags
    namespace.Error, namespace.MemoryError = errors.Error, errors.CudaMemoryError
    namespace.LogicError, namespace.LaunchError = errors.LogicError, errors.LaunchError
    namespace.RuntimeError = errors.CudaRuntimeError
    _add_functions(namespace, machine)
    return driver


def _add_functions(driver: Any, machine: Machine) -> None:
    def init(flags: int = 0) -> None:
        if not machine.visible():
            raise machine.no_device("cuInit")
        machine.initialized = True

    def mem_get_info() -> Tuple[int, int]:
        machine.check("cuMemGetInfo")
        return machine.free_memory, machine.total_memory

    def empty(shape: Shape, dtype: Any, order: str = "C", mem_flags: int = 0) -> np.ndarray:
        return pagelocked_empty(driver.PagelockedHostAllocation, shape, dtype, order, mem_flags)

    def zeros(shape: Shape, dtype: Any, order: str = "C", mem_flags: int = 0) -> np.ndarray:
        array = empty(shape, dtype, order, mem_flags)
        array.fill(0)
        return array

    copies = Copies(machine)
    for name in dir(copies):
        if name.startswith("mem"):
            setattr(driver, name, getattr(copies, name))
    driver.init, driver.mem_get_info = init, mem_get_info
    driver.mem_alloc = driver.DeviceAllocation
    driver.pagelocked_empty, driver.pagelocked_zeros = empty, zeros
    major, minor = machine.cuda_version
    driver.get_version = lambda: (major, minor, 0)
    driver.get_driver_version = lambda: 1000 * major + 10 * minor
