"""What both sides find over the time of a recording."""

import math
from collections import Counter

import numpy as np

from converter.replay.differences.difference import ComparedImage
from converter.replay.results.replay_results import TimeBin

# About as many as a page shows.
MOST_BINS = 240
# Seconds. A power of two, so that no bin begins between two floats.
SHORTEST_BIN = 1 / 16
_IMAGES, _BEFORE, _AFTER, _DIFFERENCES = range(4)


class Timeline:
    """Adds up images by their time, in bins of one width.

    The length of a recording need not be known: the width doubles, two bins become one, whenever
    there are more than ``MOST_BINS``. The first bin begins with the first image, as an excerpt may
    begin late. Images may come in any order; one from before the first image counts to the first
    bin. Times without an image are bins without one.
    """

    def __init__(self) -> None:
        self._width = SHORTEST_BIN
        self._sums = np.zeros((MOST_BINS, 4))
        self._start: float | None = None
        self._used = 0
        self._latest = 0.0
        self._steps: Counter[int] = Counter()  # from image to image, by their power of two

    def add(self, image: ComparedImage) -> None:
        """Count an image; one without a comparison does not count."""
        found = image.found
        if found is None:
            return
        seconds = image.image.seconds
        if self._start is None:
            self._start = self._latest = seconds
        elif seconds > self._latest:
            self._steps[math.frexp(seconds - self._latest)[1]] += 1
            self._latest = seconds
        passed = max(0.0, seconds - self._start)
        while passed >= self._width * MOST_BINS:
            self._double()
        index = int(passed / self._width)
        self._used = max(self._used, index + 1)
        self._sums[index] += (1, found.before.sum(), found.after.sum(), len(found.differences))

    def bins(self) -> tuple[TimeBin, ...]:
        """The bins from the first image to the last one, at most ``MOST_BINS``; wide enough for one
        image at their usual distance, so that they are not empty in turns."""
        while self._width < self._usual_step() and self._used > 1:
            self._double()
        start, width = self._start or 0.0, self._width
        return tuple(
            TimeBin(
                start + index * width,
                start + (index + 1) * width,
                int(sums[_IMAGES]),
                float(sums[_BEFORE]),
                float(sums[_AFTER]),
                int(sums[_DIFFERENCES]),
            )
            for index, sums in enumerate(self._sums[: self._used])
        )

    def _double(self) -> None:
        """Make one bin of each two."""
        halves = self._sums.reshape(MOST_BINS // 2, 2, 4).sum(axis=1)
        self._sums = np.concatenate([halves, np.zeros_like(halves)])
        self._width *= 2
        self._used = (self._used + 1) // 2

    def _usual_step(self) -> float:
        """Seconds from an image to the next, the median, rounded up to a power of two."""
        half, steps = sum(self._steps.values()) / 2, 0
        for power in sorted(self._steps):
            steps += self._steps[power]
            if steps >= half:
                return 2.0**power
        return 0.0
