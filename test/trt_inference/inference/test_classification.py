"""Frame in, classes out, with a bundle whose scores can be computed from the picture."""

from dataclasses import replace
from pathlib import Path
from typing import Dict, Iterator, Tuple

import numpy as np
import pytest

from test.task_bundles import COLORS, HEIGHT, WIDTH, softmax_of_means
from trt_inference.bundles.bundle import Fitting, Thresholds, load_bundle
from trt_inference.inference.classification import best_classes
from trt_inference.inference.detector import Detector
from trt_inference.inference.geometry import place
from trt_inference.inference.results import Classification
from trt_inference.inference.selection import Selection


@pytest.fixture
def detector(classification_bundle: Path) -> Iterator[Detector]:
    with Detector.open(load_bundle(classification_bundle)) as opened:
        yield opened


def plain(bgr: Tuple[int, int, int]) -> np.ndarray:
    return np.full((HEIGHT, WIDTH, 3), bgr, np.uint8)


def classify(detector: Detector, frame: np.ndarray) -> Classification:
    result = detector.detect(frame)
    assert isinstance(result, Classification)
    return result


# Softmax of 2, 1 and 0 is 0.665, 0.245 and 0.090; the last is below the bundle's threshold of 0.2.
@pytest.mark.parametrize(
    ("bgr", "expected"),
    [
        ((51, 0, 102), {"red": 0.6652, "blue": 0.2447}),
        ((102, 51, 0), {"blue": 0.6652, "green": 0.2447}),
        ((0, 255, 0), {"green": 0.9867}),
    ],
)
def test_classes_above_the_threshold_come_with_the_networks_scores(
    detector: Detector, bgr: Tuple[int, int, int], expected: Dict[str, float]
) -> None:
    found = classify(detector, plain(bgr))
    assert (found.scores.dtype, found.class_ids.dtype) == (np.float32, np.int32)
    assert [COLORS[class_id] for class_id in found.class_ids] == list(expected)
    assert found.scores.tolist() == pytest.approx(list(expected.values()), abs=1e-4)


def test_thresholds_are_those_of_the_moment(detector: Detector) -> None:
    frame = plain((51, 0, 102))
    detector.thresholds = replace(detector.thresholds, score_threshold=0.0)
    everything = classify(detector, frame)
    np.testing.assert_allclose(everything.scores, np.sort(softmax_of_means(frame))[::-1], rtol=1e-5)
    detector.thresholds = replace(detector.thresholds, max_detections=2)
    assert classify(detector, frame).class_ids.tolist() == everything.class_ids[:2].tolist()
    detector.thresholds = replace(detector.thresholds, score_threshold=0.9)
    assert len(classify(detector, frame)) == 0


def test_classes_that_are_not_wanted_do_not_count() -> None:
    outputs = {
        "scores": np.array([0.9, 0.8, 0.7, 0.6], np.float32),
        "classes": np.array([2, 0, 3, 1], np.int32),
    }
    wanted = Selection(classes=np.array([True, True, False, True]))
    placement = place(10, 10, 10, 10, Fitting("stretch"))
    found = best_classes(outputs, placement, Thresholds(0.5, 0.5, 2), wanted)
    assert found.class_ids.tolist() == [0, 3]
    assert found.scores.tolist() == outputs["scores"][1:3].tolist()


def test_next_frame_leaves_an_earlier_result_as_it_was(detector: Detector) -> None:
    first = classify(detector, plain((0, 0, 255)))
    scores, class_ids = first.scores.copy(), first.class_ids.copy()
    classify(detector, plain((255, 0, 0)))
    np.testing.assert_array_equal(first.scores, scores)
    np.testing.assert_array_equal(first.class_ids, class_ids)


def test_the_best_class_is_first_however_the_network_orders_them() -> None:
    outputs = {
        "scores": np.array([0.1, 0.3, 0.6], np.float32),
        "classes": np.array([2, 0, 1], np.int32),
    }
    whole = place(HEIGHT, WIDTH, HEIGHT, WIDTH, Fitting())
    assert best_classes(outputs, whole, Thresholds(0.0, 0.5, 10)).class_ids.tolist() == [1, 0, 2]
    assert best_classes(outputs, whole, Thresholds(0.0, 0.5, 1)).class_ids.tolist() == [1]
