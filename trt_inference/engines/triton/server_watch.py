"""A thread that looks at the server once a second, beside the runs: whether it still has the model,
and while runs do not go to it, whether it answers again."""

import threading
from time import monotonic
from typing import Callable, NamedTuple, Optional

import numpy as np

from trt_inference.engines.triton.client.served_model import ServerStatistics
from trt_inference.engines.triton.failures import NOT_REACHED, SERVER_ERROR, ServerFailure
from trt_inference.engines.triton.remote_model import RemoteModel
from trt_inference.engines.triton.server_state import ModelInUse, ServerState
from trt_inference.errors import EngineError
from trt_inference.printable import printable, shortened

PERIOD = 1.0  # seconds from one look to the next
PATIENCE = 1.0  # seconds that any call is waited for, but those with images
_SECONDS_TO_END = 0.1


class _FailedProbe(NamedTuple):
    """A model that has not answered as it should, or not yet."""

    model: RemoteModel
    failure: ServerFailure


class ServerWatch:
    """Looks at the model while the breaker is closed, and probes the server while it is open: on a
    connection of its own, since the old one waits longer and longer before it connects again, and
    with an image, since a server may be there and not answer any. The next image is sent when the
    last one was answered, so that a model that is stuck does not get more and more of them.

    Args:
        state: what is found out is told there.
        connect: finds the model on the server, on a new connection, and compares it with the
            bundle.
        image: uint8 ``[1, height, width, 3]`` to probe with.
        deadline: seconds for its answer.
    """

    def __init__(
        self,
        state: ServerState,
        connect: Callable[[], RemoteModel],
        image: np.ndarray,
        deadline: float,
    ) -> None:
        self._state = state
        self._connect = connect
        self._image = image
        self._deadline = deadline
        self._last_probe: Optional[_FailedProbe] = None
        self._ends = threading.Event()
        # A daemon: what gRPC does not return from does not keep the process.
        self._thread = threading.Thread(target=self._run, name="server watch", daemon=True)

    def start(self) -> None:
        """Begin to look, for the first time in a second."""
        self._thread.start()

    def stop(self) -> None:
        """End, without waiting for what is under way. A second call does nothing."""
        self._ends.set()
        if self._thread.ident is not None:
            self._thread.join(_SECONDS_TO_END)

    def _run(self) -> None:
        began = monotonic()
        while not self._ends.wait(max(0.0, began + PERIOD - monotonic())):
            began = monotonic()
            # Not right after their last use: what they have asked may still be answered.
            self._state.close_unused()
            used = self._state.in_use()
            if used is None:
                self._probe()
            else:
                self._look(used)

    def _look(self, used: ModelInUse) -> None:
        failure = _failure_of(lambda: used.model.check(PATIENCE))
        statistics = None if failure is not None else _statistics_of(used.model)
        self._state.looked(used, failure, statistics)

    def _probe(self) -> None:
        last = self._last_probe
        if last is not None and not last.model.is_idle:
            self._state.probed(None, last.failure)
            return
        model: Optional[RemoteModel] = None

        def ask() -> None:
            nonlocal model
            model = self._connect()
            # After it has ended, nobody else would close it.
            if not self._state.keep(model):
                model.close()
            model.start(self._image, self._deadline).finish()

        failure = _failure_of(ask)
        self._last_probe = None
        if model is not None and failure is not None:
            self._last_probe = _FailedProbe(model, failure)
        self._state.probed(model, failure)


def _failure_of(call: Callable[[], object]) -> Optional[ServerFailure]:
    """What went wrong in a call, as a failure of the server; None: nothing."""
    try:
        call()
    except ServerFailure as failure:
        return failure
    except EngineError as error:  # files of TLS that are not there any more, as an example
        return ServerFailure(str(error), NOT_REACHED)
    except Exception as error:  # the thread goes on, whatever a library raises
        return ServerFailure(printable(shortened(repr(error))), SERVER_ERROR)
    return None


def _statistics_of(model: RemoteModel) -> Optional[ServerStatistics]:
    """What the server tells of its times; None where it does not: images may go on."""
    try:
        return model.statistics(PATIENCE)
    except ServerFailure:
        return None
