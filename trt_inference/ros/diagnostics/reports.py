"""What the node has counted and measured, as the diagnostics take it."""

from dataclasses import dataclass, field
from typing import Callable, Dict, List, Mapping, NamedTuple, Optional

from trt_inference.engines.base import EngineStatus
from trt_inference.inference.result_counts import ResultCounts
from trt_inference.ros.diagnostics.clocks import SYSTEM_CLOCK, NodeClock
from trt_inference.ros.diagnostics.latency import NO_AGE, Age
from trt_inference.timing import Percentiles

_MOST_REASONS = 8  # kinds of rejections that are counted by themselves
_OTHER_REASONS = "other reasons"


@dataclass
class Counters:
    """Frames of one camera since the node was configured.

    ``received`` = ``inferred`` + ``dropped`` (a newer frame came first) + ``rejected`` (not an
    image that can be used, its result is not finite, or a server has not answered) +
    ``unwatched`` (nobody subscribes to results, so nothing was computed) + those that wait or are
    in work.

    Attributes:
        reasons: how many were rejected for which reason.
    """

    received: int = 0
    inferred: int = 0
    dropped: int = 0
    rejected: int = 0
    unwatched: int = 0
    reasons: Dict[str, int] = field(default_factory=dict)

    def reject(self, reason: str) -> None:
        """Count an image without a result.

        Args:
            reason: short, and without values that differ from image to image: those that are not
                among the first kinds are counted together.
        """
        self.rejected += 1
        if reason not in self.reasons and len(self.reasons) >= _MOST_REASONS:
            reason = _OTHER_REASONS
        self.reasons[reason] = self.reasons.get(reason, 0) + 1

    def snapshot(self) -> "Counters":
        """A copy, to be made while other threads count: no image is in it that was not received."""
        return Counters(
            inferred=self.inferred,
            dropped=self.dropped,
            rejected=self.rejected,
            unwatched=self.unwatched,
            reasons=dict(self.reasons),
            received=self.received,  # the last that is read
        )

    def since(self, before: "Counters") -> "Counters":
        """What was counted after ``before``."""
        return Counters(
            self.received - before.received,
            self.inferred - before.inferred,
            self.dropped - before.dropped,
            self.rejected - before.rejected,
            self.unwatched - before.unwatched,
            {
                reason: count - before.reasons.get(reason, 0)
                for reason, count in self.reasons.items()
                if count > before.reasons.get(reason, 0)
            },
        )


@dataclass(frozen=True)
class CameraReport:
    """One camera, now.

    Attributes:
        topic: of its images, after remapping.
        active: whether the node subscribes to it.
        counters: a snapshot.
        silent_for: seconds on a steady clock since the last image, or since the subscription
            where none has come.
        age: of the results since the last report.
        lost: images that the middleware reported as lost.
        reception_cpu: seconds of processor time that the reception of an image takes; 0: unknown.
        qos: the quality of service that is asked for, for people.
        publishers: returns who publishes on the topic; called when no image comes.
        clock: that the age is measured by.
    """

    topic: str
    active: bool
    counters: Counters
    silent_for: float = 0.0
    age: Age = NO_AGE
    lost: int = 0
    reception_cpu: float = 0.0
    qos: str = ""
    publishers: Callable[[], str] = lambda: "no publisher"
    clock: NodeClock = SYSTEM_CLOCK


@dataclass(frozen=True)
class EngineReport:
    """What all cameras share, now.

    Attributes:
        active: whether the node is.
        facts: texts that seldom change: bundle, its sha256, task, precision and why, engine.
        times: of each stage.
        memory: of the GPU, in bytes, by name; empty where there is none.
        last_swap: how the last swap of the engine ended; empty: there was none.
        problem: what is to be a warning, such as a swap that has failed.
        counts: images of this engine whose results may not be what they seem.
        is_finite: whether the last result was.
        withholds: whether results that are not finite are not published.
        status: of what the engine depends on, as a server; None where it depends on nothing.
    """

    active: bool
    facts: Mapping[str, str]
    times: Mapping[str, Percentiles] = field(default_factory=dict)
    memory: Mapping[str, int] = field(default_factory=dict)
    last_swap: str = ""
    problem: str = ""
    counts: ResultCounts = field(default_factory=ResultCounts)
    is_finite: bool = True
    withholds: bool = True
    status: Optional[EngineStatus] = None


class NodeReport(NamedTuple):
    """The whole node, now."""

    engine: EngineReport
    cameras: List[CameraReport]


class Period(NamedTuple):
    """What has happened to a camera between two reports of which both are of an active node.

    Attributes:
        seconds: on a steady clock.
        counted: since the report before.
        lost: since the report before.
        had_images: whether images had come before it.
    """

    seconds: float
    counted: Counters
    lost: int
    had_images: bool

    @staticmethod
    def between(before: CameraReport, now: CameraReport, seconds: float) -> "Period":
        """``now`` is so many ``seconds`` later than ``before``."""
        return Period(
            seconds,
            now.counters.since(before.counters),
            now.lost - before.lost,
            before.counters.received > 0,
        )
