"""Memory of the device and page-locked memory of the host, in one space of addresses."""

from typing import Any, ClassVar, Iterable, Optional, Tuple, Union

import numpy as np

from test.tensorrt_double.contexts import may_release
from test.tensorrt_double.errors import CudaMemoryError, LogicError
from test.tensorrt_double.machine import Machine, argument_error

POISON = 0xAB  # in what nobody has written yet
FREED = 0xDD
FIRST_ADDRESS = 0x302000000
ALIGNMENT = 256
PAGE = 4096
DEVICEMAP = 2

Shape = Union[int, Tuple[int, ...]]


class Block:
    """Bytes at an address, of the device or page-locked on the host."""

    def __init__(self, address: int, data: np.ndarray, device: bool, what: str) -> None:
        """
        Args:
            data: uint8 ``[size]``.
        """
        self.address = address
        self.data = data
        self.what = what
        self.freed = False
        self.mapped = device  # whether the device can reach it
        # The host's writes cannot be seen: there poison tells what was not written.
        self.written = np.zeros(data.size, np.bool_) if device else None
        data[:] = POISON

    @property
    def size(self) -> int:
        """Bytes."""
        return int(self.data.size)

    def require_alive(self, machine: Machine, use: str) -> None:
        """Fail if it was freed."""
        if self.freed:
            machine.fail(f"{use} {self.what}, which was freed")

    def require_written(self, machine: Machine, use: str, start: int, size: int) -> None:
        """Fail if a byte of this part was never written."""
        self.require_alive(machine, use)
        if self.written is None:
            unwritten = bool(size >= 16 and (self.data[start : start + size] == POISON).all())
        else:
            unwritten = not self.written[start : start + size].all()
        if unwritten:
            machine.fail(f"{use} {self.what}, in which {size} bytes were never all written")

    def write(self, start: int, content: np.ndarray) -> None:
        """Put bytes (uint8 ``[n]``) there."""
        self.data[start : start + content.size] = content
        if self.written is not None:
            self.written[start : start + content.size] = True

    def forget(self) -> None:
        """Poison it: whoever reads before new work is done gets garbage."""
        self.data[:] = POISON
        if self.written is not None:
            self.written[:] = False


def find(machine: Machine, address: int) -> Optional[Tuple[Block, int]]:
    """The block that ``address`` lies in, the newest first, and where in it."""
    for block in reversed(machine.blocks):
        if block.address <= address < block.address + block.size:
            return block, address - block.address
    return None


def device_block(machine: Machine, address: int, use: str) -> Tuple[Block, int]:
    """The block that the device would reach at ``address``; anything else fails loudly."""
    found = find(machine, address)
    if address == 0 or found is None:
        machine.fail(f"{use} the address {address:#x}, which no allocation has")
    block, start = found
    block.require_alive(machine, use)
    if not block.mapped:
        machine.fail(f"{use} {block.what}, which the device cannot reach: it is not DEVICEMAP")
    return block, start


def flush_users(machine: Machine, blocks: Iterable[Block]) -> None:
    """Freeing waits for the work that uses what is freed."""
    for stream in machine.all_streams():
        if any(block in task.operation.touched() for block in blocks for task in stream.queue):
            stream.flush()


class DeviceAllocation:
    """Memory of the device. Made by ``mem_alloc``."""

    machine: ClassVar[Machine]

    def __init__(self, size: int) -> None:
        self._block: Optional[Block] = None
        machine = self.machine
        machine.check("cuMemAlloc")
        machine.not_in_capture("cuMemAlloc")
        if type(size) is not int:
            raise argument_error("mem_alloc", size)
        if size <= 0:
            raise LogicError("cuMemAlloc failed: invalid argument")
        if machine.faults.mem_alloc_after is not None:
            machine.faults.mem_alloc_after -= 1
            if machine.faults.mem_alloc_after < 0:
                raise CudaMemoryError("cuMemAlloc failed: out of memory")
        machine.take(size, "cuMemAlloc")
        address = max([FIRST_ADDRESS, *(_end(b) for b in machine.blocks if b.written is not None)])
        self._address = address
        what = f"the device allocation of {size} bytes at {address:#x}"
        self._block = Block(address, np.empty(size, np.uint8), True, what)
        self.context = machine.current()
        machine.blocks.append(self._block)
        machine.counters.device_allocations += 1
        machine.count_live("device_allocations", 1)

    def __int__(self) -> int:
        if self._block is None:
            self.machine.fail(f"the address {self._address:#x} of freed memory was asked for")
        return self._address

    __index__ = __int__

    def free(self) -> None:
        """Give it back. A second time is an error."""
        if self._block is None:
            raise LogicError("device_allocation::free failed: invalid resource handle")
        block, self._block = self._block, None
        if self.context is None or not may_release(self.machine, self.context, block.what):
            return
        self.machine.not_in_capture("cuMemFree")
        if self.machine.sticky is None:
            flush_users(self.machine, [block])
        block.freed = True
        block.data[:] = FREED
        self.machine.free_memory += block.size
        self.machine.count_live("device_allocations", -1)

    def __del__(self) -> None:
        if getattr(self, "_block", None) is not None:
            self.free()


