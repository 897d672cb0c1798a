"""Divide the time of a recording between images to calibrate on and images to judge the result by.

Neighbouring frames of a camera are nearly the same. With every fourth frame calibrated on, each
frame that is measured on would have been seen before, but for its noise, and a precision would
look better than it is. So whole stretches of time are calibrated on, and what is measured on lies
between them, some time away.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CALIBRATED = "calibrated"
MEASURED = "measured"
BETWEEN = "between"  # too near to what is calibrated on

# Seconds from one stretch to the next, so that a long recording is seen in all its parts.
_PERIOD = 40.0
_FEWEST_STRETCHES = 4
_CALIBRATED_PART = 1 / 4
# Seconds that images to measure on are away from those to calibrate on; less in short recordings.
_LARGEST_GAP = 2.0
_GAP_PART = 1 / 8
_LONGEST_PAUSE = 2.0
_IMAGES_OF_A_PERIOD = 8
# Seconds below which a recording shows one scene.
_SHORT = 60.0


@dataclass(frozen=True)
class TimeParts:
    """Which image belongs to which part.

    Attributes:
        parts: ``CALIBRATED``, ``MEASURED`` or ``BETWEEN`` for each image. Of two images or more
            with different times, one is calibrated and one is measured on.
        stretches: how many are calibrated on.
        gap: seconds that measured images are away from calibrated ones, at least; 0 where the
            times of all images are the same.
        seconds: of the recording, with no pause counted as more than some seconds.
    """

    parts: tuple[str, ...]
    stretches: int
    gap: float
    seconds: float

    @property
    def note(self) -> str:
        """How the images were divided, and what that cannot show."""
        stretches = "a stretch" if self.stretches == 1 else f"{self.stretches} stretches"
        text = (
            f"calibrated on {stretches} of the recording, a quarter of it, and measured on images "
            f"that are {self.gap:.2g} s or more away from these"
        )
        if self.seconds >= _SHORT:
            return text
        return (
            f"{text}: in {self.seconds:.3g} s of recording they look much the same, and what is "
            "lost elsewhere may be more. Give a longer recording, or several"
        )


def parts_of_time(times: Sequence[float]) -> TimeParts:
    """Divide images by their times.

    Args:
        times: seconds of the images, rising.
    """
    clock, is_timed = _clock(np.asarray(times, float))
    total = float(clock[-1]) if len(clock) else 0.0
    stretches = _stretches(total if is_timed else 0.0, len(clock))
    period = max(total / stretches, 1e-9)
    phase = clock - np.minimum(clock // period, stretches - 1) * period
    calibrated = phase < _CALIBRATED_PART * period
    gap = min(_LARGEST_GAP, _GAP_PART * period) if is_timed else 0.0
    near = _distance(clock, clock[calibrated]) < gap
    parts = np.where(calibrated, CALIBRATED, np.where(near, BETWEEN, MEASURED))
    return TimeParts(tuple(parts.tolist()), stretches, gap, total if is_timed else 0.0)


def _clock(times: np.ndarray) -> tuple[np.ndarray, bool]:
    """Seconds since the first image without the pauses, in which nothing is seen; the numbers of
    the images where all have the same time, and whether they have different ones."""
    steps = np.clip(np.diff(times), 0, _LONGEST_PAUSE)
    if not steps.any():
        return np.arange(len(times), dtype=float), False
    return np.concatenate([[0.0], np.cumsum(steps)]), True


def _stretches(seconds: float, images: int) -> int:
    """How many stretches are calibrated on. Of few images, each needs enough to be divided."""
    wanted = max(_FEWEST_STRETCHES, round(seconds / _PERIOD))
    return max(1, min(wanted, images // _IMAGES_OF_A_PERIOD))


def _distance(clock: np.ndarray, calibrated: np.ndarray) -> np.ndarray:
    """Seconds from each image to the nearest one that is calibrated on."""
    if not len(calibrated):
        return np.full(len(clock), np.inf)
    after = np.searchsorted(calibrated, clock)
    earlier = calibrated[np.maximum(after - 1, 0)]
    later = calibrated[np.minimum(after, len(calibrated) - 1)]
    return np.minimum(np.abs(clock - earlier), np.abs(later - clock))
