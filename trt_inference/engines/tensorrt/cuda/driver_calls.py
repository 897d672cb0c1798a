"""The functions of cuda.bindings.driver, which return errors, as functions that raise them."""

import importlib
import re
from typing import Any, Callable, Tuple

# Older ones keep Python's global lock in every call, so that the other threads of the process stand
# still while one waits for the GPU.
OLDEST = (12, 9, 1)


class CudaPythonError(Exception):
    """The driver refuses a call."""


class CudaPythonMemoryError(CudaPythonError):
    """There is not enough memory."""


class DriverCalls:
    """Has all functions of the driver, ``cuMemAlloc`` and so on. They take the arguments of the
    real ones and return the same tuples, and raise ``CudaPythonError`` where the first of the
    tuple is an error.

    Attributes:
        driver: the module, for its constants, and for calls whose errors do not matter.
        version: of the library.
    """

    def __init__(self) -> None:
        """
        Raises:
            ImportError: cuda-python is not installed, or too old.
        """
        self.version = str(getattr(importlib.import_module("cuda.bindings"), "__version__", "0"))
        if _numbers(self.version) < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            raise ImportError(
                f"cuda-bindings {self.version} holds up all of Python while it waits for the GPU: "
                f"{oldest} or newer is needed"
            )
        self.driver: Any = importlib.import_module("cuda.bindings.driver")

    def __getattr__(self, name: str) -> Callable[..., Tuple[Any, ...]]:
        """Make the function when it is used for the first time."""
        if not name.startswith("cu"):
            raise AttributeError(name)
        function = getattr(self.driver, name)

        def call(*arguments: Any) -> Tuple[Any, ...]:
            try:
                returned: Tuple[Any, ...] = function(*arguments)
            except RuntimeError as error:  # there is no libcuda.so.1, or it lacks the function
                message = f"{name} failed with cuda-bindings {self.version}: {error}"
                raise CudaPythonError(message) from error
            if returned[0]:
                raise self._error(name, returned[0])
            return returned

        setattr(self, name, call)
        return call

    def _error(self, name: str, code: Any) -> CudaPythonError:
        """As pycuda words it."""
        text = self.driver.cuGetErrorString(code)[1] or code.name.encode()
        kind = CudaPythonError
        if code == self.driver.CUresult.CUDA_ERROR_OUT_OF_MEMORY:
            kind = CudaPythonMemoryError
        return kind(f"{name} failed: {text.decode()}")


def _numbers(version: str) -> Tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
