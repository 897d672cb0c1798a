"""The comparison of two models on hand-made tensors and detections."""

import math
from typing import Dict, List, Tuple

import numpy as np
import pytest

from converter.comparison.agreement import (
    Agreement,
    tensor_parity,
    worst,
)
from converter.comparison.compare_detections import DetectionComparison, match, match_all
from converter.comparison.tolerance import TOLERANCES
from trt_inference.inference.detections import Detections

BOXES = np.array([[0, 0, 10, 10], [20, 0, 30, 10], [0, 20, 10, 30]], np.float32)
THREE = Detections(BOXES, np.array([0.9, 0.8, 0.7], np.float32), np.array([0, 1, 2]))
FLOAT32 = TOLERANCES["float32"]


def moved(by: float) -> Detections:
    """Each box shifted across."""
    shift = np.array([by, 0, by, 0], np.float32)
    return Detections(BOXES + shift, THREE.scores, THREE.class_ids)


def test_tensor_figures_are_those_of_the_definition() -> None:
    reference, candidate = np.array([3.0, -4.0]), np.array([3.0, -4.5])
    parity = tensor_parity("out", reference, candidate)
    assert parity.max_abs == 0.5
    assert parity.magnitude == 4.0
    assert parity.relative == 0.125
    cosine = (3 * 3 + 4 * 4.5) / (5 * math.hypot(3, 4.5))
    assert parity.cosine == pytest.approx(cosine)


def test_small_values_are_not_held_to_a_fraction_of_themselves() -> None:
    parity = tensor_parity("out", np.array([1e-6, 0.5]), np.array([2e-6, 0.5]))
    assert parity.relative == pytest.approx(1e-6)


def test_all_but_zero_outputs_agree_though_they_have_no_direction() -> None:
    parity = tensor_parity("out", np.array([0.0, 0.0]), np.array([1e-9, -1e-8]))
    assert parity.cosine == 1


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_infinity_never_agree(bad: float) -> None:
    sound, damaged = np.array([1.0, 2.0]), np.array([1.0, bad])
    for pair in ((sound, damaged), (damaged, sound), (damaged, damaged)):
        assert tensor_parity("out", *pair).max_abs == np.inf


@pytest.mark.parametrize("position", [0, 1, 2])
def test_the_worst_image_counts_wherever_it_is(position: int) -> None:
    reference = np.array([1.0, 1.0])
    images = [tensor_parity("out", reference, reference) for _ in range(3)]
    images[position] = tensor_parity("out", reference, np.array([1.0, -1.0]))
    result = worst(images)
    assert (result.max_abs, result.cosine) == (2.0, pytest.approx(0))
    images[position] = tensor_parity("out", np.array([1.0, np.nan]), reference)
    assert math.isnan(worst(images).magnitude)


def candidates(**changes: np.ndarray) -> Dict[str, np.ndarray]:
    return {"boxes": BOXES, "scores": THREE.scores, "classes": THREE.class_ids, **changes}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scores", np.array([0.9, 0.8, 0.6])),
        ("boxes", BOXES[:, [1, 0, 3, 2]]),
        ("classes", np.array([0, 0, 2])),
    ],
)
def test_each_wrong_part_of_a_candidate_is_seen(name: str, value: np.ndarray) -> None:
    comparison = DetectionComparison()
    reference = comparison.as_ranked(candidates(), FLOAT32.score_gap)
    found = comparison.parity(reference, candidates(**{name: value}), FLOAT32)
    assert [parity.name for parity in found.tensors if parity.relative > 0.01] == [name]
    assert found.rows is not None
    assert found.rows.unlike


def compare(pairs: List[Tuple[Detections, Detections]], threshold: float) -> Agreement:
    """Each side has just its detections to choose from."""
    return match_all(pairs, [(other, one) for one, other in pairs], threshold)


def test_either_of_two_equal_boxes_may_suppress_the_other() -> None:
    # Both models have both boxes; rounding decides which of them each one shows.
    near = Detections(BOXES[:1].repeat(2, axis=0).copy(), np.array([0.9, 0.9]), np.array([0, 0]))
    near.xyxy[1] += 3
    found = match_all([(near[:1], near)], [(near[1:], near)], 0.5)
    assert (found.missing, found.extra) == (0, 0)
    assert found.lowest_iou == pytest.approx(1)


