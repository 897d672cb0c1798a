"""Candidates become detections, against plain loops and OpenCV's suppression."""

import tracemalloc
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple
from unittest.mock import patch

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trt_inference.bundles.bundle import Fitting, Thresholds, load_bundle
from trt_inference.inference.detections import Detections
from trt_inference.inference.geometry import place
from trt_inference.inference.postprocess import MOST_COMPARED, postprocess
from trt_inference.inference.postprocess_by_task import postprocess_for
from trt_inference.inference.selection import EVERYTHING, Region, Selection
from trt_inference.inference.suppression import suppress

ALL = Thresholds(score_threshold=0.0, iou_threshold=1.0, max_detections=1000)
SAME_SIZE = place(100, 100, 100, 100, Fitting("stretch"))


def outputs(boxes: Any, scores: List[float], classes: List[int]) -> Dict[str, Any]:
    return {
        "boxes": np.array(boxes, np.float32).reshape(-1, 4),
        "scores": np.array(scores, np.float32),
        "classes": np.array(classes, np.int32),
    }


def greedy_loop(
    boxes: List[Tuple[int, ...]], classes: List[int], threshold: Fraction
) -> List[bool]:
    """The textbook's suppression in exact arithmetic; the best box first."""
    stays: List[bool] = []
    for index, box in enumerate(boxes):
        stays.append(
            not any(
                stays[better]
                and classes[better] == classes[index]
                and exact_iou(boxes[better], box) > threshold
                for better in range(index)
            )
        )
    return stays


def exact_iou(one: Tuple[int, ...], other: Tuple[int, ...]) -> Fraction:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0) * max(height, 0)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return Fraction(shared, areas - shared)


def _box(corner_and_sides: Tuple[int, int, int, int]) -> Tuple[int, ...]:
    x, y, width, height = corner_and_sides
    return (x, y, x + width, y + height)


BOXES = st.tuples(
    st.integers(0, 20), st.integers(0, 20), st.integers(1, 12), st.integers(1, 12)
).map(_box)


@given(
    st.lists(st.tuples(BOXES, st.integers(0, 2)), max_size=40),
    st.integers(0, 16).map(lambda sixteenth: Fraction(sixteenth, 16)),
)
@settings(deadline=None)
def test_suppress_equals_the_greedy_loop(
    candidates: List[Tuple[Tuple[int, ...], int]], threshold: Fraction
) -> None:
    boxes = [box for box, _ in candidates]
    classes = [class_id for _, class_id in candidates]
    actual = suppress(
        np.array(boxes, np.float32).reshape(-1, 4), np.array(classes, np.int32), float(threshold)
    )
    assert actual.tolist() == greedy_loop(boxes, classes, threshold)


@given(
    st.lists(st.tuples(BOXES, st.integers(0, 2)), max_size=20),
    st.integers(0, 16).map(lambda sixteenth: sixteenth / 16),
)
@settings(deadline=None)
def test_across_classes_suppresses_as_if_all_were_of_one_class(
    candidates: List[Tuple[Tuple[int, ...], int]], threshold: float
) -> None:
    boxes = [box for box, _ in candidates]
    classes = np.array([class_id for _, class_id in candidates], np.int32)
    kept = np.array(greedy_loop(boxes, [0] * len(boxes), Fraction(threshold)), bool)
    found = postprocess(
        {
            "boxes": np.array(boxes, np.float32).reshape(-1, 4),
            "scores": np.linspace(1, 0.5, len(boxes), dtype=np.float32),
            "classes": classes,
        },
        SAME_SIZE,
        replace(ALL, iou_threshold=threshold),
        needs_nms=True,
        class_agnostic=True,
    )
    assert found.class_ids.tolist() == classes[kept].tolist()


def test_long_chain_of_boxes_is_settled_to_its_end() -> None:
    # Each overlaps the next by a third: the first suppresses the second, so the third stays...
    boxes = np.array([[step, 0, step + 2, 1] for step in range(1300)], np.float32)
    stays = suppress(boxes, np.zeros(1300, np.int32), 0.2)
    assert stays.tolist() == [True, False] * 650


@pytest.mark.parametrize("seed", range(3))
def test_many_boxes_are_suppressed_as_by_the_greedy_loop(seed: int) -> None:
    """More than are compared at once, some of which suppress others far behind them."""
    generator = np.random.default_rng(seed)
    corners = generator.integers(0, 60 if seed else 400, (1300, 2))
    boxes = np.concatenate([corners, corners + generator.integers(2, 12, (1300, 2))], 1)
    classes = generator.integers(0, 2, 1300).astype(np.int32)
    stays = suppress(boxes.astype(np.float32), classes, 0.3)
    assert stays.tolist() == greedy_loop(
        [tuple(box) for box in boxes.tolist()], classes.tolist(), Fraction(3, 10)
    )


