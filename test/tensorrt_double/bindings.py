"""The modules of cuda-python, on the same machine as ``pycuda.driver``.

Its functions return errors and raise none, and nothing is freed with the last reference to it:
what is not freed by a call stays. What the real driver would crash on fails loudly.
"""

import ctypes
import functools
import threading
from types import ModuleType
from typing import Any, Callable, Dict, List, Tuple

import numpy as np

from test.tensorrt_double import bindings_types as types
from test.tensorrt_double.bindings_types import CUresult
from test.tensorrt_double.contexts import Context, stack_of
from test.tensorrt_double.driver import make_driver
from test.tensorrt_double.errors import Error
from test.tensorrt_double.machine import Machine

CUDA_BINDINGS_VERSION = "12.9.4"
DEVICEMAP = 2
_CODES = {text: code for code, text in types.TEXTS.items()}


def returns(count: int) -> Callable[[Callable[..., Any]], Callable[..., Tuple[Any, ...]]]:
    """Make a function of the driver: a tuple of the result and ``count`` values, None after an
    error."""

    def make(function: Callable[..., Any]) -> Callable[..., Tuple[Any, ...]]:
        @functools.wraps(function)
        def call(self: "Bindings", *arguments: Any) -> Tuple[Any, ...]:
            try:
                values = function(self, *arguments)
            except Error as error:
                return (_CODES[str(error).partition(" failed: ")[2]], *[None] * count)
            return (CUresult.CUDA_SUCCESS, *(values if count > 1 else [values][:count]))

        return call

    return make


