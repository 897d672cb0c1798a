"""A bundle as a side of a replay finds what a robot with it publishes."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from converter.replay.sides.bundle_side import BundleSide, EngineChoice
from test.color_bundle import CANDIDATES, SIZE, picture
from test.converter.replay.picture_samples import recorded
from test.task_bundles import write_classification_bundle, write_segmentation_bundle
from trt_inference.bundles.bundle import Bundle, Thresholds, load_bundle
from trt_inference.bundles.choose_precision import PrecisionChoice
from trt_inference.errors import EngineError
from trt_inference.inference.detections import Detections
from trt_inference.inference.detector import Detector
from trt_inference.inference.geometry import place
from trt_inference.inference.postprocess import postprocess
from trt_inference.inference.results import Classification, Result, Segmentation

CHOICE = EngineChoice("onnxruntime")
TIGHT = Thresholds(score_threshold=0.5, iou_threshold=0.4, max_detections=4)


@pytest.fixture(scope="module")
def colors(shared_color_bundle: Path) -> Bundle:
    return load_bundle(shared_color_bundle)


@pytest.fixture(scope="module")
def side(colors: Bundle) -> Iterator[BundleSide]:
    opened = BundleSide.open(colors, "fp32", CHOICE, TIGHT)
    yield opened
    opened.close()


def assert_same(found: Result, expected: Result) -> None:
    assert isinstance(found, Detections) and isinstance(expected, Detections)
    assert_array_equal(found.xyxy, expected.xyxy)
    assert_array_equal(found.scores, expected.scores)
    assert_array_equal(found.class_ids, expected.class_ids)


def crowd(seed: int) -> dict[str, np.ndarray]:
    """Candidates that overlap a lot, with scores on both sides of the thresholds and on them."""
    random = np.random.default_rng(seed)
    corner, size = random.uniform(-8, 40, (CANDIDATES, 2)), random.uniform(2, 30, (CANDIDATES, 2))
    scores = random.choice([0.9, 0.7, 0.5, np.nextafter(0.5, 0), 0.4, 0.25, 0.2], CANDIDATES)
    return {
        "boxes": np.hstack([corner, corner + size]).astype(np.float32),
        "scores": np.sort(scores)[::-1].astype(np.float32),
        "classes": random.integers(0, 3, CANDIDATES, np.int32),
    }


@given(seed=st.integers(0, 10**6))
def test_what_is_published_is_what_the_robot_keeps_at_the_real_thresholds(
    side: BundleSide, colors: Bundle, seed: int
) -> None:
    outputs = crowd(seed)
    placement = place(SIZE, SIZE, SIZE, SIZE, colors.input.fitting)
    found = side.result(outputs, placement)
    assert_same(found.published, postprocess(outputs, placement, TIGHT, needs_nms=True))
    lower = Thresholds(0.25, TIGHT.iou_threshold, CANDIDATES)
    assert_same(found.pool, postprocess(outputs, placement, lower, needs_nms=True))


def test_an_image_is_fitted_as_the_robot_does(side: BundleSide, colors: Bundle) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (100, 220, 3), np.uint8)
    pixels[10:90, 20:180] = (0, 0, 255)
    with Detector.open(colors, "onnxruntime") as detector:
        detector.thresholds = TIGHT
        expected = detector.detect(pixels)
    found = side.look(recorded(pixels))
    assert found is not None and len(expected) == 4
    assert_same(found.published, expected)
    assert len(found.pool) > len(found.published)


def test_results_are_not_overwritten_by_the_next_image(side: BundleSide) -> None:
    first = side.look(recorded(picture("red", (1, 1))))
    boxes = first.published.xyxy.copy()  # type: ignore[union-attr]
    side.look(recorded(picture("blue", (5, 6))))
    assert_array_equal(first.published.xyxy, boxes)  # type: ignore[union-attr]


def test_scores_that_are_not_finite_leave_nothing_as_a_robot_publishes_nothing(
    side: BundleSide, colors: Bundle
) -> None:
    outputs = crowd(1)
    outputs["scores"][3] = np.nan
    found = side.result(outputs, place(SIZE, SIZE, SIZE, SIZE, colors.input.fitting))
    assert not found.is_finite
    assert len(found.published) == len(found.pool) == 0  # type: ignore[arg-type]


def test_a_box_of_a_score_that_no_robot_looks_at_may_be_infinite(
    side: BundleSide, colors: Bundle
) -> None:
    outputs = crowd(2)
    outputs["scores"][:] = np.linspace(0.95, 0.3, CANDIDATES)
    outputs["boxes"][-1, 2] = np.inf
    placement = place(SIZE, SIZE, SIZE, SIZE, colors.input.fitting)
    found = side.result(outputs, placement)
    assert found.is_finite and found.pool.is_finite
    assert_same(found.published, postprocess(outputs, placement, TIGHT, needs_nms=True))
    outputs["boxes"][0, 2] = np.inf
    assert not side.result(outputs, placement).is_finite


def test_where_all_scores_are_wanted_the_pool_begins_lower(colors: Bundle) -> None:
    side = BundleSide.open(colors, "fp32", CHOICE, TIGHT, lowest_score=0.01)
    outputs, placement = crowd(4), place(SIZE, SIZE, SIZE, SIZE, colors.input.fitting)
    outputs["scores"][-1] = 0.02
    outputs["boxes"][-1] = 50, 50, 60, 60
    outputs["boxes"][:-1] = 1, 1, 20, 20
    assert side.result(outputs, placement).pool.scores[-1] == np.float32(0.02)  # type: ignore[union-attr]
    side.close()


def test_a_threshold_below_what_map_begins_with_hides_nothing(colors: Bundle) -> None:
    """mAP begins at a score of 0.01."""
    everything = Thresholds(0.005, 0.5, CANDIDATES)
    outputs, placement = crowd(4), place(SIZE, SIZE, SIZE, SIZE, colors.input.fitting)
    outputs["scores"][-1] = 0.008
    outputs["boxes"][-1] = 50, 50, 60, 60
    outputs["boxes"][:-1] = 1, 1, 20, 20
    with contextlib.closing(BundleSide.open(colors, "fp32", CHOICE, everything, 0.01)) as side:
        found = side.result(outputs, placement)
    assert_same(found.published, postprocess(outputs, placement, everything, needs_nms=True))


def test_of_a_classifier_the_published_classes_reach_the_threshold(tmp_path: Path) -> None:
    bundle = load_bundle(write_classification_bundle(tmp_path / "classes"))
    side = BundleSide.open(bundle, "fp32", CHOICE, Thresholds(0.4, 0.5, 1))
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[..., 0], pixels[..., 2] = 110, 100
    found = side.look(recorded(pixels))
    shares = np.exp(np.array([110, 0, 100]) / 51)
    shares /= shares.sum()
    assert isinstance(found.published, Classification) and isinstance(found.pool, Classification)
    assert found.published.class_ids.tolist() == [0]
    assert found.pool.class_ids.tolist() == [0, 2]
    assert found.pool.scores == pytest.approx(shares[[0, 2]], abs=1e-5)
    assert side.score_threshold == 0.4
    side.close()


def test_a_class_map_is_the_callers_own(tmp_path: Path) -> None:
    bundle = load_bundle(write_segmentation_bundle(tmp_path / "cells"))
    side = BundleSide.open(bundle, "fp32", CHOICE, bundle.defaults)
    red = side.look(recorded(np.full((48, 64, 3), (0, 0, 255), np.uint8)))
    side.look(recorded(np.zeros((48, 64, 3), np.uint8)))
    assert isinstance(red.published, Segmentation)
    assert_array_equal(red.published.class_map, np.full((48, 64), 3))
    assert side.score_threshold is None
    side.close()


def test_a_precision_that_a_server_exchanges_meanwhile_is_not_compared(colors: Bundle) -> None:
    side = BundleSide.open(colors, "fp32", CHOICE, TIGHT)
    with contextlib.closing(side):
        pixels = np.zeros((SIZE, SIZE, 3), np.uint8)
        side.infer(pixels)
        side._detector.engine.choice = PrecisionChoice("int8", "version 2 of colors")
        with pytest.raises(EngineError, match=r"gives int8 of '.*' now, instead of fp32"):
            side.infer(pixels)
