"""Check the file of a precision as a robot will load it: its results, and its speed."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

from converter.errors import PrecisionError
from converter.inputs.sample import Sample
from converter.precision.evaluate import Evaluator
from converter.precision.precision_results import MOST_CHANGED
from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.precisions import FP32
from trt_inference.inference.detector import Detector

_TIMED = 50
_SECONDS = 20.0  # of timing; a few images do where one takes long
_AT_LEAST = 5
_COMPARED = 16
# The part of fp32's results that the file may change: more than a good precision does.
_MAY_CHANGE = 4 * MOST_CHANGED


def check_file(bundle: Bundle, precision: str, evaluator: Evaluator, limit: float = 0.0) -> None:
    """Check that the file of a precision gives what fp32 gives, as the measured model does.

    Numbers may differ: a CPU computes float16 with less rounding than was measured.

    Args:
        limit: of the measured model's loss, which the user may have chosen large.

    Raises:
        PrecisionError: the results differ.
    """
    with Detector.open(bundle, "onnxruntime", precision) as detector:
        changed = evaluator.changed(detector, _COMPARED)
    if changed > max(_MAY_CHANGE, 2 * limit):
        raise PrecisionError(
            f"{precision}: the file gives other results than the model that was measured, for "
            f"{changed:.0%} of {_COMPARED} images. This is a fault of the converter, please report "
            "it with the model"
        )


def time_engines(bundle: Bundle, precision: str, samples: Sequence[Sample]) -> dict[str, float]:
    """Measure the median milliseconds of one inference, of fp32 and of ``precision`` by turns."""
    names = (FP32, precision)
    detectors = {name: Detector.open(bundle, "onnxruntime", name) for name in names}
    end = perf_counter() + _SECONDS
    for index, sample in enumerate(samples[:_TIMED]):
        if index >= _AT_LEAST and perf_counter() > end:
            break
        frame = sample.read()
        for detector in detectors.values():
            detector.detect(frame, allow_non_finite=True)
    for detector in detectors.values():
        detector.close()
    return {
        name: detector.clock.percentiles()["inference"].p50 for name, detector in detectors.items()
    }
