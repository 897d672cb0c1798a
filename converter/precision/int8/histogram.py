"""A histogram of absolute values that grows with them, and where to cut it.

Not ONNX Runtime's: its search for the least entropy counts the zeros that a ReLU leaves as one
high peak, and cuts off most of the values for its sake.
"""

from __future__ import annotations

import numpy as np

BINS = 2048
# Of eight bits, on one side of 0.
LEVELS = 128
_STEP = 4  # bins between two places that are tried
_KEPT = 99.0  # percent of the values, at least


class Histogram:
    """Counts absolute values in ``BINS`` bins of equal width from 0 on."""

    def __init__(self) -> None:
        self._counts = np.zeros(BINS, np.int64)
        self._end = 0.0

    def add(self, values: np.ndarray) -> None:
        """Count ``values``, float32 of any shape. The bins get wider when they end too early."""
        magnitudes = np.abs(values)
        largest = float(magnitudes.max(initial=0))
        self._end = self._end or largest
        if not self._end:
            self._counts[0] += values.size
            return
        while self._end < largest:
            self._counts = np.pad(self._counts.reshape(-1, 2).sum(axis=1), (0, BINS // 2))
            self._end *= 2
        self._counts += np.histogram(magnitudes, BINS, (0.0, self._end))[0]

    def percentile(self, percent: float) -> float:
        """Return the end of the bin up to which there are so many of the values, in percent."""
        return self._edge(self._bins_of(percent))

    def least_entropy(self) -> float:
        """Return where to cut so that ``LEVELS`` levels keep the distribution best.

        The Kullback-Leibler divergence of the cut and quantised distribution from the one that
        was counted is the smallest there (Migacz, 8-bit Inference with TensorRT, GTC 2017).
        Zeros are exact on any scale: the first bin counts as much as the second. One value that
        many pixels have, as those of a letterbox do, must not decide, so that most are kept.
        """
        counts = self._counts.astype(np.float64)
        counts[0] = counts[1]
        first = min(max(LEVELS, self._bins_of(_KEPT)), BINS)
        places = range(first, BINS + 1, _STEP)
        divergences = [_divergence(counts, place) for place in places]
        return self._edge(places[int(np.argmin(divergences))])

    def _bins_of(self, percent: float) -> int:
        """The number of bins that hold so many of the values."""
        reached = np.cumsum(self._counts) >= percent / 100 * self._counts.sum()
        return int(np.argmax(reached)) + 1

    def _edge(self, index: int) -> float:
        return self._end * index / BINS


def _divergence(counts: np.ndarray, place: int) -> float:
    """The divergence of the first ``place`` bins on ``LEVELS`` levels from all bins, with those
    behind them added to the last one."""
    wanted = counts[:place].copy()
    wanted[-1] += counts[place:].sum()
    levels = np.arange(place) * LEVELS // place
    filled = counts[:place] > 0
    sums = np.bincount(levels, counts[:place], LEVELS)
    bins = np.bincount(levels, filled, LEVELS)
    given = np.where(filled, (sums / np.maximum(bins, 1))[levels], 0.0)
    if not given.any():
        return np.inf
    wanted, given = wanted / wanted.sum(), given / given.sum()
    there = wanted > 0
    if (given[there] == 0).any():  # values behind the cut, and none just before it
        return np.inf
    return float(np.sum(wanted[there] * np.log(wanted[there] / given[there])))
