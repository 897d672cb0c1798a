"""The machine that the double pretends to be: its device, its faults, what was counted."""

import itertools
import os
import threading
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    Dict,
    Iterator,
    List,
    MutableMapping,
    NoReturn,
    Optional,
    Tuple,
)

from test.tensorrt_double.errors import (
    ArgumentError,
    CudaMemoryError,
    CudaRuntimeError,
    DoubleError,
    Error,
    LaunchError,
    LogicError,
)

if TYPE_CHECKING:
    from test.tensorrt_double.contexts import Context
    from test.tensorrt_double.graph import Capture
    from test.tensorrt_double.memory import Block
    from test.tensorrt_double.streams import Stream

GIB = 1 << 30

# CUDA's messages, and which of pycuda's errors each is. An illegal address is a LogicError there.
STICKY = {
    "illegal address": (LogicError, "an illegal memory access was encountered"),
    "launch failed": (LaunchError, "unspecified launch failure"),
    "device lost": (Error, "unknown error"),
}


@dataclass
class Faults:
    """What goes wrong; nothing does unless a test asks for it."""

    # So many mem_alloc work, then the memory is full.
    mem_alloc_after: Optional[int] = None
    pagelocked_after: Optional[int] = None
    create_execution_context: bool = False
    execute: bool = False  # execute_async returns False
    build: Optional[str] = None  # the error that build_serialized_network logs
    # What it logs before, by severity: what comes first is the reason more often than what is last.
    before_build: List[Tuple[str, str]] = field(default_factory=list)
    plugins: bool = False  # init_libnvinfer_plugins returns False
    memory_after_layers: Optional[int] = None  # so many are timed, then a build has no memory
    at_synchronize: Optional[str] = None  # a key of STICKY
    # Once there, its content replaces at_synchronize: another process breaks the device with it.
    file: Optional[Path] = None
    # Where capture fails: "begin", "execute", "end", "instantiate" or "launch".
    capture: Optional[str] = None

    def now_at_synchronize(self) -> Optional[str]:
        """Return what breaks at this synchronisation, as a key of ``STICKY``."""
        if self.file is not None and self.file.exists():
            return self.file.read_text("utf-8")
        return self.at_synchronize


@dataclass
class Counters:
    """How often things happened since the installation, or since ``reset``."""

    device_allocations: int = 0
    pinned_allocations: int = 0
    streams: int = 0
    events: int = 0
    execution_contexts: int = 0
    copies_to_device: int = 0
    copies_to_host: int = 0
    enqueued: int = 0  # execute_async, on a stream or into a graph
    executed: int = 0
    graphs: int = 0
    graph_launches: int = 0
    synchronizations: int = 0

    def reset(self) -> None:
        """Count from zero."""
        for name in vars(self):
            setattr(self, name, 0)


