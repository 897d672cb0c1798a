"""What engines need of CUDA's driver API, whatever library brings it to Python.

Everything that is made here belongs to the context that was current on the thread that made it, and
is freed there with its last reference.
"""

import abc
from dataclasses import dataclass
from typing import Any, Callable, Tuple, Type

import numpy as np

from trt_inference.bundles.precisions import Capability

# The first Jetson that is I/O coherent, so that the processor may cache page-locked memory: Xavier.
# See "I/O Coherency" in https://docs.nvidia.com/cuda/cuda-for-tegra-appnote/. CUDA's attribute for
# it, HOST_REGISTER_SUPPORTED, is not in pycuda.
_XAVIER: Capability = (7, 2)


@dataclass(frozen=True)
class GpuProperties:
    """What is known of a GPU without a context.

    Attributes:
        integrated: it works in the memory of the processor, as on a Jetson.
    """

    name: str
    capability: Capability
    integrated: bool

    @property
    def suits_zero_copy(self) -> bool:
        """Whether it is better to let the GPU work on the processor's arrays than to copy them:
        where they share one memory, in which the processor may cache such arrays. Before Xavier
        neither of them caches them, and a GPU with memory of its own fetches them over the bus."""
        return self.integrated and self.capability >= _XAVIER


class Context(abc.ABC):
    """The primary context of a GPU, current on the thread that entered it."""

    @abc.abstractmethod
    def close(self) -> None:
        """Leave and release it, on the same thread."""


class Stream(abc.ABC):
    """Work on the GPU, in order.

    Attributes:
        handle: CUstream as a number, for TensorRT.
    """

    handle: int

    @abc.abstractmethod
    def synchronize(self) -> Any:
        """Wait for all that is on it; other threads of Python go on meanwhile."""


class Event(abc.ABC):
    """A mark on a stream."""

    @abc.abstractmethod
    def record(self, stream: Any) -> Any:
        """Put the mark behind all that is on ``stream``."""

    @abc.abstractmethod
    def synchronize(self) -> Any:
        """Wait until the GPU has come to it; other threads of Python go on meanwhile."""

    @abc.abstractmethod
    def time_till(self, end: Any) -> float:
        """Milliseconds to a later event; both were made with ``timing``."""


class DeviceMemory(abc.ABC):
    """Memory of the GPU; as an ``int`` it is its address."""

    @abc.abstractmethod
    def __int__(self) -> int: ...

    @abc.abstractmethod
    def free(self) -> None:
        """Give it back now."""


# Puts a copy on the stream that it is called with.
Copy = Callable[[Any], Any]


class Cuda(abc.ABC):
    """CUDA's driver API by one library.

    Attributes:
        library: its name and version, for people.
        error: what calls raise that the driver refuses.
        out_of_memory: the one of them for a lack of memory.
    """

    library: str
    error: Type[Exception]
    out_of_memory: Type[Exception]

    @abc.abstractmethod
    def init(self) -> None:
        """To be called before all else. Raises ``error`` where no driver or no GPU is."""

    @abc.abstractmethod
    def device_count(self) -> int:
        """How many GPUs there are: those that CUDA_VISIBLE_DEVICES leaves."""

    @abc.abstractmethod
    def properties(self, index: int) -> GpuProperties:
        """Of one of them."""

    @abc.abstractmethod
    def driver_version(self) -> int:
        """The CUDA version of the driver: 12060 is 12.6."""

    @abc.abstractmethod
    def enter(self, index: int) -> Context:
        """Retain the primary context of a GPU and make it current on this thread."""

    # What follows needs a current context.

    @abc.abstractmethod
    def synchronize(self) -> None:
        """Wait for all work of the context."""

    @abc.abstractmethod
    def memory_info(self) -> Tuple[int, int]:
        """Free and total bytes of the GPU."""

    @abc.abstractmethod
    def stream(self) -> Stream:
        """Make a stream."""

    @abc.abstractmethod
    def event(self, blocking: bool = False, timing: bool = False) -> Event:
        """Make an event.

        Args:
            blocking: whoever waits for it sleeps, instead of keeping a core busy.
        """

    @abc.abstractmethod
    def allocate(self, size: int) -> DeviceMemory:
        """Take ``size`` bytes of the GPU's memory."""

    @abc.abstractmethod
    def page_locked(
        self, shape: Tuple[int, ...], dtype: np.dtype, mapped: bool = False
    ) -> np.ndarray:
        """Make an array, with nothing written, that copies can take while the processor goes on.

        Args:
            mapped: the GPU can work on it, at ``address_of``.
        """

    @abc.abstractmethod
    def address_of(self, array: np.ndarray) -> int:
        """Where the GPU finds a mapped array that ``page_locked`` returned."""

    @abc.abstractmethod
    def upload(self, memory: DeviceMemory, array: np.ndarray) -> Copy:
        """Prepare a copy of a page-locked array to the GPU. Both must outlive it."""

    @abc.abstractmethod
    def download(self, array: np.ndarray, memory: DeviceMemory) -> Copy:
        """Prepare a copy from the GPU to a page-locked array. Both must outlive it."""

    @abc.abstractmethod
    def upload_now(self, memory: DeviceMemory, array: np.ndarray) -> None:
        """Copy any array to the GPU, and wait."""

    @abc.abstractmethod
    def download_now(self, array: np.ndarray, memory: DeviceMemory) -> None:
        """Copy from the GPU to any array, and wait."""
