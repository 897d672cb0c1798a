"""From when on what a camera does is a warning or an error."""

from dataclasses import dataclass
from typing import List, NamedTuple, Optional

from diagnostic_msgs.msg import DiagnosticStatus

from trt_inference.ros.diagnostics.clocks import (
    OTHER_CLOCK,
    is_within_step,
    missing_clock,
    other_clock,
)
from trt_inference.ros.diagnostics.reports import CameraReport, Period

LEVEL_OK, LEVEL_WARN, LEVEL_ERROR = (
    DiagnosticStatus.OK,
    DiagnosticStatus.WARN,
    DiagnosticStatus.ERROR,
)


@dataclass(frozen=True)
class Limits:
    """One frame more or less is never too many: a short period holds few.

    Attributes:
        expected_rate: images a second; 0: unknown, the rate is not judged.
        warn_rate: part of the expected rate below which the images come too slowly.
        error_rate: the same, for an error.
        warn_dropped: part of the received images above which too many are dropped, or of those
            that were sent, lost.
        error_dropped: the same, for an error.
        warn_age: seconds from the stamp to the result, 95 % of them; 0: not judged.
        error_age: the same, for an error.
        camera_timeout: seconds without an image; 0: not judged.
        swap_limit: seconds that the swap to another engine takes; 0: not judged.
    """

    expected_rate: float = 0.0
    warn_rate: float = 0.9
    error_rate: float = 0.5
    warn_dropped: float = 0.1
    error_dropped: float = 0.5
    warn_age: float = 0.5
    error_age: float = 2.0
    camera_timeout: float = 2.0
    swap_limit: float = 5.0


class Problem(NamedTuple):
    """What is not as it should be, and how bad that is."""

    level: bytes
    text: str


def problems(report: CameraReport, period: Optional[Period], limits: Limits) -> List[Problem]:
    """All that is wrong with an active camera.

    Args:
        period: None where there is no report to compare with.
    """
    found = [_silent(report, limits), *_late(report, limits)]
    if period is not None:
        found += [_slow(period, limits), *_missing(period, limits), _rejected(period)]
    return [problem for problem in found if problem.level != LEVEL_OK]


def _level(warn: bool, error: bool) -> bytes:
    return LEVEL_ERROR if error else LEVEL_WARN if warn else LEVEL_OK


def _silent(report: CameraReport, limits: Limits) -> Problem:
    if not 0 < limits.camera_timeout < report.silent_for:
        return Problem(LEVEL_OK, "")
    silence = f"no image on {report.topic} for {report.silent_for:.1f} s"
    text = f"{silence}, from {report.publishers()}"
    return Problem(LEVEL_WARN, text)


def _slow(period: Period, limits: Limits) -> Problem:
    """Judged once images come: before, it is not known since when they could have."""
    expected = limits.expected_rate * period.seconds if period.had_images else 0.0
    at_most = period.counted.received + 1
    rate = period.counted.received / period.seconds
    return Problem(
        _level(at_most < limits.warn_rate * expected, at_most < limits.error_rate * expected),
        f"{rate:.1f} images/s, {limits.expected_rate:.1f} are expected",
    )


def _missing(period: Period, limits: Limits) -> List[Problem]:
    received, dropped, lost = period.counted.received, period.counted.dropped, period.lost
    return [
        Problem(_level_of_part(dropped, received, limits), f"{dropped} of {received} dropped"),
        Problem(
            _level_of_part(lost, received + lost, limits),
            f"the middleware lost {lost} of {received + lost}: use its profile for large images",
        ),
    ]


def _level_of_part(part: int, whole: int, limits: Limits) -> bytes:
    return _level(part - 1 > limits.warn_dropped * whole, part - 1 > limits.error_dropped * whole)


def _rejected(period: Period) -> Problem:
    reasons = ", ".join(f"{reason}: {count}" for reason, count in period.counted.reasons.items())
    rejected, received = period.counted.rejected, period.counted.received
    return Problem(_level(rejected > 0, False), f"{rejected} of {received} rejected ({reasons})")


def _late(report: CameraReport, limits: Limits) -> List[Problem]:
    age = report.age.p95 or 0.0
    level = _level(0 < limits.warn_age < age, 0 < limits.error_age < age)
    old = f"results are {age:.2f} s old"
    if age > OTHER_CLOCK:
        old = f"{old}: {other_clock(report.clock)}"
    return [Problem(level, old), _ahead(report)]


def _ahead(report: CameraReport) -> Problem:
    """Stamps of the future, which are most where the node's clock stands still."""
    ahead, furthest = report.age.ahead, report.age.furthest
    if not ahead or is_within_step(report.clock, furthest):
        text = missing_clock(report.clock)
        return Problem(_level(bool(text), False), text)
    reason = "camera and detector do not have the same clock"
    if furthest > OTHER_CLOCK:
        reason = other_clock(report.clock)
    return Problem(
        LEVEL_WARN, f"{ahead} stamps are in the future, by up to {furthest:.2f} s: {reason}"
    )
