"""Runs on this machine: in the place of the server, or of one run that it did not answer."""

from collections import deque
from typing import Deque, Dict, Mapping, Tuple

import numpy as np

from trt_inference.engines.base import Engine


class LocalLane:
    """The local engine, with the count of its runs. Everything on the engine's thread.

    Args:
        batch: most images in one run, which the engine may have more room for.
    """

    def __init__(self, engine: Engine, batch: int) -> None:
        self.engine = engine
        self.batch = batch
        self._kept = np.empty_like(engine.input_buffer()[:batch])
        self._counts: Deque[int] = deque()
        # By the id of the engine's own: who writes into buffers knows each by its identity.
        self._views: Dict[int, np.ndarray] = {}

    @property
    def under_way(self) -> int:
        """How many runs were started and not finished."""
        return len(self._counts)

    @property
    def depth(self) -> int:
        """How many runs may be started and not finished."""
        return self.engine.depth

    def input_buffer(self) -> np.ndarray:
        """uint8 ``[batch, height, width, 3]``, BGR: the engine's own."""
        buffer = self.engine.input_buffer()
        if len(buffer) == self.batch:
            return buffer
        return self._views.setdefault(id(buffer), buffer[: self.batch])

    def start(self, count: int) -> None:
        """Begin to run on the first ``count`` images of the buffer."""
        self.engine.start(count)
        self._counts.append(count)

    def finish(self) -> Tuple[int, Mapping[str, np.ndarray]]:
        """Wait for the run that was started first. How many images it had, and its outputs by
        name, ``[count, ...]``."""
        return self._counts.popleft(), self.engine.finish()

    def answer(self, images: np.ndarray) -> Mapping[str, np.ndarray]:
        """Run on these images, uint8 ``[count, height, width, 3]``, and wait; only where nothing is
        under way. The buffer is afterwards as it was: who writes frames into it relies on what
        surrounds them."""
        count = len(images)
        buffer = self.engine.input_buffer()[:count]
        kept = self._kept[:count]
        kept[:] = buffer
        buffer[:] = images
        try:
            return self.engine.infer(count)
        finally:
            buffer[:] = kept

    def close(self) -> None:
        """Close the engine, and let go of its buffers, which are freed in its context."""
        self._views.clear()
        self.engine.close()

    def warm_up(self) -> None:
        """Run on as many images as there can be, so that the first failure of the server takes
        only as long as the others."""
        for count in sorted({1, self.batch}):
            self.engine.input_buffer()[:] = 0
            self.engine.infer(count)