def _end(block: Block) -> int:
    """The first address after ``block``, with a gap so that an overrun is found."""
    return (block.address + block.size + 2 * ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT


class PagelockedHostAllocation:
    """Page-locked memory, the ``base`` of the array that ``pagelocked_empty`` returns."""

    machine: ClassVar[Machine]

    def __init__(self, size: int, flags: int) -> None:
        self._block: Optional[Block] = None
        machine = self.machine
        machine.check("cuMemHostAlloc")
        machine.not_in_capture("cuMemHostAlloc")
        if machine.faults.pagelocked_after is not None:
            machine.faults.pagelocked_after -= 1
            if machine.faults.pagelocked_after < 0:
                raise CudaMemoryError("cuMemHostAlloc failed: out of memory")
        if size == 0:
            raise LogicError("cuMemHostAlloc failed: invalid argument")
        self._flags = flags
        room = np.empty(size + PAGE, np.uint8)
        start = -room.ctypes.data % PAGE
        self._memory = room[start : start + size]
        address = self._memory.ctypes.data
        what = f"the page-locked memory of {size} bytes"
        self._block = Block(address, self._memory, False, what)
        self._block.mapped = bool(flags & DEVICEMAP)
        self.context = machine.current()
        machine.blocks.append(self._block)
        machine.counters.pinned_allocations += 1
        machine.count_live("pinned_allocations", 1)

    def array(self, shape: Shape, dtype: np.dtype, order: str) -> np.ndarray:
        """All of it as an array, whose ``base`` is this."""
        layout: np.ndarray = np.ndarray(shape, dtype, self._memory.data, order=order)  # type: ignore[arg-type]
        self.__array_interface__ = {
            "data": (self._memory.ctypes.data, False),
            "shape": layout.shape,
            "typestr": dtype.str,
            "strides": layout.strides,
            "version": 3,
        }
        return np.asarray(self)

    @property
    def address(self) -> int:
        """Where it is."""
        return int(self._memory.ctypes.data)

    def get_flags(self) -> int:
        """Those that it was made with."""
        return self._flags

    def get_device_pointer(self) -> int:
        """Where the device finds it. Needs DEVICEMAP."""
        self.machine.check("cuMemHostGetDevicePointer")
        if self._block is None:
            self.machine.fail("the device pointer of freed page-locked memory was asked for")
        if not self._block.mapped:
            raise LogicError("cuMemHostGetDevicePointer failed: invalid argument")
        return self._block.address

    def free(self) -> None:
        """Give it back. The arrays on it may not be used any more."""
        if self._block is None:
            raise LogicError("pagelocked_host_allocation::free failed: invalid resource handle")
        block, self._block = self._block, None
        if self.context is None or not may_release(self.machine, self.context, block.what):
            return
        self.machine.not_in_capture("cuMemFreeHost")
        if self.machine.sticky is None:
            flush_users(self.machine, [block])
        block.freed = True
        block.data[:] = FREED
        self.machine.count_live("pinned_allocations", -1)

    def __del__(self) -> None:
        if getattr(self, "_block", None) is not None:
            self.free()
        _forget_address(self.machine, getattr(self, "_memory", None))


def _forget_address(machine: Machine, memory: Optional[np.ndarray]) -> None:
    """The host may give this address to another array, which is not page-locked."""
    machine.blocks[:] = [block for block in machine.blocks if block.data is not memory]


def pagelocked_empty(
    allocation: Any, shape: Shape, dtype: Any, order: str, mem_flags: int
) -> np.ndarray:
    """An array of poison on page-locked memory, its ``base``."""
    if type(mem_flags) is bool or not isinstance(mem_flags, int):
        raise argument_error("pagelocked_empty", shape, dtype, order, mem_flags)
    kind = np.dtype(dtype)
    size = int(np.prod(shape, dtype=np.int64)) * kind.itemsize
    return allocation(size, int(mem_flags)).array(shape, kind, order)
