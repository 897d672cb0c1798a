"""Find the range of each tensor on images that are prepared by the robot's own code."""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
from onnxruntime.quantization.calibrate import HistogramCollector

from converter.dataset import Sample
from converter.precision.engine import ModelEngine, watch
from converter.precision.graph import Float32Model
from converter.precision.results import Calibration
from trt_inference.bundle import Bundle

METHODS = ("minmax", "entropy", "percentile")
PERCENTILE = 99.99
_BINS = 2048
_LEVELS = 256  # of eight bits


class _Collector(Protocol):
    """Takes the tensors of one image after the other; knows the ranges afterwards."""

    def add(self, values: Mapping[str, np.ndarray]) -> None:
        """Of one image."""

    def ranges(self) -> dict[str, float]:
        """The largest absolute value that int8 has to reach, by tensor."""


def calibrate(
    source: Float32Model,
    tensors: Sequence[str],
    bundle: Bundle,
    samples: Iterable[Sample],
    method: str,
) -> tuple[dict[str, float], Calibration]:
    """The ranges of ``tensors``, symmetric around 0: the absolute value that becomes 127.

    Args:
        samples: with a progress bar around them.
        method: ``minmax`` takes the largest value; ``percentile`` leaves the largest 0.01 % out;
            ``entropy`` loses the least information (Migacz, 8-bit Inference with TensorRT, GTC
            2017).
    """
    collector = _MinMax() if method == "minmax" else _Histograms(method)
    digest, count = hashlib.sha256(), 0
    engine = ModelEngine(source.model, bundle, tensors)
    for _, values in watch(engine, bundle, samples):
        digest.update(engine.input_buffer().tobytes())
        collector.add(values)
        count += 1
    return collector.ranges(), Calibration(method, count, digest.hexdigest())


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
    """By ONNX Runtime's histograms, which it fills image by image."""

    def __init__(self, method: str) -> None:
        self._collector = HistogramCollector(
            method, symmetric=True, num_bins=_BINS, num_quantized_bins=_LEVELS,
            percentile=PERCENTILE, scenario="same",
        )  # fmt: skip

    def add(self, values: Mapping[str, np.ndarray]) -> None:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints as it goes
            self._collector.collect({name: [value] for name, value in values.items()})

    def ranges(self) -> dict[str, float]:
        with contextlib.redirect_stdout(io.StringIO()):
            found = self._collector.compute_collection_result()
        return {
            name: max(abs(float(value[0])), abs(float(value[1]))) for name, value in found.items()
        }
