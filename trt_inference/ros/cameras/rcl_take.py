"""The functions of ROS's C library that take a message as bytes, called past rclpy."""

import ctypes
import os
from typing import Any, Optional

from rclpy.impl.implementation_singleton import rclpy_implementation

from trt_inference.errors import TrtInferenceError

OK = 0
NOTHING_THERE = 401  # RCL_RET_SUBSCRIPTION_TAKE_FAILED
_SMALL, _LARGE = 37, 4099  # bytes
_POINTER = ctypes.c_void_p


class TakeError(TrtInferenceError):
    """A message cannot be taken as bytes: from this subscription, or on this robot at all."""


class _Allocator(ctypes.Structure):
    """rcutils_allocator_t."""

    _fields_ = [
        (name, _POINTER)
        for name in ("allocate", "deallocate", "reallocate", "zero_allocate", "state")
    ]


class _ReturnedAllocator(ctypes.Structure):
    """With room for more, should a later version have it; what is there now is garbage."""

    allocator: _Allocator

    _fields_ = [("allocator", _Allocator), ("more", ctypes.c_uint64 * 8)]


class Uint8Array(ctypes.Structure):
    """rcutils_uint8_array_t, the same from Foxy to Rolling, and the room for more."""

    buffer: Optional[int]
    length: int
    capacity: int
    allocator: _Allocator
    more: Any

    _fields_ = [
        ("buffer", _POINTER),
        ("length", ctypes.c_size_t),
        ("capacity", ctypes.c_size_t),
        ("allocator", _Allocator),
        ("more", ctypes.c_uint64 * 8),
    ]


class _ErrorString(ctypes.Structure):
    """rcutils_error_string_t, which has 1024 characters, and room for more."""

    text: bytes

    _fields_ = [("text", ctypes.c_char * 4096)]


def _function(libraries: Any, name: str, *arguments: Any) -> Any:
    found = libraries[name]
    found.argtypes = arguments
    return found


class RclTake:
    """The functions of exactly the libraries that rclpy is linked with: they are looked up in
    rclpy's own module and what it depends on. No library is loaded that is not there already.

    Calls of them do not hold the interpreter's lock.
    """

    def __init__(self) -> None:
        """
        Raises:
            TakeError: a function is missing, or a struct is not what it is known as.
        """
        try:
            libraries = ctypes.CDLL(
                rclpy_implementation.__file__, mode=os.RTLD_NOLOAD | os.RTLD_LAZY
            )
            self._find(libraries)
        except (AttributeError, OSError) as error:
            raise TakeError(f"rclpy's libraries have not what is needed: {error}") from error
        self._check_struct()

    def _find(self, libraries: Any) -> None:
        if not hasattr(rclpy_implementation.Subscription, "pointer"):
            raise AttributeError("Subscription.pointer")
        # Of the subscription; the message; information and memory for it, or None.
        self.take = _function(libraries, "rcl_take_serialized_message", *[_POINTER] * 4)
        init = (_POINTER, ctypes.c_size_t, _POINTER)
        self._init = _function(libraries, "rcutils_uint8_array_init", *init)
        resize = (_POINTER, ctypes.c_size_t)
        self._resize = _function(libraries, "rcutils_uint8_array_resize", *resize)
        self._fini = _function(libraries, "rcutils_uint8_array_fini", _POINTER)
        self._error_string = _function(libraries, "rcutils_get_error_string")
        self._error_string.restype = _ErrorString
        self._reset_error = _function(libraries, "rcutils_reset_error")
        allocator = _function(libraries, "rcutils_get_default_allocator")
        allocator.restype = _ReturnedAllocator
        self._allocator = allocator()

    def new_array(self, capacity: int = _SMALL) -> Uint8Array:
        """An empty array, which rcl makes larger where it needs more. It belongs to the caller,
        and must be freed.

        Raises:
            TakeError: there is no memory.
        """
        array = Uint8Array()
        if self._init(ctypes.addressof(array), capacity, ctypes.addressof(self._allocator)):
            raise self.error()
        return array

    def free(self, array: Uint8Array) -> None:
        """It may be used no more."""
        if self._fini(ctypes.addressof(array)):
            self._reset_error()

    def error(self) -> TakeError:
        """What rcl says of the call before this one, on the same thread. It then forgets it."""
        text = self._error_string().text.decode("utf-8", "replace")
        self._reset_error()
        return TakeError(text)

    def _check_struct(self) -> None:
        """Whether rcutils changes the fields of an array as it would those of the C struct."""
        array = self.new_array(_SMALL)
        seen = [(array.buffer is not None, array.length, array.capacity)]
        failed = self._resize(ctypes.addressof(array), _LARGE)
        seen.append((array.buffer is not None, array.length, array.capacity))
        same = bytes(array.allocator) == bytes(self._allocator.allocator)
        more = any(array.more)
        self.free(array)
        seen.append((array.buffer is not None, array.length, array.capacity))
        expected = [(True, 0, _SMALL), (True, 0, _LARGE), (False, 0, 0)]
        if failed or not same or more or seen != expected:
            raise TakeError(f"rcutils_uint8_array_t is another one: {seen}")
