"""What a subscriber has received of one robot, and what that amounts to in a stretch of time."""

from dataclasses import dataclass, field
from typing import Dict, List, NamedTuple, Optional

import numpy as np

from examples.shapes.monitor import Stamp

# Whose result it is.
SERVER, ROBOT = "the server", "the robot"
EITHER = "either"  # both engines find the same in that image
NEITHER = "neither"  # no engine that is known finds this in that image


@dataclass
class Receipts:
    """All by the stamp of the image. Times are in seconds of the system clock.

    Attributes:
        sent: the images that the camera has taken.
        received: when the first result of each image came.
        twice: images of which a further result came.
        answered_by: whose each result is: ``SERVER``, ``ROBOT``, ``EITHER`` or ``NEITHER``. It is
            found out a little later than the result comes.
    """

    sent: List[Stamp] = field(default_factory=list)
    received: Dict[Stamp, float] = field(default_factory=dict)
    twice: List[Stamp] = field(default_factory=list)
    answered_by: Dict[Stamp, str] = field(default_factory=dict)


class Phase(NamedTuple):
    """A stretch of time; the images that were taken in it belong to it."""

    name: str
    begin: float
    end: float


@dataclass(frozen=True)
class Summary:
    """One robot in one phase.

    Attributes:
        images: that were sent.
        results: that were received of them.
        by: how many of the results are whose; one that could not be looked at counts as EITHER.
        lost: images without a result.
        twice: images with more than one.
        latencies: seconds from the image's stamp to the receipt of its result, float64.
        longest_gap: seconds, the longest that nothing came in the phase.
        first_by_server: seconds from the beginning of the phase to the receipt of the first result
            of the server; None where there is none.
    """

    images: int
    results: int
    by: Dict[str, int]
    lost: int
    twice: int
    latencies: np.ndarray
    longest_gap: float
    first_by_server: Optional[float]


def summarise(receipts: Receipts, phase: Phase) -> Summary:
    """What came of the images of a phase. Results without an image are counted, too."""

    def is_inside(stamp: Stamp) -> bool:
        return phase.begin <= seconds_of(stamp) < phase.end

    images = {stamp for stamp in receipts.sent if is_inside(stamp)}
    results = [stamp for stamp in receipts.received if is_inside(stamp)]
    whose = [receipts.answered_by.get(stamp, EITHER) for stamp in results]
    times = np.array([receipts.received[stamp] for stamp in results])
    return Summary(
        images=len(images),
        results=len(results),
        by={who: whose.count(who) for who in (SERVER, ROBOT, EITHER, NEITHER)},
        lost=len(images.difference(results)),
        twice=sum(1 for stamp in receipts.twice if is_inside(stamp)),
        latencies=times - np.array([seconds_of(stamp) for stamp in results]),
        longest_gap=longest_gap(list(receipts.received.values()), phase),
        first_by_server=min(
            (time - phase.begin for time, who in zip(times, whose) if who == SERVER), default=None
        ),
    )


def longest_gap(times: List[float], phase: Phase) -> float:
    """The longest that nothing came in a phase, in seconds: a gap that began before it counts as a
    whole, and the time from the last result to its end does, too."""
    before = [time for time in times if time < phase.begin]
    inside = sorted(time for time in times if phase.begin <= time < phase.end)
    edges = [max(before, default=phase.begin), *inside, phase.end]
    return max(later - earlier for earlier, later in zip(edges, edges[1:]))


def seconds_of(stamp: Stamp) -> float:
    """A stamp in seconds of the system clock."""
    return stamp[0] + stamp[1] * 1e-9
