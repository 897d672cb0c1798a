"""What every engine can do: image in, candidates out; and what every backend reports about its
engines."""

import abc
import warnings
from dataclasses import dataclass, field
from typing import Callable, Mapping, Optional

import numpy as np

from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.choose_precision import Device, PrecisionChoice, choose
from trt_inference.engines.server_options import ServerOptions


def warn_user(text: str) -> None:
    """Give a RuntimeWarning."""
    warnings.warn(text, RuntimeWarning, stacklevel=2)


def _tell_nobody(text: str) -> None:
    """What ``EngineOptions.inform`` does by default."""


@dataclass(frozen=True)
class EngineOptions:
    """How an engine is run; each backend takes what concerns it.

    Attributes:
        threads: of the CPU for one inference; 0 lets the backend choose.
        device: number of the GPU.
        cuda_graph: launch a frame's work as one piece where the driver can.
        zero_copy: the GPU works on the processor's arrays, without copies; None: where they share
            one memory and the processor caches it meanwhile, as on Jetsons from Xavier on.
        spin: wait for the GPU with a busy core, for some microseconds less; None: where there are
            cores to spare, beside a graphics card.
        batch: most images in one run, where the engine leaves it open; one that was built for a
            number of images runs that many.
        host_code_allowed: load engines that bring code for the processor, as those of TensorRT that
            are for several of its versions do. It runs with all rights of this process.
        server: where a server runs the network, for the backend that asks one; without it, that
            backend looks at nothing but the bundle.
        warn: called with what a user should know before the engine is loaded, as that memory is
            scarce, or while it runs, then from any thread. By default that is a Python warning.
        inform: called in the same way with what has become good again. By default that is nothing.
    """

    threads: int = 0
    device: int = 0
    cuda_graph: bool = True
    zero_copy: Optional[bool] = None
    spin: Optional[bool] = None
    batch: int = 1
    host_code_allowed: bool = False
    server: Optional[ServerOptions] = None
    warn: Callable[[str], object] = field(default=warn_user, compare=False)
    inform: Callable[[str], object] = field(default=_tell_nobody, compare=False)


@dataclass(frozen=True)
class EngineStatus:
    """How an engine does that may do better or worse while it runs.

    Attributes:
        name: of what it depends on, as ``server``.
        values: for people, by name, with the unit in the name.
        problem: what is to be a warning; empty: nothing.
        is_failing: the problem is an error: there are no results.
    """

    name: str
    values: Mapping[str, str]
    problem: str = ""
    is_failing: bool = False


class Engine(abc.ABC):
    """A model that is loaded and has all of its buffers.

    It is opened, run and closed by one thread, which owns the device's context. A run takes up to
    ``batch`` images. As many runs as ``depth`` may have been started and not finished; each has
    buffers of its own. ``depth`` may change in ``finish``, and is looked at before each ``start``.

    ``choice`` is the precision of the results that ``finish`` returned last, and why that one,
    where only the engine knows it; ``description`` then tells who computed them.
    """

    depth: int = 1
    batch: int = 1
    choice: Optional[PrecisionChoice] = None

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
            FrameLost: there is no answer for this run; it counts as finished.
            EngineError: the backend failed, or nothing was started.
        """

    def status(self) -> Optional[EngineStatus]:
        """How it does, since the last call where that is a rate; None where nothing can change.
        May be called on any one thread, at any time, and does not wait."""
        return None

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
        opens_auto: ``open`` takes ``auto`` as well: only who runs the network knows the precision,
            and ``Engine.choice`` then has it.
    """

    name: str
    rank: int
    opens_auto = False

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

    def choose(self, bundle: Bundle, requested: str, options: EngineOptions) -> PrecisionChoice:
        """The precision that would be opened, and why.

        Args:
            requested: a precision, or ``auto``.

        Raises:
            BundleError: the bundle does not have the precision, or the device does not run it.
            EngineError: there is no such GPU, or what would run it has another model.
        """
        index = options.device
        return choose(bundle, requested, self.device(index), self.built_precisions(bundle, index))

    @abc.abstractmethod
    def open(self, bundle: Bundle, precision: str, options: EngineOptions) -> Engine:
        """Load a precision of a bundle, with all buffers allocated.

        Raises:
            BundleError: the bundle has no such precision, its file was changed, or it has no
                engine for this machine where one has to be built.
            EngineError: the backend is not installed, or does not take the model.
        """