def test_a_model_agrees_with_itself() -> None:
    found = compare([(THREE, THREE), (THREE[:1], THREE[:1])], 0.5)
    assert (found.images, found.detections, found.matched) == (2, 4, 4)
    assert (found.missing, found.extra, found.largest_score_difference) == (0, 0, 0)
    assert found.lowest_iou == pytest.approx(1)


def test_missing_and_extra_are_counted_apart() -> None:
    found = compare([(THREE, THREE[:1]), (THREE[:0], THREE[:2])], 0.5)
    assert (found.missing, found.extra, found.matched) == (2, 2, 1)


def test_another_class_is_another_object() -> None:
    other = Detections(BOXES, THREE.scores, np.array([0, 1, 1]))
    found = compare([(THREE, other)], 0.5)
    assert (found.matched, found.missing, found.extra) == (2, 1, 1)


def test_shifts_and_score_changes_are_measured() -> None:
    lower = moved(2)
    found = compare([(THREE, Detections(lower.xyxy, THREE.scores - 0.05, THREE.class_ids))], 0.1)
    assert found.lowest_iou == pytest.approx(8 / 12)
    assert found.mean_iou == pytest.approx(8 / 12)
    assert found.largest_score_difference == pytest.approx(0.05)


def test_boxes_that_overlap_by_less_than_half_are_not_the_same() -> None:
    assert compare([(THREE, moved(5))], 0.5).matched == 0


@pytest.mark.parametrize(("cut", "missing", "cut_off"), [(0.65, 1, 0), (0.7, 0, 1), (0.75, 0, 1)])
def test_what_a_full_list_may_have_cut_off_is_not_missing(
    cut: float, missing: int, cut_off: int
) -> None:
    found = match_all([(THREE, THREE[:2])], [(THREE[:2], THREE)], 0.5, [(-np.inf, cut)])
    assert (found.missing, found.extra, found.cut_off) == (missing, 0, cut_off)
    reverse = match_all([(THREE[:2], THREE)], [(THREE, THREE[:2])], 0.5, [(cut, -np.inf)])
    assert (reverse.missing, reverse.extra, reverse.cut_off) == (0, missing, cut_off)


def test_detections_at_the_threshold_may_be_on_either_side() -> None:
    assert compare([(THREE, THREE[:2])], 0.695).missing == 0
    assert compare([(THREE, THREE[:2])], 0.685).missing == 1


def test_boxes_at_one_place_are_paired_by_the_nearest_score() -> None:
    whole = np.array([[0, 0, 10, 10]] * 2, np.float32)
    one = Detections(whole, np.array([0.9, 0.6]), np.zeros(2, int))
    rows, columns, _ = match(one, one[[1, 0]])
    assert sorted(zip(rows.tolist(), columns.tolist())) == [(0, 1), (1, 0)]


def test_the_best_overlap_is_paired_first() -> None:
    near = Detections(
        np.array([[1, 0, 11, 10], [0, 0, 10, 10]], np.float32), np.ones(2), np.zeros(2, int)
    )
    rows, columns, overlaps = match(near[1:], near)
    assert (rows.tolist(), columns.tolist()) == ([0], [1])
    assert overlaps[0] == pytest.approx(1)


def of_one_class(boxes: List[Tuple[int, int, int, int]], scores: List[float]) -> Detections:
    return Detections(np.float32(boxes), np.float32(scores), np.zeros(len(boxes), int))


def test_a_detection_that_was_cut_off_is_not_matched_by_another_box() -> None:
    wanted = of_one_class([(20, 0, 120, 100)], [0.5])
    overlapping = of_one_class([(25, 0, 125, 130)], [0.7])
    cut = match_all([(wanted, overlapping)], [], 0.4, [(-np.inf, 0.6)])
    assert (cut.matched, cut.cut_off, cut.missing) == (0, 1, 0)
    uncut = match_all([(wanted, overlapping)], [], 0.4)
    assert uncut.matched == 1
    assert uncut.lowest_iou < 0.95
    same = match_all([(wanted, wanted)], [], 0.4, [(-np.inf, 0.6)])
    assert (same.matched, same.cut_off) == (1, 0)


def test_a_score_that_is_no_number_does_not_end_the_pairing() -> None:
    broken = Detections(BOXES, np.array([math.nan, 0.8, 0.7], np.float32), THREE.class_ids)
    for one, other in ((broken, THREE), (THREE, broken)):
        rows, columns, overlaps = match(one, other)
        assert sorted(zip(rows.tolist(), columns.tolist())) == [(0, 0), (1, 1), (2, 2)]
        assert overlaps.tolist() == [1, 1, 1]
