"""What every engine can do: image in, candidates out; and what every backend reports about its
engines."""

import abc
import warnings
from dataclasses import dataclass, field
from typing import Callable, Mapping, Optional

import numpy as np

from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.choose_precision import Device


def warn_user(text: str) -> None:
    """Give a RuntimeWarning."""
    warnings.warn(text, RuntimeWarning, stacklevel=2)


@dataclass(frozen=True)
class EngineOptions:
    """How an engine is run; each backend takes what concerns it.

    Attributes:
        threads: of the CPU for one inference; 0 lets the backend choose.
        device: number of the GPU.
        cuda_graph: launch a frame's work as one piece where the driver can.
        zero_copy: the GPU works on the processor's arrays, without copies; None: where they share
            one memory and the processor caches it meanwhile, as on Jetsons from Xavier on.
        spin: wait for the GPU with a busy core, for some microseconds less.
        batch: most images in one run, where the engine leaves it open; one that was built for a
            number of images runs that many.
        host_code_allowed: load engines that bring code for the processor, as those of TensorRT that
            are for several of its versions do. It runs with all rights of this process.
        warn: called with what a user should know before the engine is loaded, as that memory is
            scarce. By default that is a Python warning.
    """

    threads: int = 0
    device: int = 0
    cuda_graph: bool = True
    zero_copy: Optional[bool] = None
    spin: bool = False
    batch: int = 1
    host_code_allowed: bool = False
    warn: Callable[[str], object] = field(default=warn_user, compare=False)


class Engine(abc.ABC):
    """A model that is loaded and has all of its buffers.

    It is opened, run and closed by one thread, which owns the device's context. A run takes up to
    ``batch`` images. As many runs as ``depth`` may have been started and not finished; each has
    buffers of its own.
    """

    depth: int = 1
    batch: int = 1

    @property
    @abc.abstractmethod
    def description(self) -> str:
        """Backend, version and device, for people."""

    @abc.abstractmethod
    def input_buffer(self) -> np.ndarray:
        """The array to write the next images into: uint8 ``[batch, height, width, 3]``, BGR.
        There are ``depth`` of them, which take turns at each ``start``."""

    @abc.abstractmethod
    def start(self, count: int = 1) -> None:
        """Begin to run on the first ``count`` images that lie in the input buffer, 1 to ``batch``.

        Raises:
            EngineError: the backend failed.
        """

    @abc.abstractmethod
    def finish(self) -> Mapping[str, np.ndarray]:
        """Wait for what was started first.

        Returns:
            The outputs by name, ``[count, ...]``: views of buffers that are overwritten once
            their turn has come again.

        Raises:
            EngineError: the backend failed, or nothing was started.
        """

    def memory(self) -> Mapping[str, int]:
        """The device's memory in bytes: ``free`` and ``total``; empty where it has none of its own.
        To be asked on the engine's thread, and not at each frame."""
        return {}

    def infer(self, count: int = 1) -> Mapping[str, np.ndarray]:
        """Run on what lies in the input buffer, and wait: ``start`` and ``finish``."""
        self.start(count)
        return self.finish()

    @abc.abstractmethod
    def close(self) -> None:
        """Free everything. The engine and the arrays it gave cannot be used afterwards."""


class Backend(abc.ABC):
    """What opens engines by one library, or by several that belong together.

    They are imported in the methods, so that a robot needs only those of the backend that it uses.

    Attributes:
        name: the value of the parameter ``backend``.
        rank: ``auto`` takes the available backend of the lowest rank. The ranks of the backends in
            the tree are multiples of ten.
    """

    name: str
    rank: int

    @abc.abstractmethod
    def is_available(self, device: int) -> bool:
        """Whether engines can be opened here. Where there are GPUs, a wrong number is not a reason
        against them but an error of ``device`` and ``open``.

        Args:
            device: number of the GPU.
        """

    @abc.abstractmethod
    def device(self, index: int) -> Device:
        """What networks run on, for the choice of the precision.

        Args:
            index: number of the GPU.

        Raises:
            EngineError: there is no such GPU.
        """

    def built_precisions(
        self, bundle: Bundle, index: int
    ) -> Optional[Mapping[str, Optional[float]]]:
        """The precisions for which the bundle has an engine for this machine, each with the
        milliseconds of an image that were measured here, or None; None where none has to be built.

        Raises:
            BundleError: a sidecar cannot be read.
            EngineError: there is no such GPU.
        """
        return None

    @abc.abstractmethod
    def open(self, bundle: Bundle, precision: str, options: EngineOptions) -> Engine:
        """Load a precision of a bundle, with all buffers allocated.

        Raises:
            BundleError: the bundle has no such precision, its file was changed, or it has no
                engine for this machine where one has to be built.
            EngineError: the backend is not installed, or does not take the model.
        """
