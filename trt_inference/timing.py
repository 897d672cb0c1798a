"""Clocks of the stages that a frame goes through, and their percentiles."""

import threading
from dataclasses import dataclass
from typing import Dict, Sequence

import numpy as np


@dataclass(frozen=True)
class Percentiles:
    """Percentiles of the last samples of one stage, in milliseconds."""

    p50: float
    p95: float
    p99: float

    @staticmethod
    def of(seconds: np.ndarray) -> "Percentiles":
        """Percentiles of ``seconds`` (``[n]``, n ≥ 1)."""
        return Percentiles(*(float(value) for value in np.percentile(seconds * 1e3, (50, 95, 99))))


class StageClock:
    """Keeps the last samples of each stage in rings that are allocated once."""

    def __init__(self, stages: Sequence[str], window: int = 1000) -> None:
        self._rows = {stage: row for row, stage in enumerate(stages)}
        self._samples = np.zeros((len(stages), window))
        self._counts = [0] * len(stages)
        self._lock = threading.Lock()

    def record(self, stage: str, seconds: float) -> None:
        """Add one sample. May be called from any thread."""
        row = self._rows[stage]
        with self._lock:
            self._samples[row, self._counts[row] % self._samples.shape[1]] = seconds
            self._counts[row] += 1

    def percentiles(self) -> Dict[str, Percentiles]:
        """The percentiles of each stage that has samples, in the order of the stages."""
        with self._lock:
            samples = {
                stage: self._samples[row, : self._counts[row]].copy()
                for stage, row in self._rows.items()
                if self._counts[row]
            }
        return {stage: Percentiles.of(values) for stage, values in samples.items()}
