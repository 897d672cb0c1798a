"""Find the range of each tensor on images that are prepared by the robot's own code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np

from converter.errors import PrecisionError
from converter.inputs.sample import Sample
from converter.precision.float32_model import Float32Model, short_name
from converter.precision.int8.histogram import Histogram
from converter.precision.model_engine import ModelEngine, watch
from converter.precision.precision_results import Calibration
from trt_inference.bundles.bundle import Bundle

PERCENTILE = 99.99


class _Collector(Protocol):
    """Takes the tensors of one image after the other; knows the ranges afterwards."""

    def add(self, values: Mapping[str, np.ndarray]) -> None:
        """Take the values of one image."""

    def ranges(self) -> dict[str, float]:
        """Return the largest absolute value that int8 has to reach, by tensor."""


def calibrate(
    source: Float32Model,
    tensors: Sequence[str],
    bundle: Bundle,
    samples: Iterable[Sample],
    method: str,
) -> tuple[dict[str, float], Calibration]:
    """Find the ranges of ``tensors``, symmetric around 0: the absolute value that becomes 127.

    Args:
        samples: with a progress bar around them.
        method: ``minmax`` takes the largest value; ``percentile`` leaves the largest 0.01 % out;
            ``entropy`` keeps the distribution best, see ``Histogram``.

    Raises:
        PrecisionError: a value is no number, or infinite.
    """
    collector = _MinMax() if method == "minmax" else _Histograms(method)
    digest, count = hashlib.sha256(), 0
    engine = ModelEngine(source.model, bundle, tensors)
    for sample, values in watch(engine, bundle, samples):
        _check_numbers(values, sample)
        digest.update(engine.input_buffer().tobytes())
        collector.add(values)
        count += 1
    return collector.ranges(), Calibration(method, count, digest.hexdigest())


def _check_numbers(values: Mapping[str, np.ndarray], sample: Sample) -> None:
    for name, value in values.items():
        if not np.isfinite(value).all():
            raise PrecisionError(
                f"int8: {short_name(name)} has NaN or infinite values on {sample.name}, which have "
                "no range: keep what uses it in float32 by --keep-float, or remove the image"
            )


class _MinMax:
    def __init__(self) -> None:
        self._largest: dict[str, float] = {}

    def add(self, values: Mapping[str, np.ndarray]) -> None:
        for name, value in values.items():
            largest = float(np.abs(value).max(initial=0))
            self._largest[name] = max(self._largest.get(name, 0.0), largest)

    def ranges(self) -> dict[str, float]:
        return self._largest


class _Histograms:
    def __init__(self, method: str) -> None:
        self._method = method
        self._histograms: dict[str, Histogram] = {}

    def add(self, values: Mapping[str, np.ndarray]) -> None:
        for name, value in values.items():
            self._histograms.setdefault(name, Histogram()).add(value)

    def ranges(self) -> dict[str, float]:
        return {name: self._cut(histogram) for name, histogram in self._histograms.items()}

    def _cut(self, histogram: Histogram) -> float:
        if self._method == "entropy":
            return histogram.least_entropy()
        return histogram.percentile(PERCENTILE)
