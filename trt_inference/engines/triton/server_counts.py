"""What is counted of a server: who answered, what failed, how long answers took."""

from typing import Dict, NamedTuple

from trt_inference.engines.triton.client.served_model import ServerStatistics
from trt_inference.engines.triton.failures import FAILURE_KINDS
from trt_inference.engines.triton.remote_model import RemoteRun
from trt_inference.timing import StageClock

ROUND_TRIP = "round trip"
_NANOSECONDS = 1e6  # of a millisecond


class ServerTimes(NamedTuple):
    """Means of the server's own, over all of its clients, between two looks; NaN where there was
    nothing.

    Attributes:
        queue_ms: milliseconds for which a request waited.
        compute_ms: milliseconds in which it was worked on.
        batch: images that the network ran on at once.
    """

    queue_ms: float = float("nan")
    compute_ms: float = float("nan")
    batch: float = float("nan")


class ServerCounts:
    """Since the engine was opened. Who uses it holds the lock of it.

    Attributes:
        by_server: images that the server answered.
        by_this_machine: those that the local engine did.
        lost: those that nobody did.
        failures: runs without an answer of the server, by kind.
        clock: of the stage ``ROUND_TRIP``, a run's start to its answer, since the breaker was
            closed last.
        sent: bytes, of the runs that were answered.
        received: bytes, of their answers.
    """

    def __init__(self) -> None:
        self.by_server = self.by_this_machine = self.lost = 0
        self.failures: Dict[str, int] = dict.fromkeys(FAILURE_KINDS, 0)
        self.clock = StageClock((ROUND_TRIP,))
        self.sent = self.received = 0

    def forget_round_trips(self) -> None:
        """Where runs go to the server again, which may be another one."""
        self.clock = StageClock((ROUND_TRIP,))

    def add(self, images: int, run: RemoteRun) -> None:
        """Count a run that the server answered."""
        self.by_server += images
        self.sent += run.sent
        self.received += run.received
        self.clock.record(ROUND_TRIP, run.round_trip)


def times_between(earlier: ServerStatistics, later: ServerStatistics) -> ServerTimes:
    """What the server did between two looks; unknown where it was started again in between."""
    requests = later.requests - earlier.requests
    executions = later.executions - earlier.executions
    if requests <= 0 or executions <= 0:
        return ServerTimes()
    return ServerTimes(
        (later.queue_ns - earlier.queue_ns) / requests / _NANOSECONDS,
        (later.compute_ns - earlier.compute_ns) / requests / _NANOSECONDS,
        (later.count - earlier.count) / executions,
    )
