"""Loggers, dimensions, host memory, profilers: what all other classes of TensorRT take."""

import ctypes
import operator
from typing import Any, Sequence, Tuple

from test.tensorrt_double.surface import Bound, enumeration

SEVERITIES = {"INTERNAL_ERROR": 0, "ERROR": 1, "WARNING": 2, "INFO": 3, "VERBOSE": 4}


class ILogger(Bound):
    """The base of loggers in Python."""

    Severity = enumeration("Severity", SEVERITIES)

    def __init__(self) -> None:
        self._constructed = True

    def log(self, severity: Any, msg: str) -> None:
        """To be overridden."""
        raise RuntimeError('Tried to call pure virtual function "ILogger::log"')


class Logger(ILogger):
    """TensorRT's own, which prints. TensorRT never calls an override of its ``log``."""

    def __init__(self, min_severity: Any = ILogger.Severity.WARNING) -> None:
        self._constructed = True
        self.min_severity = min_severity

    @property
    def min_severity(self) -> Any:
        """What is less severe is not printed."""
        return self._min_severity

    @min_severity.setter
    def min_severity(self, severity: Any) -> None:
        if type(severity) is not ILogger.Severity:
            raise TypeError(f"min_severity takes an ILogger.Severity, not {severity!r}")
        self._min_severity = severity

    def log(self, severity: Any, msg: str) -> None:
        """Print it if it is severe enough."""
        if severity <= self._min_severity:
            print(f"[TRT] [{severity.name[0]}] {msg}")


for _name, _value in ILogger.Severity.__members__.items():
    setattr(ILogger, _name, _value)
    setattr(Logger, _name, _value)
Logger.Severity = ILogger.Severity


class Dims(Bound):
    """A shape. It looks like a tuple, and compares with tuples and lists only."""

    MAX_DIMS = 8
    _length: Any = None

    def __init__(self, shape: Sequence[int] = ()) -> None:
        self._constructed = True
        self._values = [operator.index(size) for size in shape]
        if len(self._values) > self.MAX_DIMS or self._length not in (None, len(self._values)):
            raise ValueError(f"Input length {len(self._values)}")

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, index: Any) -> Any:
        return tuple(self._values[index]) if isinstance(index, slice) else self._values[index]

    def __setitem__(self, index: int, size: int) -> None:
        self._values[index] = operator.index(size)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (tuple, list)):
            raise TypeError("__eq__(): incompatible function arguments: tuple or list expected")
        return self._values == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(tuple(self._values))

    __str__ = __repr__


class Dims2(Dims):
    """Two sizes."""

    _length = 2


class Dims3(Dims):
    """Three sizes."""

    _length = 3


class Dims4(Dims):
    """Four sizes."""

    _length = 4


def sizes(shape: Any) -> Tuple[int, ...]:
    """What pybind11 converts to Dims: tuples, lists and Dims of whole numbers."""
    if not isinstance(shape, (tuple, list)) and not hasattr(shape, "MAX_DIMS"):
        raise TypeError(f"incompatible function arguments: {shape!r} is no shape")
    return tuple(operator.index(size) for size in shape)


class IHostMemory(ctypes.Array):
    """Bytes that TensorRT made: a buffer and nothing else, it has not even a length."""

    _api: Any = None
    _type_ = ctypes.c_ubyte
    _length_ = 0

    def __len__(self) -> int:
        raise TypeError("object of type 'tensorrt.tensorrt.IHostMemory' has no len()")

    def __getitem__(self, index: Any) -> Any:
        raise TypeError("'tensorrt.tensorrt.IHostMemory' object is not subscriptable")

    def __bool__(self) -> bool:
        return True

    @property
    def dtype(self) -> Any:
        """Always INT8."""
        return self._api.DataType.INT8

    @property
    def nbytes(self) -> int:
        """Bytes."""
        return ctypes.sizeof(self)


def host_memory(api: Any, content: bytes) -> IHostMemory:
    """``content`` as host memory."""
    kind: Any = type("IHostMemory", (api.IHostMemory,), {"_length_": len(content)})
    return kind.from_buffer_copy(content)


def buffer_bytes(buffer: Any) -> bytes:
    """What pybind11 takes as a buffer.

    Raises:
        TypeError: it is none.
    """
    try:
        return memoryview(buffer).tobytes()
    except TypeError as error:
        raise TypeError(f"incompatible function arguments: {type(buffer)} is no buffer") from error


class IProfiler(Bound):
    """To be overridden."""

    def __init__(self) -> None:
        self._constructed = True

    def report_layer_time(self, layer_name: str, ms: float) -> None:
        """Called for each layer."""
        raise RuntimeError('Tried to call pure virtual function "IProfiler::report_layer_time"')


class Profiler(IProfiler):
    """TensorRT's own, which prints."""

    def __init__(self) -> None:
        self._constructed = True

    def report_layer_time(self, layer_name: str, ms: float) -> None:
        """Print it."""
        print(f"{layer_name}: {ms}ms")


class IProgressMonitor(Bound):
    """To be overridden. ``step_complete`` returns False, or nothing, to end the build."""

    def __init__(self) -> None:
        self._constructed = True

    def phase_start(self, phase_name: str, parent_phase: str, num_steps: int) -> None:
        """A phase begins."""
        raise RuntimeError("Tried to call pure virtual function phase_start")

    def step_complete(self, phase_name: str, step: int) -> bool:
        """A step is done."""
        raise RuntimeError("Tried to call pure virtual function step_complete")

    def phase_finish(self, phase_name: str) -> None:
        """The phase is over, or was left early."""
        raise RuntimeError("Tried to call pure virtual function phase_finish")


def report(api: Any, logger: Any, severity: str, message: str) -> None:
    """Log as TensorRT does, and keep it in ``machine.log``."""
    api.machine.log.append((severity, message))
    value = ILogger.Severity.__members__[severity]
    try:
        if isinstance(logger, api.Logger):
            api.Logger.log(logger, value, message)
        else:
            logger.log(value, message)
    except Exception as error:
        api.machine.fail(f"the logger raised {error!r}, which ends the process")


def require(kind: Any, value: Any) -> Any:
    """``value``, if it is a ``kind``, as pybind11 checks arguments."""
    if not isinstance(value, kind):
        raise TypeError(f"incompatible function arguments: {value!r} is no {kind.__name__}")
    return value


def address(value: Any) -> int:
    """What pybind11 takes as a pointer: anything with an index."""
    number = operator.index(value)
    if number < 0:
        raise TypeError("incompatible function arguments: a pointer is not negative")
    return number
