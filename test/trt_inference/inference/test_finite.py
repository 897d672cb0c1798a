"""Scores and boxes of NaN and infinity are no empty result."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest

from test.color_bundle import picture
from trt_inference.bundles.bundle import Fitting, Thresholds, load_bundle
from trt_inference.engines.base import EngineOptions
from trt_inference.errors import ResultError
from trt_inference.inference.classification import best_classes
from trt_inference.inference.detections import Detections
from trt_inference.inference.detector import Detector
from trt_inference.inference.frame import Frame
from trt_inference.inference.geometry import place
from trt_inference.inference.postprocess import postprocess

HALF = Thresholds(score_threshold=0.5, iou_threshold=0.5, max_detections=100)
SAME_SIZE = place(100, 100, 100, 100, Fitting("stretch"))
LOWEST = float(np.finfo(np.float32).min)
GOOD = [[20.0, 20, 30, 30], [40, 40, 50, 50]]


def outputs(boxes: Any, scores: List[float]) -> Dict[str, np.ndarray]:
    return {
        "boxes": np.array(boxes, np.float32),
        "scores": np.array(scores, np.float32),
        "classes": np.arange(len(scores), dtype=np.int32),
    }


def detections(boxes: Any, scores: List[float], needs_nms: bool = True) -> Detections:
    with np.errstate(all="raise"):  # no warning on the way
        return postprocess(outputs(boxes, scores), SAME_SIZE, HALF, needs_nms)


@pytest.mark.parametrize("needs_nms", [True, False])
@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30, -np.inf])
def test_a_score_that_is_not_finite_makes_the_result_doubtful(bad: float, needs_nms: bool) -> None:
    for scores in ([0.9, bad], [bad, 0.9]):
        found = detections(GOOD, scores, needs_nms)
        assert not found.is_finite
        assert found.class_ids.tolist() == [scores.index(0.9)]
        classes = best_classes(outputs(GOOD, scores), SAME_SIZE, HALF)
        assert not classes.is_finite
        assert classes.class_ids.tolist() == [scores.index(0.9)]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e38, -3e38])
def test_a_box_counts_where_its_score_reaches_the_threshold(bad: float) -> None:
    boxes = [[20.0, 20, 30, 30], [bad, 40, 50, 50]]
    above = detections(boxes, [0.9, 0.5])
    assert not above.is_finite and above.class_ids.tolist() == [0]
    # The exponential of a box's side overflows where the network is sure that there is nothing.
    below = detections(boxes, [0.9, 0.4])
    assert below.is_finite and below.class_ids.tolist() == [0]


def test_lists_that_are_filled_up_with_the_lowest_score_are_finite() -> None:
    found = detections(GOOD, [0.9, LOWEST])
    assert found.is_finite and found.class_ids.tolist() == [0]


def test_boxes_of_any_finite_size_overlap_without_a_warning() -> None:
    boxes = [[-9e8, -9e8, 9e8, 9e8], [-8e8, -9e8, 9e8, 9e8], [20, 20, 30, 30]]
    with np.errstate(all="raise"):
        found = postprocess(
            outputs(boxes, [0.9, 0.8, 0.7]), SAME_SIZE, HALF, True, class_agnostic=True
        )
    assert found.is_finite
    assert found.xyxy.tolist() == [[0, 0, 100, 100], [20, 20, 30, 30]]


class Outputs:
    """An engine whose outputs are given."""

    def __init__(self, detector: Detector, scores: List[List[float]]) -> None:
        self._engine = detector.engine
        self._scores = np.array(scores, np.float32)
        detector.engine = self  # type: ignore[assignment]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def finish(self) -> Dict[str, np.ndarray]:
        count = len(self._scores)
        return {
            "boxes": np.array([GOOD] * count, np.float32),
            "scores": self._scores,
            "classes": np.zeros((count, 2), np.int32),
        }


def test_of_images_that_run_together_only_the_bad_one_is_doubtful(
    shared_color_bundle: Path,
) -> None:
    bundle = replace(load_bundle(shared_color_bundle), needs_nms=False)
    with Detector.open(bundle, options=EngineOptions(batch=3)) as detector:
        Outputs(detector, [[0.9, 0.8], [np.nan, 0.8], [0.9, 0.1]])
        for _ in range(3):
            detector.add(Frame(picture("red", (1, 1))))
        detector.start()
        results = detector.finish()
        assert [result.is_finite for result in results] == [True, False, True]
        assert detector.counts.not_finite == 1
        assert detector.is_finite  # the last one


def test_a_result_that_is_not_finite_is_an_error_for_who_does_not_ask_for_it(
    shared_color_bundle: Path,
) -> None:
    with Detector.open(load_bundle(shared_color_bundle)) as detector:
        assert detector.first is not None and detector.first.is_finite
        engine = detector.engine
        Outputs(detector, [[np.nan, np.nan]])
        frame = picture("red", (1, 1))
        with pytest.raises(ResultError, match=r"fp32 gives .*the model itself"):
            detector.detect(frame)
        left = detector.detect(frame, allow_non_finite=True)
        assert len(left) == 0 and not left.is_finite  # type: ignore[arg-type]
        assert detector.counts.not_finite == 2
        detector.engine = engine
        assert len(detector.detect(frame)) == 1  # type: ignore[arg-type]
