"""Each way of finding out which boxes overlap suppresses as the textbook's loop does."""

from contextlib import ExitStack
from fractions import Fraction
from typing import Dict, Iterator, List, Optional, Tuple
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trt_inference.inference import overlapping_pairs, suppression
from trt_inference.inference.box_overlaps import corners_of
from trt_inference.inference.suppression import suppress

# What sends even a handful of boxes down a way. All pairs are "few" to the last one.
WAYS: Dict[str, Dict[str, int]] = {
    "one block": {"_FEW": 1000},
    "blocks": {"_FEW": 0, "_BLOCK": 3, "_MOST_PAIRS": -1},
    "pairs": {"_FEW": 0, "_LEAST_SPARED": 1},
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Iterator[str]:
    with ExitStack() as patches:
        for name, value in WAYS[request.param].items():
            module = suppression if hasattr(suppression, name) else overlapping_pairs
            patches.enter_context(patch.object(module, name, value))
        yield request.param


ANY_WAY = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
COORDINATES = st.integers(-20, 20)
# Also empty ones, and ones that end before they begin.
SIDES = st.integers(-1, 12)
BOXES = st.tuples(COORDINATES, COORDINATES, SIDES, SIDES).map(
    lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3])
)
Box = Tuple[int, ...]


def loop(boxes: List[Box], classes: Optional[List[int]], threshold: Fraction) -> List[bool]:
    """In exact arithmetic, the best box first."""
    stays: List[bool] = []
    for index, box in enumerate(boxes):
        stays.append(
            not any(
                stays[better]
                and (classes is None or classes[better] == classes[index])
                and is_above(boxes[better], box, threshold)
                for better in range(index)
            )
        )
    return stays


def is_above(one: Box, other: Box, threshold: Fraction) -> bool:
    """Whether their IoU is: of what is empty it is 0."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0) * max(height, 0)
    return shared > threshold * (area(one) + area(other) - shared)


def area(box: Box) -> int:
    return max(box[2] - box[0], 0) * max(box[3] - box[1], 0)


def arrays(boxes: List[Box], classes: List[int]) -> Tuple[np.ndarray, np.ndarray]:
    return np.array(boxes, np.float32).reshape(-1, 4), np.array(classes, np.int32)


@ANY_WAY
@given(
    st.lists(st.tuples(BOXES, st.sampled_from([-1, 0, 1, 79])), max_size=40),
    st.integers(0, 20).map(lambda twentieth: Fraction(twentieth, 20)),
    st.booleans(),
)
def test_each_way_gives_the_greedy_result(
    way: str, found: List[Tuple[Box, int]], threshold: Fraction, across: bool
) -> None:
    boxes, classes = [box for box, _ in found], [class_id for _, class_id in found]
    corners, class_ids = arrays(boxes, classes)
    with np.errstate(all="raise"):  # no warning on the way
        actual = suppress(corners, None if across else class_ids, float(threshold))
    assert actual.tolist() == loop(boxes, None if across else classes, threshold)


@pytest.mark.parametrize("percent", [30, 35, 45, 50, 55, 60, 65, 70, 85, 90])
def test_a_box_whose_overlap_is_at_the_threshold_stays(way: str, percent: int) -> None:
    """One in the other, so that the IoU is the part of the larger one; of boxes up to 640 wide."""
    threshold = Fraction(percent, 100)
    for step in range(1, 640 // threshold.denominator + 1):
        for height in (1, 7, 333, 640):
            whole, part = step * threshold.denominator, step * threshold.numerator
            boxes = [(0, 0, whole, height), (0, 0, part, height)]
            corners = np.array(boxes, np.float32)
            assert suppress(corners, np.zeros(2, np.int32), percent / 100).all(), boxes
            larger = np.array([boxes[0], (0, 0, part + 1, height)], np.float32)
            if part + 1 <= whole:
                assert not suppress(larger, None, percent / 100)[1], boxes


@pytest.mark.parametrize("seed", range(4))
def test_boxes_of_a_network_are_suppressed_as_in_float64(way: str, seed: int) -> None:
    generator = np.random.default_rng(seed)
    centres = generator.uniform(-50, 690, (60, 2)).repeat(5, 0) + generator.normal(0, 9, (300, 2))
    half = generator.uniform(10, 60, (60, 2)).repeat(5, 0) + generator.uniform(0, 9, (300, 2))
    boxes = np.hstack([centres - half, centres + half])[generator.permutation(300)]
    boxes = boxes.astype(np.float32)
    classes = generator.integers(0, 3, 300).astype(np.int32)
    exact = [tuple(Fraction(float(value)) for value in box) for box in boxes]
    expected = loop(exact, classes.tolist(), Fraction(0.6))  # type: ignore[arg-type]
    assert 100 < sum(expected) < 290
    assert suppress(boxes, classes, 0.6).tolist() == expected


@pytest.mark.parametrize("first", [0, 2**30, 2**31 - 2, -(2**31)])
@pytest.mark.parametrize("next_class", [1, -1])
@pytest.mark.parametrize("size", [1e-9, 1e-6, 1.0, 1e8])
def test_boxes_and_classes_of_any_size_are_kept_apart(
    way: str, first: int, next_class: int, size: float
) -> None:
    """The same box three times, of which the second is of another class."""
    other = max(first + next_class, -(2**31) + 1)
    boxes = np.array([[0, 0, 2, 2]] * 3, np.float32) * np.float32(size)
    boxes[:, ::2] -= np.float32(5 * size)
    found = suppress(boxes, np.array([first, other, first], np.int32), 0.5)
    assert found.tolist() == [True, True, False]


def test_boxes_that_all_overlap_are_not_paired() -> None:
    """Of 2000 boxes there would be two million pairs."""
    boxes = np.array([[0, 0, 10, 10]] * 2000, np.float32)
    assert overlapping_pairs.overlapping_pairs(corners_of(boxes), None, 0.5) is None
    assert np.flatnonzero(suppress(boxes, None, 0.5)).tolist() == [0]


def test_of_boxes_here_and_there_few_are_compared() -> None:
    """What makes it fast: of 300 boxes of 80 classes each meets one or two of its class."""
    generator = np.random.default_rng(0)
    corners = generator.uniform(0, 540, (300, 2))
    boxes = np.hstack([corners, corners + 100]).astype(np.float32)
    near = overlapping_pairs._near_pairs(corners_of(boxes), generator.integers(0, 80, 300))
    assert near is not None
    assert len(near.better) < 600
