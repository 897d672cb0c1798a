"""What holds of any two lists of boxes, and the pairs against the best of all possible ones."""

import itertools
import math
from collections import Counter
from fractions import Fraction

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from converter.replay.differences.comparable_boxes import ComparableBoxes
from converter.replay.differences.difference import (
    LOST,
    MOVED,
    NEW,
    OTHER_CLASS,
    SCORE_SHIFTED,
    ImageDifferences,
)
from converter.replay.differences.difference_limits import DifferenceLimits
from converter.replay.differences.find_differences import find_differences
from converter.replay.sides.common_labels import CommonLabels
from test.converter.replay.scenes import LIMITS, Row, detections, found_in, iou, same, side

FEW = settings(max_examples=75, deadline=None)


@st.composite
def rows(draw: st.DrawFn, classes: int = 3) -> Row:
    """A box on a coarse grid, so that many are at one place, and overlap by exactly a half."""
    left, top = draw(st.integers(0, 6)) * 10, draw(st.integers(0, 6)) * 10
    width, height = draw(st.integers(1, 4)) * 10, draw(st.integers(1, 4)) * 10
    score = draw(st.integers(20, 64)) / 64
    return Row(draw(st.integers(0, classes - 1)), score, left, top, left + width, top + height)


def lists(most: int = 12, classes: int = 3) -> st.SearchStrategy[list[Row]]:
    return st.lists(rows(classes), max_size=most)


NUMBERS = st.one_of(
    st.floats(width=32),
    st.sampled_from([0.0, -1.0, 0.5, 1.0, 640.0, math.nan, math.inf, -math.inf, 3e38, -3e38]),
)
# Whatever other software may have recorded: nothing of it is in order.
ANY_ROWS = st.lists(
    st.tuples(st.integers(0, 3), NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS), max_size=8
)


def kinds(found: ImageDifferences) -> Counter[str]:
    return Counter(one.kind for one in found.differences)


def far(found: ImageDifferences) -> int:
    """Boxes that have moved too far to be matched."""
    moved = [one for one in found.differences if one.kind == MOVED]
    return sum(1 - one.weight < 0.5 - 1e-6 for one in moved)


@FEW
@given(lists(), lists())
def test_each_box_is_counted_once(before: list[Row], after: list[Row]) -> None:
    found = found_in(before, after)
    number, matched = kinds(found), found.matched.sum()
    assert matched + number[LOST] + number[OTHER_CLASS] + far(found) == len(before)
    assert matched + number[NEW] + number[OTHER_CLASS] + far(found) == len(after)
    for count, given_rows in ((found.before, before), (found.after, after)):
        classes = [row.class_id for row in given_rows]
        assert count.tolist() == [classes.count(number) for number in range(len(count))]


@FEW
@given(lists(), lists())
def test_swapped_sides_swap_lost_and_new(before: list[Row], after: list[Row]) -> None:
    one, other = found_in(before, after), found_in(after, before)
    mirrored = {LOST: NEW, NEW: LOST}
    assert Counter(
        (mirrored.get(each.kind, each.kind), each.weight, each.after, each.before)
        for each in one.differences
    ) == Counter((each.kind, each.weight, each.before, each.after) for each in other.differences)
    assert one.matched.tolist() == other.matched.tolist()


@FEW
@given(lists(), lists(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    before: list[Row], after: list[Row], chance: object
) -> None:
    found = found_in(before, after)
    mixed = [chance.sample(one, len(one)) for one in (before, after)]  # type: ignore[attr-defined]
    assert found_in(*mixed).differences == found.differences


@FEW
@given(lists(classes=4), lists(classes=4), st.permutations(range(4)))
def test_the_order_of_a_bundles_labels_does_not_matter(
    before: list[Row], after: list[Row], order: list[int]
) -> None:
    names = ["bus", "car", "dog", "person"]
    other_names = [names[number] for number in order]
    renumbered = [row._replace(class_id=order.index(row.class_id)) for row in before]
    common = CommonLabels(other_names, names)
    found = find_differences(
        common.of_before(side(renumbered)), common.of_after(side(after)), LIMITS
    )
    assert found.differences == found_in(before, after).differences


@FEW
@given(lists())
def test_nothing_differs_from_itself(one: list[Row]) -> None:
    found = found_in(one, one)
    assert found.differences == ()
    assert found.matched.tolist() == found.before.tolist()


@FEW
@given(ANY_ROWS, st.randoms(use_true_random=False))
def test_nothing_differs_from_itself_whatever_was_recorded(one: list[Row], chance: object) -> None:
    mixed = chance.sample(one, len(one))  # type: ignore[attr-defined]
    assert found_in(one, mixed).differences == ()


@FEW
@given(ANY_ROWS, ANY_ROWS)
def test_whatever_was_recorded_is_counted_and_ranked(before: list[Row], after: list[Row]) -> None:
    found = found_in(before, after)
    number, matched = kinds(found), found.matched.sum()
    assert matched + number[LOST] + number[OTHER_CLASS] + far(found) == len(before)
    assert all(0 < one.weight <= 2 for one in found.differences)
    things = [one.before or one.after for one in found.differences]
    assert all(math.isfinite(thing.score) for thing in things if thing)
    assert all(map(math.isfinite, itertools.chain(*(thing.box or () for thing in things if thing))))


def best_pairs(before: list[Row], after: list[Row], least: Fraction) -> Counter[tuple[Row, Row]]:
    """Of all ways to pair the boxes, that whose best overlap is the best, whose second best one is
    the best then, and so on."""
    slots = [*range(len(after)), *[None] * len(before)]
    best: tuple[list[Fraction], list[tuple[Row, Row]]] = ([], [])
    for chosen in set(itertools.permutations(slots, len(before))):
        pairs = [
            (row, after[place])
            for row, place in zip(before, chosen, strict=True)
            if place is not None
        ]
        overlaps = sorted((iou(*pair) for pair in pairs), reverse=True)
        if all(one.class_id == other.class_id for one, other in pairs) and (
            not overlaps or overlaps[-1] >= least
        ):
            best = max(best, (overlaps, pairs), key=lambda each: each[0])
    return Counter(best[1])


@settings(max_examples=100, deadline=None)
@given(lists(4, 2), lists(4, 2))
def test_pairs_are_the_best_of_all_possible_ones(before: list[Row], after: list[Row]) -> None:
    overlaps = [iou(one, other) for one in before for other in after]
    positive = [overlap for overlap in overlaps if overlap]
    assume(len(set(positive)) == len(positive))
    wanted = best_pairs(before, after, Fraction(1, 2))
    # Every pair that is matched is named if scores must not differ at all, and none may be whole.
    limits = DifferenceLimits(moved_iou=0.0, score_shift=0.0)
    found = find_differences(side(before), side(after), limits)
    pairs = [
        (one.before.box, one.after.box)
        for one in found.differences
        if one.kind == SCORE_SHIFTED and one.before and one.after
    ]
    assert Counter(pairs) == Counter((one.box, other.box) for one, other in wanted.elements())


def test_the_hostile_boxes_of_the_tests_are_compared_at_all() -> None:
    """NaN must be at one place with NaN only: a test that finds nothing might compare nothing."""
    nan = detections([Row(0, 0.5, math.nan, 0, 10, 10)])
    box = detections([Row(0, 0.5, 100, 100, 110, 110)])
    assert kinds(find_differences(same(nan), same(box), LIMITS)) == {LOST: 1, NEW: 1}
    assert np.isfinite(ComparableBoxes.of(nan).corners).all()
