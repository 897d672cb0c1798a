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
    """

    threads: int = 0
    device: int = 0
    cuda_graph: bool = True
    zero_copy: bool = False
    spin: bool = False


class Engine(abc.ABC):
    """A model that is loaded and has all of its buffers.

    It is opened, run and closed by one thread, which owns the device's context. As many frames
    as ``depth`` may have been started and not finished; each has buffers of its own.
    """

    depth: int = 1

    @property
    @abc.abstractmethod
    def description(self) -> str:
        """Backend, version and device, for people."""

    @abc.abstractmethod
    def input_buffer(self) -> np.ndarray:
        """The array to write the next image into: uint8 ``[N, height, width, 3]``, BGR. There are
        ``depth`` of them, which take turns at each ``start``."""

    @abc.abstractmethod
    def start(self) -> None:
        """Begin to run on what lies in the input buffer.

        Raises:
            EngineError: the backend failed.
        """

    @abc.abstractmethod
    def finish(self) -> Mapping[str, np.ndarray]:
        """Wait for what was started first.

        Returns:
            The outputs by name, ``[N, ...]``: views of buffers that are overwritten once their
            turn has come again.

        Raises:
            EngineError: the backend failed, or nothing was started.
        """

    def infer(self) -> Mapping[str, np.ndarray]:
        """Run on what lies in the input buffer, and wait: ``start`` and ``finish``."""
        self.start()
        return self.finish()

    @abc.abstractmethod
    def close(self) -> None:
        """Free everything. The engine and the arrays it gave cannot be used afterwards."""
