"""The types of ``cuda.bindings.driver``: results, attributes, flags and handles."""

import enum
from typing import Any


class CUresult(enum.IntEnum):
    """Those that the double gives."""

    CUDA_SUCCESS = 0
    CUDA_ERROR_INVALID_VALUE = 1
    CUDA_ERROR_OUT_OF_MEMORY = 2
    CUDA_ERROR_NOT_INITIALIZED = 3
    CUDA_ERROR_NO_DEVICE = 100
    CUDA_ERROR_INVALID_DEVICE = 101
    CUDA_ERROR_INVALID_CONTEXT = 201
    CUDA_ERROR_INVALID_HANDLE = 400
    CUDA_ERROR_NOT_READY = 600
    CUDA_ERROR_ILLEGAL_ADDRESS = 700
    CUDA_ERROR_LAUNCH_FAILED = 719
    CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED = 900
    CUDA_ERROR_UNKNOWN = 999


TEXTS = {
    CUresult.CUDA_SUCCESS: "no error",
    CUresult.CUDA_ERROR_INVALID_VALUE: "invalid argument",
    CUresult.CUDA_ERROR_OUT_OF_MEMORY: "out of memory",
    CUresult.CUDA_ERROR_NOT_INITIALIZED: "initialization error",
    CUresult.CUDA_ERROR_NO_DEVICE: "no CUDA-capable device is detected",
    CUresult.CUDA_ERROR_INVALID_DEVICE: "invalid device ordinal",
    CUresult.CUDA_ERROR_INVALID_CONTEXT: "invalid device context",
    CUresult.CUDA_ERROR_INVALID_HANDLE: "invalid resource handle",
    CUresult.CUDA_ERROR_NOT_READY: "device not ready",
    CUresult.CUDA_ERROR_ILLEGAL_ADDRESS: "an illegal memory access was encountered",
    CUresult.CUDA_ERROR_LAUNCH_FAILED: "unspecified launch failure",
    CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED: (
        "operation not permitted when stream is capturing"
    ),
    CUresult.CUDA_ERROR_UNKNOWN: "unknown error",
}


class CUdevice_attribute(enum.IntEnum):
    """Some of them."""

    CU_DEVICE_ATTRIBUTE_INTEGRATED = 18
    CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75
    CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76


class CUevent_flags(enum.IntEnum):
    """cuEventCreate's."""

    CU_EVENT_DEFAULT = 0
    CU_EVENT_BLOCKING_SYNC = 1
    CU_EVENT_DISABLE_TIMING = 2
    CU_EVENT_INTERPROCESS = 4


def whole_number(value: Any) -> int:
    """What Cython takes as an address or a size. It would cut off the fraction of a float, which
    nobody means.

    Raises:
        TypeError: it is no number.
        OverflowError: it is negative.
    """
    if isinstance(value, (str, bytes, float)) or not hasattr(value, "__int__"):
        raise TypeError("an integer is required")
    number = int(value)
    if number < 0:
        raise OverflowError("can't convert negative value to unsigned PY_LONG_LONG")
    return number


class Number:
    """A number with a type of its own. It is no owner: nothing is freed with it."""

    def __init__(self, init_value: Any = 0) -> None:
        self._value = whole_number(init_value)

    def __int__(self) -> int:
        return self._value

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._value:#x}>"


class CUdevice(Number):
    """The number of a device."""


class CUdeviceptr(Number):
    """An address on the device."""


class Handle(Number):
    """A pointer to something of the driver."""

    __index__ = Number.__int__

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and int(other) == self._value

    def __hash__(self) -> int:
        return hash(self._value)


class CUcontext(Handle):
    """A context."""


class CUstream(Handle):
    """A stream."""


class CUevent(Handle):
    """An event."""


def get_cuda_native_handle(obj: Any) -> int:
    """Of ``cuda.bindings.utils``: the number of a handle."""
    if not isinstance(obj, Handle):
        raise TypeError(f"Unknown type: {type(obj)}")
    return int(obj)