class Bindings:
    """The functions of ``cuda.bindings.driver``, for one machine. What they make is in tables, by
    the number of its handle or its address."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._driver: Any = make_driver(machine)
        self._primary: Dict[int, Context] = {}  # by device
        self._streams: Dict[int, Any] = {}
        self._events: Dict[int, Any] = {}
        self._memory: Dict[int, Any] = {}
        self._page_locked: Dict[int, Any] = {}
        self._freed: List[Any] = []  # so that nobody else gets their addresses

    # Devices and contexts.

    @returns(0)
    def cuInit(self, flags: int) -> None:
        self._driver.init(flags)

    @returns(1)
    def cuDriverGetVersion(self) -> int:
        return int(self._driver.get_driver_version())

    @returns(1)
    def cuDeviceGetCount(self) -> int:
        return int(self._driver.Device.count())

    @returns(1)
    def cuDeviceGet(self, ordinal: int) -> types.CUdevice:
        self._driver.Device(ordinal)
        return types.CUdevice(ordinal)

    @returns(1)
    def cuDeviceGetName(self, length: int, dev: Any) -> bytes:
        name = self._device(dev).name().encode()[: length - 1] + b"\0"
        return bytes(name + b" " * (length - len(name)))

    @returns(1)
    def cuDeviceGetAttribute(self, attrib: Any, dev: Any) -> int:
        self._require(types.CUdevice_attribute, "attrib", attrib)
        name = attrib.name[len("CU_DEVICE_ATTRIBUTE_") :]
        kinds = self._driver.device_attribute
        return int(self._device(dev).get_attribute(getattr(kinds, name)))

    @returns(1)
    def cuDevicePrimaryCtxRetain(self, dev: Any) -> types.CUcontext:
        device = self._device(dev)
        if device._number in self._primary:
            self._machine.raise_sticky("cuDevicePrimaryCtxRetain")
            self._machine.primary_retained[device._number] += 1
            self._machine.count_live("contexts", 1)
        else:
            self._primary[device._number] = device.retain_primary_context()
        return types.CUcontext(self._primary[device._number].handle)

    @returns(0)
    def cuDevicePrimaryCtxRelease(self, dev: Any) -> None:
        number = self._device(dev)._number
        if number not in self._primary:
            self._machine.fail(f"the primary context of device {number} was released too often")
        if self._machine.primary_retained[number] > 1:
            self._machine.primary_retained[number] -= 1
            self._machine.count_live("contexts", -1)
            return
        context = self._primary.pop(number)
        if any(context in stack for stack in self._machine.stacks.values()):
            self._machine.note("a context was released for the last time while it is current")
        context.thread = threading.current_thread()  # whoever is the last one may release it
        context.detach()

    @returns(0)
    def cuCtxPushCurrent(self, ctx: Any) -> None:
        number = self._number(types.CUcontext, ctx)
        found = [one for one in self._primary.values() if one.handle == number]
        if not found:
            self._machine.fail(f"cuCtxPushCurrent got {number:#x}, which is no context")
        found[0].push()

    @returns(1)
    def cuCtxPopCurrent(self) -> types.CUcontext:
        current = self._machine.current()
        if current is None:
            self._machine.raise_sticky("cuCtxPopCurrent")
            raise self._driver.LogicError("cuCtxPopCurrent failed: invalid device context")
        stack_of(self._machine).pop()
        return types.CUcontext(current.handle)

    @returns(0)
    def cuCtxSynchronize(self) -> None:
        self._driver.Context.synchronize()

    # Memory.

    @returns(2)
    def cuMemGetInfo(self) -> Tuple[int, int]:
        free, total = self._driver.mem_get_info()
        return free, total

    @returns(1)
    def cuMemAlloc(self, bytesize: Any) -> types.CUdeviceptr:
        memory = self._driver.mem_alloc(types.whole_number(bytesize))
        self._memory[int(memory)] = memory
        return types.CUdeviceptr(int(memory))

    @returns(0)
    def cuMemFree(self, dptr: Any) -> None:
        address = self._number(types.CUdeviceptr, dptr)
        self._found("cuMemFree", self._memory, address).free()
        del self._memory[address]

    @returns(1)
    def cuMemHostAlloc(self, bytesize: Any, flags: int) -> int:
        memory = self._driver.PagelockedHostAllocation(types.whole_number(bytesize), int(flags))
        self._page_locked[memory.address] = memory
        return int(memory.address)

    @returns(0)
    def cuMemFreeHost(self, p: Any) -> None:
        address = _pointer(p)
        memory = self._found("cuMemFreeHost", self._page_locked, address)
        memory.free()
        self._freed.append(self._page_locked.pop(address))

    @returns(1)
    def cuMemHostGetDevicePointer(self, p: Any, flags: int) -> types.CUdeviceptr:
        memory = self._found("cuMemHostGetDevicePointer", self._page_locked, _pointer(p))
        return types.CUdeviceptr(memory.get_device_pointer())

    # Copies.

    @returns(0)
    def cuMemcpyHtoDAsync(self, dst: Any, src: Any, size: Any, stream: Any) -> None:
        queue, device = self._stream(stream), self._number(types.CUdeviceptr, dst)
        self._driver.memcpy_htod_async(device, _content(src, size), queue)

    @returns(0)
    def cuMemcpyDtoHAsync(self, dst: Any, src: Any, size: Any, stream: Any) -> None:
        queue, device = self._stream(stream), self._number(types.CUdeviceptr, src)
        self._driver.memcpy_dtoh_async(_content(dst, size), device, queue)

    @returns(0)
    def cuMemcpyHtoD(self, dst: Any, src: Any, size: Any) -> None:
        self._driver.memcpy_htod(self._number(types.CUdeviceptr, dst), _content(src, size))

    @returns(0)
    def cuMemcpyDtoH(self, dst: Any, src: Any, size: Any) -> None:
        self._driver.memcpy_dtoh(_content(dst, size), self._number(types.CUdeviceptr, src))

    # Streams and events.

    @returns(1)
    def cuStreamCreate(self, flags: int) -> types.CUstream:
        stream = self._driver.Stream(flags)
        self._streams[stream.handle] = stream
        return types.CUstream(stream.handle)

    @returns(0)
    def cuStreamSynchronize(self, stream: Any) -> None:
        self._stream(stream).synchronize()

    @returns(0)
    def cuStreamDestroy(self, stream: Any) -> None:
        number = self._number(types.CUstream, stream)
        self._found("cuStreamDestroy", self._streams, number).destroy()
        del self._streams[number]

    @returns(1)
    def cuEventCreate(self, flags: int) -> types.CUevent:
        event = self._driver.Event(int(flags))
        self._machine.sequence += 1
        handle = 0x7F4400000000 + 64 * self._machine.sequence
        self._events[handle] = event
        return types.CUevent(handle)

    @returns(0)
    def cuEventRecord(self, event: Any, stream: Any) -> None:
        self._event("cuEventRecord", event).record(self._stream(stream))

    @returns(0)
    def cuEventSynchronize(self, event: Any) -> None:
        self._event("cuEventSynchronize", event).synchronize()

    @returns(1)
    def cuEventElapsedTime(self, start: Any, end: Any) -> float:
        first, last = (self._event("cuEventElapsedTime", one) for one in (start, end))
        return float(last.time_since(first))

    @returns(0)
    def cuEventDestroy(self, event: Any) -> None:
        self._event("cuEventDestroy", event).destroy()
        del self._events[self._number(types.CUevent, event)]

    @returns(1)
    def cuGetErrorString(self, error: Any) -> bytes:
        self._require(CUresult, "error", error)
        return types.TEXTS[error].encode()

    # What all have in common.

    def _require(self, kind: Any, name: str, value: Any) -> None:
        if not isinstance(value, kind):
            raise TypeError(f"Argument '{name}' is not instance of type (expected {kind})")

    def _number(self, kind: Any, value: Any) -> int:
        """What is taken for a handle: its own type, a number, or None for 0."""
        return 0 if value is None else int(value if isinstance(value, kind) else kind(value))

    def _device(self, dev: Any) -> Any:
        return self._driver.Device(self._number(types.CUdevice, dev))

    def _stream(self, stream: Any) -> Any:
        number = self._number(types.CUstream, stream)
        if number == 0:
            return self._machine.streams[0]
        return self._found("a call", self._streams, number)

    def _event(self, call: str, event: Any) -> Any:
        return self._found(call, self._events, self._number(types.CUevent, event))

    def _found(self, call: str, table: Dict[int, Any], number: int) -> Any:
        """What has this handle or address, and still lives in a context."""
        self._machine.check(call)
        found = table.get(number)
        if found is None:
            self._machine.fail(f"{call} got {number:#x}, which was freed, or never made")
        if not found.context.valid:
            self._machine.fail(f"{call} got {number:#x}, whose context was released")
        return found


def _pointer(value: Any) -> int:
    """An address, or where a buffer is. An array of one number is taken for a number."""
    try:
        return types.whole_number(value)
    except TypeError:
        if value is None:
            return 0
        return int(np.frombuffer(value, np.uint8).ctypes.data)


def _content(pointer: Any, size: Any) -> np.ndarray:
    """The bytes that lie there, uint8 ``[size]``."""
    raw: Any = ctypes.c_uint8 * types.whole_number(size)
    return np.frombuffer(raw.from_address(_pointer(pointer)), np.uint8)


def make_bindings(machine: Machine) -> Dict[str, ModuleType]:
    """The modules of cuda-python by name, on ``machine``."""
    names = ("cuda", "cuda.bindings", "cuda.bindings.driver", "cuda.bindings.utils")
    modules: Dict[str, Any] = {name: ModuleType(name) for name in names}
    modules["cuda"].__path__ = modules["cuda.bindings"].__path__ = []
    modules["cuda"].bindings = modules["cuda.bindings"]
    modules["cuda.bindings"].__version__ = CUDA_BINDINGS_VERSION
    driver = modules["cuda.bindings.driver"]
    functions = Bindings(machine)
    for name in dir(functions):
        if name.startswith("cu"):
            setattr(driver, name, getattr(functions, name))
    for kind in ("CUdevice", "CUdeviceptr", "CUcontext", "CUstream", "CUevent", "CUresult"):
        setattr(driver, kind, getattr(types, kind))
    driver.CUdevice_attribute, driver.CUevent_flags = types.CUdevice_attribute, types.CUevent_flags
    driver.CU_MEMHOSTALLOC_DEVICEMAP = DEVICEMAP
    modules["cuda.bindings.utils"].get_cuda_native_handle = types.get_cuda_native_handle
    return modules
