"""Copies between host and device, on a stream or at once."""

import zlib
from typing import Any, Optional, Tuple

import numpy as np

from test.tensorrt_double.errors import LogicError
from test.tensorrt_double.machine import Machine, argument_error
from test.tensorrt_double.memory import POISON, Block, DeviceAllocation, device_block, find
from test.tensorrt_double.streams import Operation, Stream, stream_or_default


class ToDevice(Operation):
    """Page-locked bytes to the device."""

    def __init__(self, machine: Machine, host: Tuple[Block, int], device: Block, size: int) -> None:
        self._machine = machine
        (self._host, self._start), self._device, self._size = host, device, size
        self.reads, self.writes = (self._host,), (device,)

    def _content(self) -> np.ndarray:
        use = "a copy to the device reads"
        self._host.require_written(self._machine, use, self._start, self._size)
        return self._host.data[self._start : self._start + self._size]

    def prepare(self) -> int:
        return zlib.crc32(self._content().data)

    def run(self, prepared: int) -> None:
        self._device.require_alive(self._machine, "a copy writes")
        content = self._content()
        if zlib.crc32(content.data) != prepared:
            self._machine.fail(f"{self._host.what} was changed while a copy of it was waiting")
        self._device.write(0, content)


class ToHost(Operation):
    """Bytes of the device to page-locked memory, which holds poison until they are there."""

    def __init__(self, machine: Machine, host: Tuple[Block, int], device: Block, size: int) -> None:
        self._machine = machine
        (self._host, self._start), self._device, self._size = host, device, size
        self.reads, self.writes = (device,), (self._host,)

    def prepare(self) -> None:
        self._host.require_alive(self._machine, "a copy to the host writes")
        self._host.data[self._start : self._start + self._size] = POISON

    def run(self, prepared: None) -> None:
        use = "a copy to the host reads"
        self._host.require_alive(self._machine, "a copy to the host writes")
        self._device.require_written(self._machine, use, 0, self._size)
        self._host.write(self._start, self._device.data[: self._size])


class Fill(Operation):
    """One value in all bytes."""

    def __init__(self, machine: Machine, device: Block, start: int, value: int, size: int) -> None:
        self._machine, self._device = machine, device
        self._start, self._content = start, np.full(size, value, np.uint8)
        self.writes = (device,)

    def run(self, prepared: None) -> None:
        self._device.require_alive(self._machine, "a memset writes")
        self._device.write(self._start, self._content)


class Copies:
    """The functions of pycuda.driver, for one machine."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def memcpy_htod_async(self, dest: Any, src: Any, stream: Optional[Stream] = None) -> None:
        """Page-locked ``src`` to the device, when its turn comes."""
        self._machine.check("cuMemcpyHtoDAsync")
        queue = stream_or_default(self._machine, stream)
        content = as_bytes(src, writable=False)
        host = self._pinned(content, "memcpy_htod_async")
        device = self._whole(dest, content.size, "memcpy_htod_async")
        queue.enqueue(ToDevice(self._machine, host, device, content.size))
        self._machine.counters.copies_to_device += 1

    def memcpy_dtoh_async(self, dest: Any, src: Any, stream: Optional[Stream] = None) -> None:
        """The device's bytes to page-locked ``dest``, when their turn comes."""
        self._machine.check("cuMemcpyDtoHAsync")
        queue = stream_or_default(self._machine, stream)
        content = as_bytes(dest, writable=True)
        host = self._pinned(content, "memcpy_dtoh_async")
        device = self._whole(src, content.size, "memcpy_dtoh_async")
        queue.enqueue(ToHost(self._machine, host, device, content.size))
        self._machine.counters.copies_to_host += 1

    def memcpy_htod(self, dest: Any, src: Any) -> None:
        """At once, after all that waits; from any memory."""
        self._wait("cuMemcpyHtoD")
        content = as_bytes(src, writable=False)
        self._whole(dest, content.size, "memcpy_htod").write(0, content)
        self._machine.counters.copies_to_device += 1

    def memcpy_dtoh(self, dest: Any, src: Any) -> None:
        """At once, after all that waits; to any memory."""
        self._wait("cuMemcpyDtoH")
        content = as_bytes(dest, writable=True)
        device = self._whole(src, content.size, "memcpy_dtoh")
        device.require_written(self._machine, "memcpy_dtoh reads", 0, content.size)
        content[:] = device.data
        self._machine.counters.copies_to_host += 1

    def memset_d8(self, dest: Any, data: int, size: int) -> None:
        """At once, after all that waits."""
        self._wait("cuMemsetD8")
        self._fill(dest, data, size).run(None)

    def memset_d8_async(
        self, dest: Any, data: int, size: int, stream: Optional[Stream] = None
    ) -> None:
        """When its turn comes."""
        self._machine.check("cuMemsetD8Async")
        stream_or_default(self._machine, stream).enqueue(self._fill(dest, data, size))

    def _fill(self, dest: Any, data: int, size: int) -> Fill:
        block, start = device_block(self._machine, device_address(dest), "a memset got")
        if start + size > block.size:
            raise LogicError("cuMemsetD8 failed: invalid argument")
        return Fill(self._machine, block, start, data, size)

    def _wait(self, call: str) -> None:
        self._machine.synchronizing(call)
        for queue in self._machine.all_streams():
            queue.flush()

    def _whole(self, pointer: Any, size: int, call: str) -> Block:
        """The allocation behind ``pointer``, if it has exactly ``size`` bytes."""
        block, start = device_block(self._machine, device_address(pointer), f"{call} got")
        if start or block.size != size:
            self._machine.fail(f"{call} of {size} bytes does not fit {block.what}")
        return block

    def _pinned(self, content: np.ndarray, call: str) -> Tuple[Block, int]:
        found = find(self._machine, content.ctypes.data)
        if found is None or found[0].written is not None:
            self._machine.fail(
                f"{call} got {content.size} bytes of pageable memory: write into an array of "
                "pagelocked_empty"
            )
        found[0].require_alive(self._machine, f"{call} got")
        return found


def device_address(pointer: Any) -> int:
    """As Boost.Python converts it: allocations and Python's own integers, not numpy's."""
    if type(pointer) is not int and not isinstance(pointer, DeviceAllocation):
        raise argument_error("memcpy", pointer)
    return int(pointer)


def as_bytes(buffer: Any, writable: bool) -> np.ndarray:
    """The bytes of a contiguous buffer, uint8 ``[n]``, without a copy.

    Raises:
        ValueError: it is not contiguous, or read-only where it is written to.
    """
    array = buffer if isinstance(buffer, np.ndarray) else np.frombuffer(buffer, np.uint8)
    if not (array.flags.c_contiguous or array.flags.f_contiguous):
        raise ValueError("ndarray is not contiguous")
    if writable and not array.flags.writeable:
        raise ValueError("buffer source array is read-only")
    return array.reshape(-1, order="A").view(np.uint8)
