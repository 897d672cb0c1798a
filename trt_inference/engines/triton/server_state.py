"""What the thread that runs images and the one that watches the server both know of it.

One lock for all of it. Nothing is asked of the network, and nobody is told anything, under it.
"""

import threading
import traceback
from time import monotonic
from typing import Callable, List, NamedTuple, Optional

from trt_inference.engines.base import EngineOptions
from trt_inference.engines.server_options import LOCAL, ServerOptions
from trt_inference.engines.triton.breaker import Breaker
from trt_inference.engines.triton.client.served_model import ServerStatistics
from trt_inference.engines.triton.failures import ServerFailure
from trt_inference.engines.triton.remote_model import RemoteModel, RemoteRun
from trt_inference.engines.triton.server_counts import ServerCounts, ServerTimes, times_between

_HERE = "This machine's engine answers until the server does"
_NOWHERE = "There are no results until the server answers"


class ModelInUse(NamedTuple):
    """The model on the server, and the era of the breaker in which it was taken."""

    model: RemoteModel
    era: int


class ServerState:
    """Breaker, model and counts of one server. May be used by any thread.

    Args:
        server: whose state it is.
        options: whose ``warn`` and ``inform`` are called when the breaker opens and closes.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        server: ServerOptions,
        options: EngineOptions,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.counts = ServerCounts()
        self.times = ServerTimes()
        self.breaker = Breaker()
        self.lock = threading.Lock()
        self.clock = clock
        self.model: Optional[RemoteModel] = None
        self._server = server
        self._options = options
        self._statistics: Optional[ServerStatistics] = None
        self._opened: List[RemoteModel] = []
        self._is_ended = False

    def begin(self, model: Optional[RemoteModel], failure: Optional[ServerFailure]) -> None:
        """Use this model from now on; without one, the breaker is open because of ``failure``."""
        with self.lock:
            self.model = model
            if model is not None:
                self._opened.append(model)
            if failure is not None:
                self.breaker.open(failure, self.clock())
        if failure is not None:
            self._warn(failure)

    def in_use(self) -> Optional[ModelInUse]:
        """The model that runs go to; None while the breaker is open."""
        with self.lock:
            if self.model is None or not self.breaker.is_closed:
                return None
            return ModelInUse(self.model, self.breaker.era)

    def last_failure(self) -> Optional[ServerFailure]:
        """Why the breaker is open."""
        with self.lock:
            opening = self.breaker.opening
            return None if opening is None else ServerFailure(opening.reason, opening.kind)

    def run_answered(self, used: ModelInUse, images: int, run: RemoteRun) -> bool:
        """Count an answer to a run. Returns whether it may be used: not where it was noticed
        meanwhile that the model is another one."""
        with self.lock:
            if not self.breaker.trusts(used.era):
                return False
            self.breaker.run_answered(used.era)
            self.counts.add(images, run)
            return True

    def run_failed(self, used: ModelInUse, failure: ServerFailure) -> None:
        """Count a run without an answer."""
        with self.lock:
            self.counts.failures[failure.kind] += 1
            opens = self.breaker.run_failed(used.era, failure, self.clock())
        if opens:
            self._warn(failure)

    def answered_here(self, images: int) -> None:
        """Count what the local engine answered."""
        with self.lock:
            self.counts.by_this_machine += images

    def lost(self, images: int) -> None:
        """Count what nobody answered."""
        with self.lock:
            self.counts.lost += images

    def looked(
        self,
        used: ModelInUse,
        failure: Optional[ServerFailure],
        statistics: Optional[ServerStatistics],
    ) -> None:
        """Note what a look at the model found."""
        with self.lock:
            self._note(statistics)
            opens = self.breaker.looked(used.era, failure, self.clock())
        if opens and failure is not None:
            self._warn(failure)

    def probed(self, model: Optional[RemoteModel], failure: Optional[ServerFailure]) -> None:
        """Note what came of a probe; ``model`` answered it, and is used if the breaker closes.
        All others that were opened are closed then."""
        with self.lock:
            closes = self.breaker.probed(failure, self.clock())
            if closes:
                self.model = model
                self._statistics = None
                self.counts.forget_round_trips()
            self.times = ServerTimes()
        if closes:
            text = f"server {self._server.url} answers again: images go to it"
            self._tell(self._options.inform, text)

    def keep(self, model: RemoteModel) -> bool:
        """Remember a model, so that ``end`` closes it; False after ``end``."""
        with self.lock:
            if not self._is_ended:
                self._opened.append(model)
            return not self._is_ended

    def close_unused(self) -> None:
        """Close the models that are not used, or not any more."""
        with self.lock:
            unused = [one for one in self._opened if one is not self.model]
            self._opened = [one for one in self._opened if one is self.model]
        for one in unused:
            one.close()

    def end(self) -> None:
        """Close all models, which ends what is under way. Nobody is told anything any more."""
        with self.lock:
            self._is_ended = True
            opened, self._opened = self._opened, []
        for one in opened:
            one.close()

    def _note(self, statistics: Optional[ServerStatistics]) -> None:
        earlier, self._statistics = self._statistics, statistics
        self.times = ServerTimes()
        if earlier is not None and statistics is not None:
            self.times = times_between(earlier, statistics)

    def _warn(self, failure: ServerFailure) -> None:
        who = _HERE if self._server.fallback == LOCAL else _NOWHERE
        self._tell(self._options.warn, f"{failure}. {who}")

    def _tell(self, tell: Callable[[str], object], text: str) -> None:
        with self.lock:
            if self._is_ended:
                return
        try:
            tell(text)
        except Exception:  # as of warnings that Python makes errors: runs and looks go on
            traceback.print_exc()
