"""What every engine can do: image in, candidates out."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Mapping

import numpy as np


@dataclass(frozen=True)
class EngineOptions:
    """How an engine is run; each backend takes what concerns it.

    Attributes:
        threads: of the CPU for one inference; 0 lets the backend choose.
        device: number of the GPU.
        cuda_graph: launch a frame's work as one piece where the driver can.
        zero_copy: the GPU works on the host's memory, for GPUs that share it, as on a Jetson.
        spin: wait for the GPU with a busy core, for some microseconds less.
        batch: most images in one run, where the engine leaves it open; one that was built for a
            number of images runs that many.
    """

    threads: int = 0
    device: int = 0
    cuda_graph: bool = True
    zero_copy: bool = False
    spin: bool = False
    batch: int = 1


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
        """Of the device, in bytes: ``free`` and ``total``; empty where it has none of its own. To
        be asked on the engine's thread, and not at each frame."""
        return {}

    def infer(self, count: int = 1) -> Mapping[str, np.ndarray]:
        """Run on what lies in the input buffer, and wait: ``start`` and ``finish``."""
        self.start(count)
        return self.finish()

    @abc.abstractmethod
    def close(self) -> None:
        """Free everything. The engine and the arrays it gave cannot be used afterwards."""
