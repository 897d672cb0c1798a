"""pycuda's Device and Context, with the stack of contexts that each thread has."""

import threading
from typing import Any, ClassVar, List, Optional, Tuple

from test.tensorrt_double.errors import LogicError
from test.tensorrt_double.machine import Machine, argument_error


class Context:
    """A context, current only in threads that pushed it. Made by a Device."""

    machine: ClassVar[Machine]
    device_type: ClassVar[Any]

    def __init__(self, device: int, primary: bool) -> None:
        self.valid = True
        self.device = device
        self.primary = primary
        self._ended = self.machine.primary_ended.get(device, 0)
        self.thread = threading.current_thread()
        self.machine.count_live("contexts", 1)

    @property
    def handle(self) -> int:
        """The primary context has one handle, however often it is retained."""
        return 0x55550000 + 64 * self.device if self.primary else id(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Context) and other.handle == self.handle

    def __hash__(self) -> int:
        return hash(self.handle)

    def push(self) -> None:
        """Make it current in this thread."""
        self.machine.raise_sticky("cuCtxPushCurrent")
        if not self.valid:
            raise LogicError("cuCtxPushCurrent failed: invalid device context")
        self.machine.stacks.setdefault(threading.current_thread(), []).append(self)

    @classmethod
    def pop(cls) -> None:
        """Take the current one off this thread's stack."""
        if not stack_of(cls.machine):
            raise LogicError(
                "context::pop failed: invalid device context - cannot pop non-current context"
            )
        stack_of(cls.machine).pop()

    def detach(self) -> None:
        """Release it; what lives in it is gone with the last release."""
        if not self.valid:
            raise LogicError(
                "context::detach failed: invalid device context - "
                "cannot detach from invalid context"
            )
        if self.thread is not threading.current_thread():
            self.machine.note("a context was detached in another thread: it leaks")
        self.valid = False
        self.machine.count_live("contexts", -1)
        if self.primary:
            self._release_primary()
        self.machine.current()  # takes what is no longer valid off the stack

    def _release_primary(self) -> None:
        machine, device = self.machine, self.device
        machine.primary_retained[device] -= 1
        if machine.primary_retained[device] == 0:
            machine.primary_ended[device] = machine.primary_ended.get(device, 0) + 1

    @property
    def alive(self) -> bool:
        """Whether memory in it still exists: the primary one lives while anybody retains it."""
        if not self.primary:
            return self.valid
        return self._ended == self.machine.primary_ended.get(self.device, 0)

    @classmethod
    def synchronize(cls) -> None:
        """Wait for all streams."""
        cls.machine.synchronizing("cuCtxSynchronize")
        for stream in cls.machine.all_streams():
            stream.flush()

    @classmethod
    def get_current(cls) -> Optional["Context"]:
        """What is current in this thread."""
        return cls.machine.current()

    @classmethod
    def get_device(cls) -> "Device":
        """The device of the current context."""
        cls.machine.check("cuCtxGetDevice")
        current = cls.machine.current()
        return cls.device_type(cls.machine.visible().index(current.device if current else 0))

    def __del__(self) -> None:
        if self.valid and not self.machine.closed:
            self.detach()


def stack_of(machine: Machine) -> List[Context]:
    """The stack of this thread."""
    return machine.stacks.setdefault(threading.current_thread(), [])


def may_release(machine: Machine, context: Context, what: str) -> bool:
    """Whether an object is freed here; pycuda leaks it otherwise, and reports little.

    What lived in a context that is gone went with it.
    """
    if machine.closed:
        return False
    here = machine.current() is context or threading.current_thread() is context.thread
    if (here and context.valid) or not context.alive:
        return True
    why = "where its context is not current" if context.valid else "after its context was detached"
    machine.note(f"{what} was freed in thread {threading.current_thread().name}, {why}: it leaks")
    return False


class Device:
    """One GPU."""

    machine: ClassVar[Machine]
    context_type: ClassVar[Any]

    def __init__(self, number: int) -> None:
        if type(number) is not int:
            raise argument_error("Device", number)
        if not self.machine.initialized:
            raise LogicError("cuDeviceGet failed: initialization error")
        if not 0 <= number < len(self.machine.visible()):
            raise LogicError("cuDeviceGet failed: invalid device ordinal")
        self._number = self.machine.visible()[number]

    @classmethod
    def count(cls) -> int:
        """How many there are."""
        if not cls.machine.initialized:
            raise LogicError("cuDeviceGetCount failed: initialization error")
        return len(cls.machine.visible())

    def name(self) -> str:
        """As the vendor calls it."""
        return self.machine.device_name

    def pci_bus_id(self) -> str:
        """Domain, bus, device and function."""
        return f"0000:{self._number + 1:02x}:00.0"

    def compute_capability(self) -> Tuple[int, int]:
        """Major and minor."""
        return self.machine.capability_of(self._number)

    def total_memory(self) -> int:
        """Bytes."""
        return self.machine.total_memory

    def get_attribute(self, attr: Any) -> int:
        """One of ``device_attribute``."""
        major, minor = self.compute_capability()
        values = {
            "MULTIPROCESSOR_COUNT": 1,
            "INTEGRATED": int(self.machine.integrated),
            "CAN_MAP_HOST_MEMORY": 1,
            "COMPUTE_MODE": 0,
            "PCI_BUS_ID": self._number + 1,
            "PCI_DEVICE_ID": 0,
            "UNIFIED_ADDRESSING": 1,
            "PCI_DOMAIN_ID": 0,
            "COMPUTE_CAPABILITY_MAJOR": major,
            "COMPUTE_CAPABILITY_MINOR": minor,
        }
        return values[attr.name]

    def retain_primary_context(self) -> Context:
        """The context that TensorRT uses too. It is not current before ``push``."""
        self.machine.raise_sticky("cuDevicePrimaryCtxRetain")
        retained = self.machine.primary_retained
        retained[self._number] = retained.get(self._number, 0) + 1
        return self.context_type(self._number, primary=True)

    def make_context(self, flags: int = 0) -> Context:
        """A context of its own, and current at once."""
        self.machine.raise_sticky("cuCtxCreate")
        context = self.context_type(self._number, primary=False)
        stack_of(self.machine).append(context)
        return context

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) and other._number == self._number

    def __hash__(self) -> int:
        return hash(self._number)
