"""The engine for a server: images go there, or to a local engine while it does not answer.

Both are lanes with buffers of their own. A run stays on its lane, and lanes change only while
nothing is under way, so that results come in the order in which their runs were started.
"""

from typing import Mapping, Optional, Union

import numpy as np

from trt_inference.engines.base import Engine, EngineStatus
from trt_inference.engines.triton.local_lane import LocalLane
from trt_inference.engines.triton.server_lane import RunUnanswered, ServerLane
from trt_inference.engines.triton.server_report import ServerReport
from trt_inference.engines.triton.server_watch import ServerWatch
from trt_inference.engines.triton.who_answers import Answerer, Answerers
from trt_inference.errors import EngineError, FrameLost


class TritonEngine(Engine):
    """Runs a bundle on a server. ``open_triton_engine`` makes it.

    No run is sent twice: what the server does not answer before the deadline is run on the local
    engine, or lost where there is none. A run so takes the deadline and one local inference at
    most; the second of two that are under way and fail waits for the local inference of the first
    as well, as it would without a server.
    """

    def __init__(
        self,
        server: ServerLane,
        local: Optional[LocalLane],
        watch: ServerWatch,
        answerers: Answerers,
    ) -> None:
        self._server = server
        self._local = local
        self._state = state = server.state
        self._watch = watch
        self._answerers = answerers
        self._report = ServerReport(state, answerers.options)
        self._lane: Union[ServerLane, LocalLane] = server
        self._drains = False
        self._is_closed = False
        # As many as there are places for, until it is closed; a server may take fewer meanwhile.
        self._batch = len(server.input_buffer())
        self._choose_lane()
        self._credit(answerers.first(state.in_use()))

    @property
    def description(self) -> str:
        """Who computed the last results."""
        return self._answerer.description

    def input_buffer(self) -> np.ndarray:
        """uint8 ``[batch, height, width, 3]``, BGR, of the lane of the next run."""
        return self._lane.input_buffer()

    def start(self, count: int = 1) -> None:
        """Begin a run on the lane whose buffer was given, and return at once."""
        self._check_open()
        self._lane.start(count)
        self._choose_lane()

    def finish(self) -> Mapping[str, np.ndarray]:
        """Wait for the run that was started first; its outputs by name, ``[count, ...]``.

        Raises:
            FrameLost: the server has not answered, and there is no local engine.
            EngineError: the local engine failed, or nothing was started.
        """
        self._check_open()
        if not self._lane.under_way:
            raise EngineError("no inference was started")
        try:
            return self._finish()
        finally:
            self._choose_lane()

    def status(self) -> EngineStatus:
        """How the server does."""
        return self._report.status(self._answerer.name)

    def memory(self) -> Mapping[str, int]:
        """That of the local engine's device."""
        return {} if self._local is None else self._local.engine.memory()

    def close(self) -> None:
        """End what is under way, and close the local engine. It does not wait for the server; a
        second call does nothing."""
        self._is_closed = True
        self._watch.stop()
        self._state.end()
        self._server.drop()
        if self._local is not None:
            self._local.close()

    def _check_open(self) -> None:
        if self._is_closed:
            raise EngineError("the engine is closed: open a new one")

    def _finish(self) -> Mapping[str, np.ndarray]:
        if isinstance(self._lane, LocalLane):
            return self._finish_here(self._lane)
        try:
            model, outputs = self._lane.finish()
        except RunUnanswered as run:
            # What is under way is likely to fail too: it is finished before anything is begun.
            self._drains = True
            return self._answer_here(run)
        self._credit(self._answerers.server(model))
        return outputs

    def _finish_here(self, lane: LocalLane) -> Mapping[str, np.ndarray]:
        count, outputs = lane.finish()
        self._state.answered_here(count)
        self._credit(self._answerers.local)
        return outputs

    def _answer_here(self, run: RunUnanswered) -> Mapping[str, np.ndarray]:
        self._check_open()
        count = len(run.images)
        if self._local is None:
            self._state.lost(count)
            self._credit(self._answerers.nobody)
            raise FrameLost(str(run), run.failure.kind) from run
        outputs = self._local.answer(run.images)
        self._state.answered_here(count)
        self._credit(self._answerers.local)
        return outputs

    def _credit(self, answerer: Answerer) -> None:
        self._answerer = answerer
        self.choice = answerer.choice

    def _wanted_lane(self) -> Union[ServerLane, LocalLane]:
        if self._local is None or self._state.in_use() is not None:
            return self._server
        return self._local

    def _choose_lane(self) -> None:
        """At the end of each call that may have changed what is best: never between the call that
        gives a buffer and the one that starts its run."""
        wanted = self._wanted_lane()
        if not self._lane.under_way:
            self._lane, self._drains = wanted, False
        if wanted is not self._lane:
            self._drains = True
        self.depth = 1 if self._drains else self._lane.depth
        self.batch = min(self._batch, self._lane.batch)