@dataclass
class Machine:
    """One computer with TensorRT; everything that the fakes share."""

    version: str  # as tensorrt.__version__
    cuda_version: Tuple[int, int] = (12, 6)
    devices: int = 1  # 0: no driver or no device
    device_name: str = "Double"
    compute_capability: Tuple[int, int] = (8, 7)
    other_capability: Optional[Tuple[int, int]] = None  # of all devices but the first
    total_memory: int = 8 * GIB
    free_memory: int = 6 * GIB
    dla_cores: int = 0
    integrated: bool = False  # the device shares the host's memory, as on a Jetson
    queries_until_done: int = 2
    faults: Faults = field(default_factory=Faults)
    counters: Counters = field(default_factory=Counters)
    failures: List[str] = field(default_factory=list)
    log: List[Tuple[str, str]] = field(default_factory=list)  # (severity, message)
    initialized: bool = False
    sticky: Optional[str] = None
    closed: bool = False
    # The logger of TensorRT's plugins, once they are registered in this process.
    plugin_logger: Optional["weakref.ref[Any]"] = None
    # How often the primary context of each device is retained, and how often it has ended.
    primary_retained: Dict[int, int] = field(default_factory=dict)
    primary_ended: Dict[int, int] = field(default_factory=dict)
    sequence: int = 0
    stacks: Dict[threading.Thread, List["Context"]] = field(default_factory=dict)
    default_stream: Optional["Stream"] = None
    streams: MutableMapping[int, "Stream"] = field(default_factory=weakref.WeakValueDictionary)
    blocks: List["Block"] = field(default_factory=list)
    captures: List["Capture"] = field(default_factory=list)
    living: Dict[str, int] = field(default_factory=dict)

    def fail(self, message: str) -> NoReturn:
        """Complain now, and again at the end if somebody swallows it."""
        self.note(message)
        raise DoubleError(message)

    def note(self, message: str) -> None:
        """Complain at the end: where raising would go nowhere, as in a destructor."""
        if not self.closed:
            self.failures.append(message)

    def visible(self) -> List[int]:
        """The devices that CUDA_VISIBLE_DEVICES leaves, in its order: up to the first entry that
        is none."""
        given = os.environ.get("CUDA_VISIBLE_DEVICES")
        every = [str(number) for number in range(self.devices)]
        named = every if given is None else given.split(",")
        return [int(one) for one in itertools.takewhile(every.__contains__, named)]

    def capability_of(self, device: int) -> Tuple[int, int]:
        """Of a device by its number on the machine, whatever is visible."""
        return (
            self.other_capability or self.compute_capability if device else self.compute_capability
        )

    @property
    def capability(self) -> Tuple[int, int]:
        """Of the device that TensorRT uses: that of the current context, or the first one."""
        current = self.current()
        return self.capability_of(current.device if current is not None else self.visible()[0])

    def current(self) -> Optional["Context"]:
        """The context on top of this thread's stack."""
        stack = self.stacks.get(threading.current_thread(), [])
        while stack and not stack[-1].valid:
            stack.pop()
        return stack[-1] if stack else None

    def check(self, call: str) -> None:
        """What every call of CUDA needs: a device that still works, and a current context.

        Raises:
            Error: one of pycuda's, with its text.
        """
        if self.closed:
            raise DoubleError(f"{call} after the double was removed")
        if not self.initialized:
            raise LogicError(f"{call} failed: initialization error")
        self.raise_sticky(call)
        if self.current() is None:
            raise LogicError(f"{call} failed: invalid device context")

    def raise_sticky(self, call: str) -> None:
        """After a fault of the device every call fails, until the process starts again."""
        if self.sticky is not None:
            error, text = STICKY[self.sticky]
            raise error(f"{call} failed: {text}")

    def synchronizing(self, call: str) -> None:
        """Before any wait: allowed at all, and does the device still work?"""
        self.check(call)
        self.not_in_capture(call)
        self.counters.synchronizations += 1
        fault = self.faults.now_at_synchronize()
        if fault is not None:
            self.break_device(fault)
            self.raise_sticky(call)

    def break_device(self, fault: str) -> None:
        """Break the device for the rest of the process; ``fault`` is a key of ``STICKY``."""
        self.sticky = fault
        for stream in self.all_streams():
            stream.queue.clear()

    def not_in_capture(self, call: str) -> None:
        """Calls that may not be made while this thread captures: they spoil the capture."""
        for capture in self.captures:
            if capture.forbids_this_thread():
                capture.invalid = True
                raise LogicError(f"{call} failed: operation not permitted when stream is capturing")

    def take(self, size: int, call: str) -> None:
        """Take ``size`` bytes of the device's memory."""
        if size > self.free_memory:
            raise CudaMemoryError(f"{call} failed: out of memory")
        self.free_memory -= size

    def count_live(self, kind: str, change: int) -> None:
        """One object more or less."""
        self.living[kind] = self.living.get(kind, 0) + change

    def all_streams(self) -> Iterator["Stream"]:
        """Those that still exist."""
        yield from list(self.streams.values())

    def no_device(self, call: str) -> CudaRuntimeError:
        """The error of a machine without one."""
        return CudaRuntimeError(f"{call} failed: no CUDA-capable device is detected")


def argument_error(function: str, *values: Any) -> ArgumentError:
    """As Boost.Python words it."""
    types = ", ".join(type(value).__name__ for value in values)
    return ArgumentError(
        f"Python argument types in\n    pycuda._driver.{function}({types})\n"
        "did not match C++ signature"
    )
