"""Streams and events. Work waits in its stream until somebody synchronises."""

import functools
import time
from typing import TYPE_CHECKING, Any, Callable, ClassVar, Iterable, List, NamedTuple, Optional, Set

from test.tensorrt_double.contexts import may_release
from test.tensorrt_double.errors import CudaRuntimeError, LogicError
from test.tensorrt_double.machine import Machine, argument_error
from test.tensorrt_double.memory import Block

if TYPE_CHECKING:
    from test.tensorrt_double.graph import Capture

FIRST_HANDLE = 0x7F5500000000  # more than 32 bits, as a pointer
DISABLE_TIMING = 2
NON_BLOCKING = 1


class Operation:
    """One piece of work. A graph launches the same one again and again."""

    reads: Iterable[Block] = ()
    writes: Iterable[Block] = ()

    def prepare(self) -> Any:
        """When it is enqueued: note what must not change, poison what is read too early."""

    def run(self, prepared: Any) -> None:
        """When the device comes to it; ``prepared`` is what ``prepare`` returned."""
        raise NotImplementedError

    def touched(self) -> Set[Block]:
        """All that it reads or writes."""
        return {*self.reads, *self.writes}


class Task(NamedTuple):
    """An operation that waits in a stream."""

    sequence: int
    operation: Operation
    prepared: Any


class Stream:
    """A queue of work."""

    machine: ClassVar[Machine]

    def __init__(self, flags: int = 0, handle: Optional[int] = None) -> None:
        if not isinstance(flags, int):
            raise argument_error("Stream", flags)
        machine = self.machine
        self.queue: List[Task] = []
        self.capture: Optional[Capture] = None
        self._handle, self._flags = 0, flags
        self.context: Any = machine.current()
        self._queries = 0
        if handle is None:  # the default stream is there without a context
            machine.check("cuStreamCreate")
            machine.sequence += 1
            handle = FIRST_HANDLE + 64 * machine.sequence
            machine.counters.streams += 1
            machine.count_live("streams", 1)
        self._handle = handle
        machine.streams[handle] = self

    @property
    def handle(self) -> int:
        """CUstream as a number."""
        return self._handle

    def enqueue(self, operation: Operation) -> None:
        """Let it wait here, or put it into the graph that is being captured."""
        if self.capture is not None:
            self.capture.operations.append(operation)
            return
        self.machine.sequence += 1
        self.queue.append(Task(self.machine.sequence, operation, operation.prepare()))
        self._queries = 0

    def synchronize(self) -> None:
        """Wait for all that was enqueued."""
        self.machine.synchronizing("cuStreamSynchronize")
        self.flush()

    def is_done(self) -> bool:
        """Whether nothing is left; work gets done after a few questions."""
        self.machine.check("cuStreamQuery")
        self.machine.not_in_capture("cuStreamQuery")
        self._queries += 1
        if self.queue and self._queries > self.machine.queries_until_done:
            self.machine.synchronizing("cuStreamQuery")
            self.flush()
        return not self.queue

    def wait_for_event(self, event: "Event") -> None:
        """Work that comes after this waits for ``event``."""
        self.machine.check("cuStreamWaitEvent")
        self.enqueue(Wait(event))

    def flush(self, enough: Callable[[], bool] = lambda: False) -> None:
        """Do what waits, in order, until it is enough."""
        while self.queue and not enough():
            task = self.queue[0]
            try:
                self._look_for_races(task)
                task.operation.run(task.prepared)
                del self.queue[:1]
            except BaseException:
                self.queue.clear()
                raise

    def _continues_after(self, task: Task) -> bool:
        """Whether what waits first was enqueued after ``task``."""
        return self.queue[0].sequence > task.sequence

    def _waits_for(self, other: "Stream") -> bool:
        """Whether one of the two is the default stream, and the other was made to wait for it."""
        default = self.machine.default_stream
        return default in (self, other) and not (self._flags | other._flags) & NON_BLOCKING

    def _look_for_races(self, task: Task) -> None:
        """Fail if another stream has not yet done what this work silently relies on.

        The default stream and the blocking ones wait for each other.
        """
        for stream in self.machine.all_streams():
            if stream is not self and self._waits_for(stream):
                stream.flush(functools.partial(stream._continues_after, task))
            earlier = (t for t in stream.queue if t.sequence < task.sequence)
            for other in () if stream is self else earlier:
                mine, others = task.operation, other.operation
                clash = mine.touched() & set(others.writes) | set(mine.writes) & others.touched()
                if clash:
                    what = " and ".join(block.what for block in clash)
                    self.machine.fail(f"two streams use {what} and none waits for the other")

    def destroy(self) -> None:
        """Give it back, once what is on it is done."""
        handle, self._handle = self._handle, 0
        if not may_release(self.machine, self.context, "a stream"):
            return
        if self.machine.sticky is None and self.context.alive:
            self.flush()
        self.machine.streams.pop(handle, None)
        self.machine.count_live("streams", -1)

    def __del__(self) -> None:
        if getattr(self, "_handle", 0):  # the default one has none
            self.destroy()


