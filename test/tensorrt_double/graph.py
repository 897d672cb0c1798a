"""The graph functions of libcuda, as ``ctypes.CDLL`` would give them."""

import ctypes
import threading
from typing import Any, Callable, Dict, List, Optional, Sequence

from test.tensorrt_double.errors import DoubleError, Error
from test.tensorrt_double.machine import Machine
from test.tensorrt_double.streams import Operation, Stream

SUCCESS, INVALID_VALUE, NO_DEVICE, INVALID_CONTEXT, INVALID_HANDLE = 0, 1, 100, 201, 400
LAUNCH_FAILED, NOT_SUPPORTED, CAPTURE_UNSUPPORTED, CAPTURE_INVALIDATED = 719, 801, 900, 901
GLOBAL, THREAD_LOCAL, RELAXED = 0, 1, 2
NAMES = {
    SUCCESS: "CUDA_SUCCESS",
    INVALID_VALUE: "CUDA_ERROR_INVALID_VALUE",
    INVALID_CONTEXT: "CUDA_ERROR_INVALID_CONTEXT",
    INVALID_HANDLE: "CUDA_ERROR_INVALID_HANDLE",
    LAUNCH_FAILED: "CUDA_ERROR_LAUNCH_FAILED",
    NOT_SUPPORTED: "CUDA_ERROR_NOT_SUPPORTED",
    CAPTURE_UNSUPPORTED: "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED",
    CAPTURE_INVALIDATED: "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED",
}


class Capture:
    """What is being recorded on a stream."""

    def __init__(self, mode: int) -> None:
        self.mode = mode
        self.thread = threading.current_thread()
        self.operations: List[Operation] = []
        self.invalid = False

    def forbids_this_thread(self) -> bool:
        """Whether calls that wait or allocate are illegal here and now."""
        here = threading.current_thread() is self.thread
        return self.mode == GLOBAL or (self.mode == THREAD_LOCAL and here)


class Function:
    """A foreign function: called with ctypes' values, returns a CUresult."""

    argtypes: Optional[Sequence[Any]] = None
    restype: Any = ctypes.c_int

    def __init__(self, machine: Machine, name: str, call: Callable[..., int]) -> None:
        self._machine, self._name, self._call = machine, name, call

    def __call__(self, *arguments: Any) -> int:
        if self._machine.closed:
            raise DoubleError(f"{self._name} after the double was removed")
        return self._call(*[self._plain(argument) for argument in arguments])

    def _plain(self, argument: Any) -> Any:
        """A number as a number, what ``byref`` and ``pointer`` give as the object behind it."""
        if type(argument) is int and argument >= 1 << 31 and self.argtypes is None:
            self._machine.fail(
                f"{self._name} got the number {argument:#x} as it is, which ctypes cuts to 32 "
                "bits: set argtypes, or pass ctypes.c_void_p"
            )
        if hasattr(argument, "_obj"):
            return argument._obj
        if hasattr(argument, "contents"):
            return argument.contents
        if isinstance(argument, ctypes._SimpleCData):
            return argument.value or 0
        return 0 if argument is None else argument


