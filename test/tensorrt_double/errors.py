"""What the double raises: its own complaint, and the errors of pycuda."""


class DoubleError(AssertionError):
    """The code under test did what the real thing would crash on, or silently get wrong."""


class ArgumentError(TypeError):
    """pycuda got an argument of a type that it does not take, as numpy's integers."""


class Error(Exception):
    """The base of pycuda's errors."""


class CudaMemoryError(Error):
    """Out of memory."""


class LogicError(Error):
    """A wrong call: no context, a bad handle, a call that capture does not allow."""


class LaunchError(Error):
    """What ran on the device failed."""


class CudaRuntimeError(Error):
    """No device, or work that is not done yet."""


for _error, _name in (
    (Error, "Error"),
    (CudaMemoryError, "MemoryError"),
    (LogicError, "LogicError"),
    (LaunchError, "LaunchError"),
    (CudaRuntimeError, "RuntimeError"),
):
    _error.__name__ = _error.__qualname__ = _name
    _error.__module__ = "pycuda._driver"