@pytest.mark.parametrize("threshold", [0.213, 0.457, 0.701])
def test_detections_are_those_of_opencvs_suppression(threshold: float) -> None:
    random = np.random.default_rng(int(threshold * 10))
    corners = random.integers(0, 30, (300, 2))  # whole, because old versions of OpenCV round
    boxes = np.hstack([corners, corners + random.integers(20, 40, (300, 2))]).astype(np.float32)
    scores = random.permutation(np.linspace(0.01, 0.99, 300)).astype(np.float32)
    classes = random.integers(0, 3, 300).astype(np.int32)
    corner_and_sides = np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]]).tolist()
    kept: List[int] = []
    for class_id in range(3):
        mine = np.flatnonzero(classes == class_id)
        chosen = cv2.dnn.NMSBoxes(
            [corner_and_sides[index] for index in mine], scores[mine].tolist(), 0.3, threshold
        )
        kept.extend(mine[np.ravel(chosen)])
    kept.sort(key=lambda index: -scores[index])
    assert 10 < len(kept) < 0.9 * np.count_nonzero(scores >= 0.3)

    actual = postprocess(
        {"boxes": boxes, "scores": scores, "classes": classes},
        SAME_SIZE,
        Thresholds(0.3, threshold, 1000),
        needs_nms=True,
    )
    np.testing.assert_array_equal(actual.scores, scores[kept])
    np.testing.assert_array_equal(actual.class_ids, classes[kept])
    np.testing.assert_array_equal(actual.xyxy, boxes[kept])


@given(
    st.lists(st.tuples(BOXES, st.integers(0, 2), st.booleans()), max_size=40),
    st.integers(0, 16).map(lambda sixteenth: Fraction(sixteenth, 16)),
    st.integers(1, 8),
    st.integers(1, 8),
)
def test_boxes_behind_the_last_that_is_wanted_need_not_be_looked_at(
    candidates: List[Tuple[Tuple[int, ...], int, bool]],
    threshold: Fraction,
    enough: int,
    block: int,
) -> None:
    """Those that stay and do not count, as they are too small, may suppress others."""
    boxes = [box for box, _, _ in candidates]
    classes = [class_id for _, class_id, _ in candidates]
    counted = np.array([counts for _, _, counts in candidates], bool)
    with patch("trt_inference.inference.suppression._BLOCK", block):
        stays = suppress(
            np.array(boxes, np.float32).reshape(-1, 4),
            np.array(classes, np.int32),
            float(threshold),
            counted,
            enough,
        )
    expected = np.flatnonzero(np.array(greedy_loop(boxes, classes, threshold), bool) & counted)
    assert np.flatnonzero(stays & counted)[:enough].tolist() == expected[:enough].tolist()


def grid(count: int, left: float = 0.0) -> np.ndarray:
    """Boxes of 2 x 2 pixels, none of which touches another one."""
    row, column = np.divmod(np.arange(count), 600)
    corners = np.stack([left + column * 3, row * 3], 1)
    return np.asarray(np.concatenate([corners, corners + 2], 1), np.float32)


def peak(run: Callable[[], Detections]) -> Tuple[Detections, float]:
    """What it returns, and how many MB it took meanwhile."""
    tracemalloc.start()
    try:
        found = run()
        return found, tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("left", [0.0, -1e6])
def test_memory_is_bounded_when_hundreds_of_thousands_of_boxes_stay(left: float) -> None:
    """Also where none of them is in the frame, and so none is ever enough."""
    count = 300_000
    boxes = grid(count, left)
    candidates = outputs(boxes, [0.9] * count, [0] * count)
    large = place(2000, 2000, 2000, 2000, Fitting("stretch"))
    limits = Thresholds(0.5, 0.5, 100)
    found, megabytes = peak(lambda: postprocess(candidates, large, limits, needs_nms=True))
    assert found.xyxy.tolist() == ([] if left else boxes[:100].tolist())
    assert megabytes < 100  # the candidates themselves have 7


def test_of_more_candidates_than_are_compared_the_best_ones_are() -> None:
    count = MOST_COMPARED + 2
    candidates = outputs(grid(count), np.linspace(0.1, 0.9, count).tolist(), [0] * count)
    large = place(4000, 4000, 4000, 4000, Fitting("stretch"))
    limits = replace(ALL, max_detections=count)
    assert len(postprocess(candidates, large, limits, needs_nms=False)) == count
    found = postprocess(candidates, large, limits, needs_nms=True)
    np.testing.assert_array_equal(found.scores, candidates["scores"][:1:-1])


