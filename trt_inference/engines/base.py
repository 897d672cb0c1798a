"""What every engine can do: image in, candidates out."""

from __future__ import annotations

from typing import Mapping, Protocol

import numpy as np


class Engine(Protocol):
    """A model that is loaded and has all of its buffers.

    It is opened, run and closed by one thread, which owns the device's context.
    """

    @property
    def description(self) -> str:
        """Backend, version and device, for people."""

    def input_buffer(self) -> np.ndarray:
        """The array to write images into: uint8 ``[N, height, width, 3]``, BGR, always the same."""

    def infer(self) -> Mapping[str, np.ndarray]:
        """Run on what lies in the input buffer.

        Returns:
            The outputs by name, ``[N, ...]``: views of buffers that the next call overwrites.

        Raises:
            EngineError: the backend failed.
        """

    def close(self) -> None:
        """Free everything. The engine and the arrays it gave cannot be used afterwards."""
