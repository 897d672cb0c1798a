"""One NVIDIA GPU, as the thread that runs the engine owns it."""

import contextlib
import importlib
import platform
from types import ModuleType, TracebackType
from typing import Any, Iterator, Optional, Tuple, Type

from trt_inference.bundles.choose_precision import Device, gpu
from trt_inference.bundles.machine import Machine
from trt_inference.errors import DeviceFault, EngineError

_ADVICE = {
    "tensorrt": "On a Jetson it comes with JetPack; elsewhere: python3 -m pip install tensorrt",
    "pycuda.driver": "Install it with: python3 -m pip install pycuda",
}


def import_library(name: str) -> ModuleType:
    """``tensorrt`` or ``pycuda.driver``, which only robots with a GPU have.

    Raises:
        EngineError: it cannot be imported.
    """
    try:
        return importlib.import_module(name)
    except (ImportError, OSError) as error:  # OSError: libcuda.so.1 is missing
        raise EngineError(f"backend tensorrt: {error}. {_ADVICE[name]}") from error


def open_device(index: int = 0) -> Any:
    """The pycuda device, without a context. It comes before anything of TensorRT, which crashes
    the process on some machines without a driver.

    Raises:
        EngineError: there is no such GPU, or no driver.
    """
    cuda = import_library("pycuda.driver")
    try:
        cuda.init()
        count = cuda.Device.count()
    except cuda.Error as error:
        raise EngineError(f"backend tensorrt: there is no NVIDIA GPU here ({error})") from error
    if not 0 <= index < count:
        raise EngineError(f"backend tensorrt: there is no GPU {index}, there are {count}")
    return cuda.Device(index)


def capability(index: int = 0) -> Tuple[int, int]:
    """The compute capability of a GPU, as ``(8, 7)``."""
    major, minor = open_device(index).compute_capability()
    return int(major), int(minor)


def gpu_device(index: int = 0) -> Device:
    """A GPU for the choice of the precision."""
    return gpu(*capability(index))


def this_machine(index: int = 0) -> Machine:
    """What engines are built for, and run on, here.

    Raises:
        EngineError: there is no TensorRT, no GPU or no driver.
    """
    device = open_device(index)
    version = import_library("pycuda.driver").get_driver_version()
    return Machine(
        tensorrt=str(import_library("tensorrt").__version__),
        cuda=f"{version // 1000}.{version % 1000 // 10}",
        capability=capability(index),
        gpu=str(device.name()),
        system=platform.system().lower(),
        architecture=platform.machine(),
    )


class GpuContext:
    """The primary context of a GPU, current on the thread that made it until it is closed there.

    A thread that ends with it still current takes the whole process with it.
    """

    def __init__(self, index: int = 0) -> None:
        """
        Raises:
            EngineError: there is no such GPU, or no memory left on it.
        """
        self.cuda = import_library("pycuda.driver")
        device = open_device(index)
        with self.translated("cannot be used"):
            self._context: Optional[Any] = device.retain_primary_context()
            self._context.push()

    def close(self) -> None:
        """Not current any more. A second call does nothing."""
        context, self._context = self._context, None
        if context is not None:
            context.pop()
            context.detach()

    def __enter__(self) -> "GpuContext":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def translated(self, what: str) -> Iterator[None]:
        """Run a block whose CUDA errors become the project's.

        Raises:
            EngineError: out of memory, or something that can be tried again.
            DeviceFault: the context is lost: only a new process gets another one.
        """
        cuda = self.cuda
        try:
            yield
        except cuda.MemoryError as error:
            raise EngineError(
                f"the GPU {what}: out of memory ({error}). Close other users of the GPU, take a "
                "narrower precision, or a smaller input"
            ) from error
        except cuda.Error as error:
            if self._is_lost():
                raise DeviceFault(
                    f"the GPU {what}: {error}. Its context is lost, the process must be restarted"
                ) from error
            raise EngineError(f"the GPU {what}: {error}") from error
        except EngineError as error:  # of TensorRT or the driver, which report no more
            if not isinstance(error, DeviceFault) and self._is_lost():
                raise DeviceFault(
                    f"{error}. The GPU's context is lost, the process must be restarted"
                ) from error
            raise

    def _is_lost(self) -> bool:
        """Whether the last error stays: nothing works any more in this process."""
        try:
            self.cuda.Context.synchronize()
        except self.cuda.Error:
            return True
        return False
