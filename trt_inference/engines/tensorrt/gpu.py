"""One NVIDIA GPU, as the thread that runs the engine owns it."""

import contextlib
import importlib
import os
import platform
from types import ModuleType
from typing import Iterator, Optional

from trt_inference.bundles.choose_precision import Device, gpu
from trt_inference.bundles.machine import Machine
from trt_inference.engines.tensorrt.cuda.base import Context, Cuda, GpuProperties
from trt_inference.engines.tensorrt.cuda.choose_library import load_cuda
from trt_inference.errors import DeviceFault, EngineError


def import_tensorrt() -> ModuleType:
    """``tensorrt``, which only robots with a GPU have.

    Raises:
        EngineError: it cannot be imported.
    """
    try:
        return importlib.import_module("tensorrt")
    except (ImportError, OSError) as error:  # OSError: a library of CUDA is missing
        raise EngineError(
            f"backend tensorrt: {error}. On a Jetson it comes with JetPack; elsewhere: python3 -m "
            "pip install tensorrt"
        ) from error


def open_cuda(index: int = 0) -> Cuda:
    """CUDA, without a context, on a machine that has GPU number ``index``. It comes before anything
    of TensorRT, which crashes the process on some machines without a driver.

    Raises:
        EngineError: there is no such GPU, or no driver.
    """
    cuda = load_cuda()
    try:
        cuda.init()
        count = cuda.device_count()
    except cuda.error as error:
        raise EngineError(
            f"backend tensorrt: there is no NVIDIA GPU here ({error}){_visible_devices()}. "
            "See whether nvidia-smi, or tegrastats on a Jetson, finds one; start a container with "
            "--runtime nvidia"
        ) from error
    if not 0 <= index < count:
        there_are = "there is 1" if count == 1 else f"there are {count}"
        raise EngineError(
            f"backend tensorrt: there is no GPU {index}, {there_are}, counted from 0"
            f"{_visible_devices()}"
        )
    return cuda


def _visible_devices() -> str:
    """What hides GPUs from CUDA, where it is set."""
    value = os.environ.get("CUDA_VISIBLE_DEVICES")
    return "" if value is None else f" (CUDA_VISIBLE_DEVICES={value})"


def gpu_properties(index: int = 0) -> GpuProperties:
    """What is known of a GPU.

    Raises:
        EngineError: there is no such GPU, or no driver.
    """
    return open_cuda(index).properties(index)


def gpu_device(index: int = 0) -> Device:
    """A GPU for the choice of the precision."""
    return gpu(*gpu_properties(index).capability)


def this_machine(index: int = 0) -> Machine:
    """What engines are built for, and run on, here.

    Raises:
        EngineError: there is no TensorRT, no GPU or no driver.
    """
    cuda = open_cuda(index)
    properties, version = cuda.properties(index), cuda.driver_version()
    return Machine(
        tensorrt=str(import_tensorrt().__version__),
        cuda=f"{version // 1000}.{version % 1000 // 10}",
        capability=properties.capability,
        gpu=properties.name,
        system=platform.system().lower(),
        architecture=platform.machine(),
    )


class GpuContext:
    """The primary context of a GPU, current on the thread that made it until it is closed there."""

    def __init__(self, index: int = 0) -> None:
        """
        Raises:
            EngineError: there is no such GPU, or no memory left on it.
        """
        self.cuda = open_cuda(index)
        with self.translated("cannot be used"):
            self._context: Optional[Context] = self.cuda.enter(index)

    def close(self) -> None:
        """Not current any more. A second call does nothing."""
        context, self._context = self._context, None
        if context is not None:
            context.close()

    def __enter__(self) -> "GpuContext":
        return self

    def __exit__(self, *exception: object) -> None:
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
        except cuda.out_of_memory as error:
            raise EngineError(
                f"the GPU {what}: out of memory ({error}). Close other users of the GPU, take a "
                "narrower precision, or a smaller input"
            ) from error
        except cuda.error as error:
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
            self.cuda.synchronize()
        except self.cuda.error:
            return True
        return False
