"""Whether runs go to the server: a state machine without threads, clocks and network.

Runs go there while it is *closed*. Failures open it, good answers of probes close it again.
"""

from typing import NamedTuple, Optional

from trt_inference.engines.triton.failures import OTHER_MODEL, ServerFailure

FAILURES_THAT_OPEN = 3  # in a row
ANSWERS_THAT_CLOSE = 3  # of probes, in a row


class Opening(NamedTuple):
    """Since when runs do not go to the server, and why.

    Attributes:
        at: seconds of the caller's clock.
        kind: of the last failure.
        reason: its message. Not the exception, which would keep all that it went through.
    """

    at: float
    kind: str
    reason: str


class Breaker:
    """Counts failures of runs, looks and probes.

    Whatever is begun while it is closed remembers the ``era``. Each opening ends an era, so that
    what comes of earlier ones can be told from what comes of now.

    Attributes:
        era: number of the time since it was opened last.
        opening: since when and why it is open; None while it is closed.
        probes: that were made since then.
        good_probes: how many of the last ones, in a row, were answered.
    """

    def __init__(self) -> None:
        self.era = 0
        self.opening: Optional[Opening] = None
        self.probes = 0
        self.good_probes = 0
        self._failed_runs = 0
        self._failed_looks = 0
        self._last_distrusted = -1

    @property
    def is_closed(self) -> bool:
        """Whether runs go to the server."""
        return self.opening is None

    def trusts(self, era: int) -> bool:
        """Whether the answer to a run of this era may be used: not where the model was found to be
        another one after it was begun."""
        return era > self._last_distrusted

    def run_answered(self, era: int) -> None:
        """A run has a good answer."""
        if era == self.era:
            self._failed_runs = self._failed_looks = 0

    def run_failed(self, era: int, failure: ServerFailure, now: float) -> bool:
        """A run has none. Returns whether this opens the breaker."""
        if not self._is_of_now(era):
            return False
        self._failed_runs += 1
        return self._open_after(self._failed_runs, failure, now)

    def looked(self, era: int, failure: Optional[ServerFailure], now: float) -> bool:
        """The model was looked at, beside the runs. Returns whether this opens the breaker: as
        many looks in vain do as failed runs, so that a server that goes away while there are no
        images is known of before the next one."""
        if not self._is_of_now(era):
            return False
        self._failed_looks = 0 if failure is None else self._failed_looks + 1
        return failure is not None and self._open_after(self._failed_looks, failure, now)

    def probed(self, failure: Optional[ServerFailure], now: float) -> bool:
        """The server was probed while the breaker is open. Returns whether this closes it."""
        if self.opening is None:
            return False
        self.probes += 1
        self.good_probes = 0 if failure is not None else self.good_probes + 1
        if failure is not None:
            self.opening = self.opening._replace(kind=failure.kind, reason=str(failure))
            self._distrust(failure)
        if self.good_probes < ANSWERS_THAT_CLOSE:
            return False
        self.opening = None
        self._failed_runs = self._failed_looks = 0
        return True

    def open(self, failure: ServerFailure, now: float) -> None:
        """Open it, whatever came before."""
        self._distrust(failure)
        self.era += 1
        self.opening = Opening(now, failure.kind, str(failure))
        self.probes = self.good_probes = 0

    def _is_of_now(self, era: int) -> bool:
        return self.is_closed and era == self.era

    def _open_after(self, failures: int, failure: ServerFailure, now: float) -> bool:
        opens = failure.kind == OTHER_MODEL or failures >= FAILURES_THAT_OPEN
        if opens:
            self.open(failure, now)
        return opens

    def _distrust(self, failure: ServerFailure) -> None:
        """Of another model no answer is used, to whatever has been begun until now."""
        if failure.kind == OTHER_MODEL:
            self._last_distrusted = self.era if self.is_closed else self.era - 1