class LibCuda:
    """``libcuda.so.1``. Which functions there are depends on the version of CUDA."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._graphs: Dict[int, List[Operation]] = {}
        self._executables: Dict[int, List[Operation]] = {}
        functions: Dict[str, Callable[..., int]] = {
            "cuInit": lambda flags: SUCCESS if machine.visible() else NO_DEVICE,
            "cuDriverGetVersion": self._version,
            "cuDeviceGetCount": self._count,
            "cuGetErrorName": self._name,
            "cuGetErrorString": self._name,
            "cuStreamBeginCapture_v2": self._begin,
            "cuStreamEndCapture": self._end,
            "cuGraphLaunch": self._launch,
            "cuGraphExecDestroy": self._destroy_executable,
            "cuGraphDestroy": self._destroy_graph,
        }
        if machine.cuda_version < (11, 0):
            functions["cuGraphInstantiate"] = self._instantiate
        else:
            functions["cuGraphInstantiate_v2"] = self._instantiate
        if machine.cuda_version >= (11, 4):
            functions["cuGraphInstantiateWithFlags"] = self._instantiate_with_flags
        for name, call in functions.items():
            setattr(self, name, Function(machine, name, call))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"libcuda.so.1: undefined symbol: {name}")

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    @property
    def live(self) -> int:
        """Graphs and executables that nobody destroyed."""
        return len(self._graphs) + len(self._executables)

    def _name(self, code: int, text: ctypes.c_char_p) -> int:
        text.value = NAMES.get(code, "CUDA_ERROR_UNKNOWN").encode()
        return SUCCESS if code in NAMES else INVALID_VALUE

    def _version(self, number: ctypes.c_int) -> int:
        number.value = 1000 * self._machine.cuda_version[0] + 10 * self._machine.cuda_version[1]
        return SUCCESS

    def _count(self, number: ctypes.c_int) -> int:
        number.value = len(self._machine.visible())
        return SUCCESS

    def _stream(self, handle: int) -> Optional[Stream]:
        return self._machine.streams.get(handle)

    def _begin(self, handle: int, mode: int) -> int:
        machine, stream = self._machine, self._stream(handle)
        if machine.current() is None:
            return INVALID_CONTEXT
        if machine.faults.capture == "begin":
            return NOT_SUPPORTED
        if stream is None:
            machine.fail(f"cuStreamBeginCapture_v2 got {handle:#x}, which is no stream's handle")
        if handle == 0 or mode not in (GLOBAL, THREAD_LOCAL, RELAXED):
            return CAPTURE_UNSUPPORTED if handle == 0 else INVALID_VALUE
        if stream.capture is not None:
            return INVALID_VALUE
        stream.capture = Capture(mode)
        machine.captures.append(stream.capture)
        return SUCCESS

    def _end(self, handle: int, graph: Any) -> int:
        machine, stream = self._machine, self._stream(handle)
        if stream is None or stream.capture is None:
            return INVALID_VALUE
        capture, stream.capture = stream.capture, None
        machine.captures.remove(capture)
        graph.value = None
        if capture.thread is not threading.current_thread() and capture.mode != RELAXED:
            return CAPTURE_INVALIDATED
        if capture.invalid or machine.faults.capture == "end":
            return CAPTURE_INVALIDATED
        graph.value = self._new(self._graphs, capture.operations)
        machine.counters.graphs += 1
        return SUCCESS

    def _new(self, table: Dict[int, List[Operation]], operations: List[Operation]) -> int:
        self._machine.sequence += 1
        handle = 0x7F6600000000 + 64 * self._machine.sequence
        table[handle] = operations
        return handle

    def _instantiate_with_flags(self, executable: Any, graph: Any, flags: int) -> int:
        return self._instantiate(executable, graph, 0, 0, 0)

    def _instantiate(self, executable: Any, graph: Any, node: Any, log: Any, size: Any) -> int:
        operations = self._graphs.get(graph)
        if operations is None:
            self._machine.fail(f"a graph was instantiated from {graph!r}, which is no graph")
        if self._machine.faults.capture == "instantiate":
            return NOT_SUPPORTED
        executable.value = self._new(self._executables, operations)
        return SUCCESS

    def _launch(self, executable: int, handle: int) -> int:
        machine, stream = self._machine, self._stream(handle)
        operations = self._executables.get(executable)
        if operations is None or stream is None:
            machine.fail(f"cuGraphLaunch got {executable:#x} and {handle:#x}: no graph or stream")
        try:
            machine.check("cuGraphLaunch")
        except Error:
            return LAUNCH_FAILED if machine.current() else INVALID_CONTEXT
        if machine.faults.capture == "launch":
            return LAUNCH_FAILED
        for operation in operations:
            stream.enqueue(operation)
        machine.counters.graph_launches += 1
        return SUCCESS

    def _destroy_executable(self, executable: int) -> int:
        return self._destroy(self._executables, executable)

    def _destroy_graph(self, graph: int) -> int:
        return self._destroy(self._graphs, graph)

    def _destroy(self, table: Dict[int, List[Operation]], handle: int) -> int:
        if table.pop(handle, None) is None:
            self._machine.fail(f"{handle!r} was destroyed, which is no graph of that kind")
        return SUCCESS