def test_graph_that_has_suppressed_already_is_not_suppressed_again() -> None:
    twice = outputs([[0, 0, 9, 9]] * 2, [0.9, 0.8], [1, 1])
    strict = replace(ALL, iou_threshold=0.5)
    assert len(postprocess(twice, SAME_SIZE, strict, needs_nms=False)) == 2
    assert len(postprocess(twice, SAME_SIZE, strict, needs_nms=True)) == 1


def test_score_at_the_threshold_is_kept_and_one_below_is_not() -> None:
    candidates = outputs([[0, 0, 1, 1], [2, 2, 3, 3], [4, 4, 5, 5]], [0.25, 0.5, 0.75], [0, 1, 2])
    found = postprocess(candidates, SAME_SIZE, replace(ALL, score_threshold=0.5), True)
    assert found.class_ids.tolist() == [2, 1]


def test_most_detections_are_the_best_ones_that_stay() -> None:
    # The best two are the same object; what counts to the limit is what is left of them.
    boxes = [[50.0, 50, 60, 60], [0, 0, 10, 10], [0, 0, 10, 10], [20, 20, 30, 30]]
    candidates = outputs(boxes, [0.3, 0.8, 0.9, 0.6], [0, 0, 0, 0])
    found = postprocess(candidates, SAME_SIZE, Thresholds(0.0, 0.5, 2), True)
    assert found.xyxy.tolist() == [[0, 0, 10, 10], [20, 20, 30, 30]]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_boxes_and_scores_that_are_no_numbers_are_left_out(bad: float) -> None:
    boxes = [[bad, 0, 10, 10], [0, 0, 10, bad], [20, 20, 30, 30], [40, 40, 50, 50]]
    scores = [0.9, 0.9, 0.5, np.nan]
    found = postprocess(outputs(boxes, scores, [0, 0, 1, 2]), SAME_SIZE, ALL, True)
    assert found.class_ids.tolist() == [1]
    assert np.isfinite(found.xyxy).all()
    assert not found.is_finite


def test_box_in_the_border_or_without_area_is_no_detection() -> None:
    # 200x100 in 100x100: rows 25 to 75 hold the frame, and one input pixel is two of the frame.
    wide = place(100, 200, 100, 100, Fitting("letterbox"))
    boxes = [[10.0, 0, 20, 25], [10, 80, 20, 90], [10, 30, 10, 40], [10, 40, 20, 30]]
    candidates = outputs([*boxes, [10, 20, 30, 45]], [0.9] * 5, [0, 1, 2, 3, 4])
    found = postprocess(candidates, wide, ALL, True)
    assert found.class_ids.tolist() == [4]
    assert found.xyxy.tolist() == [[20, 0, 60, 40]]


def test_classes_that_are_not_wanted_neither_count_nor_suppress() -> None:
    boxes = [[0, 0, 10, 10], [1, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10], [60, 0, 70, 10]]
    candidates = outputs(boxes, [0.9, 0.8, 0.7, 0.6, 0.5], [0, 1, 1, 0, 1])
    wanted = Selection(classes=np.array([False, True, True]))
    found = postprocess(candidates, SAME_SIZE, Thresholds(0.0, 0.5, 2), True, wanted)
    assert found.class_ids.tolist() == [1, 1]
    assert found.xyxy[:, 0].tolist() == [1, 20]
    none = Selection(classes=np.zeros(3, bool))
    assert len(postprocess(candidates, SAME_SIZE, ALL, True, none)) == 0


@pytest.mark.parametrize("number", [-1, 3, 2**31 - 1])
def test_a_class_without_a_label_is_not_wanted_where_there_is_a_choice(number: int) -> None:
    candidates = outputs([[0, 0, 9, 9]] * 2, [0.9, 0.8], [number, 0])
    wanted = Selection(classes=np.ones(3, bool))
    assert postprocess(candidates, SAME_SIZE, ALL, False, wanted).class_ids.tolist() == [0]