class Event:
    """A mark in a stream."""

    machine: ClassVar[Machine]

    def __init__(self, flags: int = 0) -> None:
        if not isinstance(flags, int):
            raise argument_error("Event", flags)
        self.context: Any = None
        self.machine.check("cuEventCreate")
        self._flags = flags
        self.context = self.machine.current()
        self.stream: Optional[Stream] = None  # where it was recorded
        self.waiting = 0  # records that the device has not come to
        self.time: Optional[float] = None
        self._queries = 0
        self.machine.counters.events += 1
        self.machine.count_live("events", 1)

    def record(self, stream: Optional[Stream] = None) -> "Event":
        """Put the mark behind all that was enqueued."""
        self.machine.check("cuEventRecord")
        self.stream = stream_or_default(self.machine, stream)
        self._queries = 0
        self.stream.enqueue(Record(self))
        return self

    def synchronize(self) -> "Event":
        """Wait until the device has come to the mark."""
        self.machine.synchronizing("cuEventSynchronize")
        self.finish()
        return self

    def finish(self) -> None:
        """Do the work in front of the mark."""
        if self.stream is not None:
            self.stream.flush(lambda: self.waiting == 0)

    def query(self) -> bool:
        """Whether the device has come to it; it does after a few questions."""
        self.machine.check("cuEventQuery")
        self.machine.not_in_capture("cuEventQuery")
        self._queries += 1
        if self.waiting and self._queries > self.machine.queries_until_done:
            self.machine.synchronizing("cuEventQuery")
            self.finish()
        return self.waiting == 0

    def time_since(self, start: "Event") -> float:
        """Milliseconds between the two. No figure to report: nothing ran on a device."""
        self.machine.check("cuEventElapsedTime")
        for event in (start, self):
            if event._flags & DISABLE_TIMING or event.stream is None:
                raise LogicError("cuEventElapsedTime failed: invalid resource handle")
            if event.waiting or event.time is None:
                raise CudaRuntimeError("cuEventElapsedTime failed: device not ready")
        return 1000.0 * (float(self.time or 0) - float(start.time or 0))

    def time_till(self, end: "Event") -> float:
        """Milliseconds between the two."""
        return end.time_since(self)

    def destroy(self) -> None:
        """Give it back."""
        context, self.context = self.context, None
        if may_release(self.machine, context, "an event"):
            self.machine.count_live("events", -1)

    def __del__(self) -> None:
        if getattr(self, "context", None) is not None:
            self.destroy()


class Record(Operation):
    """The mark of an event."""

    def __init__(self, event: Event) -> None:
        self._event = event

    def prepare(self) -> None:
        self._event.waiting += 1

    def run(self, prepared: Any) -> None:
        self._event.waiting -= 1
        self._event.time = time.perf_counter()


class Wait(Operation):
    """A stream that waits for an event of another."""

    def __init__(self, event: Event) -> None:
        self._event = event

    def run(self, prepared: Any) -> None:
        self._event.finish()


def stream_or_default(machine: Machine, stream: Optional[Stream]) -> Stream:
    """The stream that pycuda would take."""
    if stream is None:
        return machine.streams[0]
    if not isinstance(stream, Stream):
        raise argument_error("stream", stream)
    return stream


def stream_of_handle(machine: Machine, handle: int, use: str) -> Stream:
    """The stream that TensorRT or libcuda was given by number."""
    stream = machine.streams.get(handle)
    if stream is None:
        machine.fail(f"{use} got {handle:#x}, which is no stream's handle")
    return stream
