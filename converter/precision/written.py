"""The file of a precision as a robot will load it: that it does what was measured, and how fast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter

import numpy as np

from converter.dataset import Sample
from converter.errors import PrecisionError
from trt_inference.bundle import Bundle
from trt_inference.detector import Detector
from trt_inference.engines.base import Engine
from trt_inference.preprocess import Preprocessor

_TIMED = 50
_SECONDS = 20.0  # of timing; a few images do where one takes long
_AT_LEAST = 5
_COMPARED = 8
# Between float16 that is rounded at each step, and float16 as a CPU computes it.
_SCORES_MAY_DIFFER = 0.05
_CELLS_MAY_DIFFER = 0.05


def check_written(
    bundle: Bundle, precision: str, measured: Engine, samples: Sequence[Sample]
) -> None:
    """See that a precision of ``bundle`` gives what was measured.

    Args:
        measured: the engine that the figures come from.

    Raises:
        PrecisionError: it does not.
    """
    with Detector.open(bundle, "onnxruntime", precision) as detector:
        for sample in samples[:_COMPARED]:
            frame = sample.read()
            detector.detect(frame)
            given = detector.engine.infer()
            spec = bundle.input
            Preprocessor(measured.input_buffer()[0], spec.fit, spec.pad_value)(frame)
            difference = _difference(measured.infer(), given)
            if difference:
                raise PrecisionError(
                    f"{precision}: the file gives other values than the model that was measured, "
                    f"on {sample.name}: {difference}. This is a fault of the converter, please "
                    "report it with the model"
                )


def _difference(wanted: Mapping[str, np.ndarray], given: Mapping[str, np.ndarray]) -> str:
    """What is wrong; empty when nothing is."""
    if "scores" in wanted:
        most = float(np.abs(wanted["scores"] - given["scores"]).max())
        return "" if most <= _SCORES_MAY_DIFFER else f"scores differ by up to {most:.3g}"
    part = float((wanted["class_map"] != given["class_map"]).mean())
    return "" if part <= _CELLS_MAY_DIFFER else f"{part:.1%} of the cells have another class"


def time_engines(bundle: Bundle, precision: str, samples: Sequence[Sample]) -> dict[str, float]:
    """Median milliseconds of one inference, of fp32 and of ``precision`` by turns."""
    names = ("fp32", precision)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    detectors = {name: Detector.open(bundle, "onnxruntime", name) for name in names}
    end = perf_counter() + _SECONDS
    for index, sample in enumerate(samples[:_TIMED]):
        if index >= _AT_LEAST and perf_counter() > end:
            break
        frame = sample.read()
        for name, detector in detectors.items():
            detector.detect(frame)  # the image into the buffer, and the caches warm
            started = perf_counter()
            detector.engine.infer()
            seconds[name].append(perf_counter() - started)
    for detector in detectors.values():
        detector.close()
    return {name: float(np.median(taken)) * 1e3 for name, taken in seconds.items()}
