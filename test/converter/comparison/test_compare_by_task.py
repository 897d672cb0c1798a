"""What each task counts as the same, on outputs that are made by hand."""

from typing import List

import numpy as np
import pytest

from converter.comparison.agreement import Agreement, ClassAgreement
from converter.comparison.base import ImageFindings
from converter.comparison.compare_by_task import COMPARISONS
from converter.onnx_tools.node_names import ALL_BOXES, CLASS_SCORES
from trt_inference.bundles.bundle import Thresholds
from trt_inference.bundles.names import (
    BOXES,
    CLASS_MAP,
    CLASSES,
    CLASSIFICATION,
    DETECTION,
    SCORES,
    SEGMENTATION,
)
from trt_inference.inference.detections import Detections
from trt_inference.inference.results import Classification, Segmentation

GAP = 1e-4
CORNERS = np.array([[0, 0, 10, 10], [20, 0, 30, 10], [0, 20, 10, 30]], np.float32)


def detections(scores: List[float]) -> Detections:
    return Detections(CORNERS[: len(scores)], np.array(scores, np.float32), np.arange(len(scores)))


def test_pixels_that_a_crop_leaves_out_do_not_make_models_more_alike() -> None:
    compare = COMPARISONS[SEGMENTATION]
    first, second = (np.full((60, 100), 255, np.uint8) for _ in range(2))
    first[:, 20:80] = 1
    second[:, 20:80], second[:15, 20:80] = 1, 2  # a fourth of what is looked at
    one, other = compare.keep(Segmentation(first)), compare.keep(Segmentation(second))
    assert compare.differ(one, other, 0.5) == 0.25
    agreed = compare.agree([(ImageFindings(one, one), ImageFindings(other, other))], 0.5)
    assert agreed == ClassAgreement(3600, 2700)
    assert compare.classes(other, 0.5).tolist() == [1, 2]


def test_candidates_are_ranked_as_the_bundle_ranks_them() -> None:
    decoded = {
        ALL_BOXES: CORNERS,
        CLASS_SCORES: np.array([[0.1, 0.3], [0.9, 0.2], [0.5, 0.49999]], np.float32),
    }
    ranked = COMPARISONS[DETECTION].rank(decoded, 2, GAP)
    np.testing.assert_array_equal(ranked.outputs[SCORES], np.float32([0.9, 0.5]))
    np.testing.assert_array_equal(ranked.outputs[BOXES], CORNERS[1:])
    np.testing.assert_array_equal(ranked.outputs[CLASSES], [0, 0])


def test_a_class_at_the_end_may_have_changed_places_with_one_that_is_cut_off() -> None:
    comparison = COMPARISONS[CLASSIFICATION]
    ranked = comparison.rank({CLASS_SCORES: np.float32([0.9, 0.50005, 0.5])}, 2, GAP)
    assert ranked.clear is not None
    assert ranked.clear.tolist() == [True, False]
    whole = comparison.as_ranked({SCORES: np.float32([0.9, 0.5])}, GAP)
    assert whole.clear is not None
    assert whole.clear.tolist() == [True, False]  # what an engine has cut off is not known


def test_a_detection_is_looked_for_in_all_that_the_other_chose_from() -> None:
    compare = COMPARISONS[DETECTION]
    all_of_both = detections([0.9, 0.49])
    one = ImageFindings(all_of_both[:1], all_of_both)
    other = ImageFindings(all_of_both, all_of_both)
    for pair in ((one, other), (other, one)):
        agreed = compare.agree([pair], 0.4)
        assert isinstance(agreed, Agreement)
        assert (agreed.missing, agreed.extra) == (0, 0)
    lost = compare.agree([(other, ImageFindings(all_of_both[:1], all_of_both[:1]))], 0.4)
    assert isinstance(lost, Agreement)
    assert (lost.missing, lost.extra) == (1, 0)


def classified(best: int, tied: bool = False) -> ImageFindings:
    outputs = {SCORES: np.float32([0.5, 0.4]), CLASSES: np.int32([best, 1 - best])}
    nothing = Classification(np.zeros(0, np.float32), np.zeros(0, np.int32))
    return COMPARISONS[CLASSIFICATION].found(outputs, nothing, nothing, tied)


@pytest.mark.parametrize(("tied", "same"), [(False, 1), (True, 2)])
def test_either_of_two_classes_that_tie_is_right(tied: bool, same: int) -> None:
    pairs = [(classified(0), classified(0)), (classified(0, tied), classified(1))]
    agreed = COMPARISONS[CLASSIFICATION].agree(pairs, 0.5, least=0.75)
    assert isinstance(agreed, ClassAgreement)
    assert (agreed.compared, agreed.same, agreed.least) == (2, same, 0.75)


def test_the_best_class_counts_though_a_robot_would_not_publish_it() -> None:
    defaults = Thresholds(score_threshold=0.9, iou_threshold=0.5, max_detections=3)
    assert COMPARISONS[CLASSIFICATION].publish_at(defaults).score_threshold < 0
    assert COMPARISONS[DETECTION].publish_at(defaults) == defaults
    agreed = COMPARISONS[CLASSIFICATION].agree([(classified(0), classified(1))], 0.9)
    assert isinstance(agreed, ClassAgreement)
    assert agreed.same == 0


def test_a_class_map_is_compared_cell_by_cell() -> None:
    compare = COMPARISONS[SEGMENTATION]
    maps = [np.zeros((4, 4), np.uint8) for _ in range(2)]
    maps[1][0, 0] = 1
    frame = Segmentation(np.zeros((400, 400), np.uint8))
    one, other = (compare.found({CLASS_MAP: each}, frame, frame) for each in maps)
    agreed = compare.agree([(one, other)], 0.5)
    assert isinstance(agreed, ClassAgreement)
    assert (agreed.compared, agreed.same) == (16, 15)
    maps[0][:] = 7  # the next image overwrites what the model gave
    assert compare.agree([(one, other)], 0.5) == agreed