def test_the_smallest_box_is_measured_in_the_image_after_it_was_clipped() -> None:
    # 200x100 in 100x100: one input pixel is two of the image, which lies in rows 25 to 75.
    wide = place(100, 200, 100, 100, Fitting("letterbox"))
    boxes = [
        [0, 30, 50, 33],  # 6 high
        [0, 20, 50, 28],  # 16 high, 6 of which are in the image
        [0, 30, 3, 60],  # 6 wide
        [0, 30, 4, 60],  # 8 wide: as small as allowed
        [0, 30, 10, 40],
        [0, 30, 11, 40],
    ]
    candidates = outputs(boxes, [0.9, 0.8, 0.7, 0.6, 0.5, 0.4], [0, 1, 2, 3, 4, 5])
    large = Selection(minimum_box_size=8.0)
    found = postprocess(candidates, wide, replace(ALL, max_detections=2), False, large)
    assert found.class_ids.tolist() == [3, 4]


def test_boxes_of_a_region_are_boxes_of_the_image() -> None:
    # 100x50 at (300, 200): one input pixel is one of the image, rows 25 to 75 hold the region.
    placement = place(480, 640, 100, 100, Fitting("letterbox"), Region(300, 200, 100, 50))
    candidates = outputs([[10, 35, 20, 45], [-5, 10, 40, 30], [0, 0, 9, 9]], [0.9] * 3, [0, 1, 2])
    found = postprocess(candidates, placement, ALL, False)
    assert found.xyxy.tolist() == [[310, 210, 320, 220], [300, 200, 340, 205]]


def test_nothing_above_the_threshold_is_an_empty_result() -> None:
    found = postprocess(
        outputs([[0, 0, 1, 1]], [0.1], [0]), SAME_SIZE, Thresholds(0.5, 0.5, 9), True
    )
    assert (found.xyxy.shape, found.scores.shape, found.class_ids.shape) == ((0, 4), (0,), (0,))


@given(
    st.lists(
        st.tuples(BOXES, st.sampled_from([0.1, 0.5, 0.6, 0.9]), st.integers(0, 2)), max_size=30
    ),
    st.randoms(use_true_random=False),
    st.booleans(),
)
def test_candidates_in_any_order_give_what_they_give_when_sorted(
    found: List[Tuple[Tuple[int, ...], float, int]], random: Any, choose: bool
) -> None:
    """Of equal scores, the one that the network gave first is the better one."""
    mixed = random.sample(found, len(found))
    wanted = Selection(classes=np.array([True, False, True])) if choose else EVERYTHING
    limits = Thresholds(0.5, 0.5, 7)
    actual, sorted_first = (
        postprocess(
            outputs([box for box, _, _ in given], [s for _, s, _ in given], [c for *_, c in given]),
            SAME_SIZE,
            limits,
            True,
            wanted,
        )
        for given in (mixed, sorted(mixed, key=lambda one: -one[1]))
    )
    assert actual.xyxy.tolist() == sorted_first.xyxy.tolist()
    assert actual.scores.tolist() == sorted_first.scores.tolist()
    assert actual.class_ids.tolist() == sorted_first.class_ids.tolist()


@pytest.mark.parametrize("scores", [[0.9, 0.8], [0.8, 0.9]])
def test_candidates_of_the_engine_are_not_changed(scores: List[float]) -> None:
    candidates = outputs([[0, 40, 10, 50], [5, 45, 30, 60]], scores, [0, 1])
    before = {name: array.copy() for name, array in candidates.items()}
    found = postprocess(candidates, place(50, 200, 100, 100, Fitting("letterbox")), ALL, False)
    assert len(found) == 2
    for name, array in candidates.items():
        np.testing.assert_array_equal(array, before[name])
        for part in (found.xyxy, found.scores, found.class_ids):
            assert not np.shares_memory(array, part)


def test_part_of_the_detections_keeps_box_score_and_class_together() -> None:
    boxes = np.array([[0, 0, 1, 1], [2, 2, 3, 3], [4, 4, 5, 5]], np.float32)
    found = Detections(boxes, np.array([0.9, 0.8, 0.7]), np.array([5, 6, 7]))
    part = found[found.scores < 0.85]
    assert part.xyxy[:, 0].tolist() == [2, 4]
    assert part.class_ids.tolist() == [6, 7]
    assert len(part) == 2


def test_bundle_tells_whether_boxes_of_different_classes_suppress_each_other(
    shared_color_bundle: Path,
) -> None:
    bundle = load_bundle(shared_color_bundle)
    twice = outputs([[0, 0, 9, 9]] * 2, [0.9, 0.8], [1, 2])
    strict = replace(ALL, iou_threshold=0.5)
    for across, count in ((False, 2), (True, 1)):
        run = postprocess_for(replace(bundle, class_agnostic=across))
        assert len(run(twice, SAME_SIZE, strict, EVERYTHING)) == count
