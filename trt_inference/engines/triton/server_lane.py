"""Runs on the server: two at once, from buffers that keep their images until there is an answer."""

from collections import deque
from typing import Deque, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from trt_inference.bundles.bundle import InputSpec
from trt_inference.engines.triton.failures import NOT_REACHED, OTHER_MODEL, REFUSED, ServerFailure
from trt_inference.engines.triton.remote_model import RemoteModel, RemoteRun
from trt_inference.engines.triton.server_state import ModelInUse, ServerState
from trt_inference.errors import EngineError
from trt_inference.keep_memory import keep_freed_memory

SERVER_DEPTH = 2  # the next request is sent while the last one is on its way

# Where the watching thread has just seen that the server answers again.
_NOT_ASKED = ServerFailure("the server did not answer before", NOT_REACHED)
_EXCHANGED = ServerFailure("the model was exchanged meanwhile", OTHER_MODEL)
_TOO_MANY = ServerFailure("the model on the server takes fewer images at once", REFUSED)


class _Sent(NamedTuple):
    """A run: its images, and what was sent of them, if anything was."""

    images: np.ndarray
    used: Optional[ModelInUse]
    run: Optional[RemoteRun]
    failure: Optional[ServerFailure]


class RunUnanswered(EngineError):
    """The server has not answered a run.

    Attributes:
        images: uint8 ``[count, height, width, 3]``, until the next but one run is started.
        failure: why.
    """

    def __init__(self, images: np.ndarray, failure: ServerFailure) -> None:
        super().__init__(str(failure))
        self.images = images
        self.failure = failure


class ServerLane:
    """Everything on the engine's thread.

    Args:
        batch: most images in one run.
        deadline: seconds from the start of a run to its answer.
    """

    depth = SERVER_DEPTH

    def __init__(self, spec: InputSpec, batch: int, deadline: float, state: ServerState) -> None:
        shape = (batch, spec.height, spec.width, 3)
        self._buffers = [np.zeros(shape, np.uint8) for _ in range(SERVER_DEPTH)]
        keep_freed_memory()  # of each run the request, and the copy of it that gRPC makes
        self._turn = 0
        self._deadline = deadline
        self.state = state
        self._sent: Deque[_Sent] = deque()

    @property
    def under_way(self) -> int:
        """How many runs were started and not finished."""
        return len(self._sent)

    @property
    def batch(self) -> int:
        """How many images the model takes at once that is used now; without one, as many as fit
        into the buffers."""
        used = self.state.in_use()
        most = len(self._buffers[0])
        return most if used is None else min(most, used.model.batch)

    def input_buffer(self) -> np.ndarray:
        """uint8 ``[batch, height, width, 3]``, BGR, of the run that is started next."""
        return self._buffers[self._turn]

    def start(self, count: int) -> None:
        """Send the first ``count`` images of the buffer, and return at once. While runs do not go
        to the server, nothing is sent."""
        images = self._buffers[self._turn][:count]
        self._turn = (self._turn + 1) % SERVER_DEPTH
        self._sent.append(self._send(images))

    def finish(self) -> Tuple[RemoteModel, Mapping[str, np.ndarray]]:
        """Wait for the run that was started first, at most until its deadline.

        Returns:
            The model that has answered, and its outputs by name, ``[count, ...]``.

        Raises:
            RunUnanswered: there are no outputs that may be used.
        """
        images, used, run, failure = self._sent.popleft()
        if used is None or run is None:
            raise RunUnanswered(images, failure or _NOT_ASKED)
        try:
            outputs = run.finish()
        except ServerFailure as error:
            self.state.run_failed(used, error)
            raise RunUnanswered(images, error) from error
        if not self.state.run_answered(used, len(images), run):
            raise RunUnanswered(images, self.state.last_failure() or _EXCHANGED)
        return used.model, outputs

    def drop(self) -> None:
        """Forget what was started."""
        self._sent.clear()

    def _send(self, images: np.ndarray) -> _Sent:
        used = self.state.in_use()
        if used is None:
            return _Sent(images, None, None, self.state.last_failure())
        if len(images) > used.model.batch:  # of a model that has just been found
            return _Sent(images, None, None, _TOO_MANY)
        return _Sent(images, used, used.model.start(images, self._deadline), None)
