"""Boxes at the limits, and what recordings have that no network gives."""

import math

import numpy as np
import pytest

from converter.errors import ReplayError
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
from converter.replay.sides.side import SideResult
from test.converter.replay.scenes import LIMITS, Row, classified, detections, found_in, same, side
from trt_inference.inference.detections import Detections

BOX = Row(0, 0.75, 100, 100, 110, 110)


def kinds(found: ImageDifferences) -> list[str]:
    return [one.kind for one in found.differences]


def wide(width: int) -> Row:
    """A box in ``BOX``, whose IoU with it is a tenth of the width."""
    return BOX._replace(x2=100 + width)


@pytest.mark.parametrize(
    ("width", "kind"), [(10, []), (9, []), (8, [MOVED]), (5, [MOVED]), (1, [MOVED])]
)
def test_what_is_exactly_at_a_limit_reaches_it(width: int, kind: list[str]) -> None:
    assert kinds(found_in([BOX], [wide(width)])) == kind


@pytest.mark.parametrize(("width", "matched"), [(5, 1), (4, 0), (1, 0)])
def test_from_half_an_overlap_on_boxes_are_matched(width: int, matched: int) -> None:
    found = found_in([BOX], [wide(width)])
    assert found.matched.tolist() == [matched]
    assert found.differences[0].weight == pytest.approx(1 - width / 10)


def test_an_overlap_below_a_tenth_is_another_object() -> None:
    assert kinds(found_in([BOX], [BOX.shifted(9, 0)])) == [LOST, NEW]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (0.9, 0.8, [SCORE_SHIFTED]),
        (0.8, 0.9, [SCORE_SHIFTED]),
        (0.4, 0.3, [SCORE_SHIFTED]),
        (0.9, 0.801, []),
    ],
)
def test_a_tenth_is_a_tenth_in_float32(before: float, after: float, kind: list[str]) -> None:
    found = found_in([BOX._replace(score=before)], [BOX._replace(score=after)])
    assert kinds(found) == kind
    assert all(one.weight == pytest.approx(0.1) for one in found.differences)


def test_what_moved_and_has_another_score_differs_twice() -> None:
    found = found_in([BOX], [wide(7)._replace(score=0.25)])
    assert [(one.kind, pytest.approx(one.weight)) for one in found.differences] == [
        (SCORE_SHIFTED, 0.5),
        (MOVED, 0.3),
    ]
    assert found.matched.tolist() == [1]


def test_a_box_of_its_own_class_comes_before_a_nearer_one_of_another() -> None:
    found = found_in([BOX], [BOX._replace(class_id=1), wide(6)])
    assert kinds(found) == [NEW, MOVED]
    assert found.differences[0].class_id == 1


def test_another_class_nearby_comes_before_its_own_far_away() -> None:
    found = found_in([BOX], [wide(2), wide(9)._replace(class_id=1)])
    assert sorted(kinds(found)) == sorted([OTHER_CLASS, NEW])


def test_another_class_that_overlaps_a_little_is_another_object() -> None:
    assert sorted(kinds(found_in([BOX], [wide(4)._replace(class_id=1)]))) == [LOST, NEW]
    assert kinds(found_in([BOX], [wide(5)._replace(class_id=1)])) == [OTHER_CLASS]


def test_boxes_at_one_place_are_paired_by_their_scores() -> None:
    scores = [0.25, 0.5, 0.75]
    rows = [BOX._replace(score=score) for score in scores]
    noisy = [BOX._replace(score=score + 0.0625) for score in reversed(scores)]
    assert found_in(rows, noisy).differences == ()
    lost = found_in(rows, [rows[0], rows[2]]).differences
    assert [one.before.score for one in lost if one.before] == [0.5]


@pytest.mark.parametrize("score", [0.0, math.nan])
def test_what_was_recorded_without_a_score_has_no_other_one(score: float) -> None:
    without = BOX._replace(score=score)
    assert found_in([without], [BOX]).differences == ()
    assert found_in([BOX], [without]).differences == ()
    found = found_in([without], [])
    assert [(one.kind, one.weight) for one in found.differences] == [(LOST, 1)]
    assert found.differences[0].before.score == 0  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "box",
    [
        (0, 50, 0, 90),  # cut to nothing at the edge of the image
        (30, 30, 30, 30),
        (90, 90, 50, 50),  # its corners are swapped
        (50, 90, 90, 50),
        (math.nan, 0, 10, 10),
        (0, 0, math.inf, math.inf),
    ],
)
def test_boxes_that_enclose_nothing_are_still_the_same(box: tuple[float, ...]) -> None:
    odd = Row(0, 0.5, *box)
    assert found_in([odd, BOX], [BOX, odd]).differences == ()
    assert kinds(found_in([odd, BOX], [BOX])) == [LOST]
    assert kinds(found_in([odd, BOX], [odd])) == [LOST]
    (lost,) = found_in([odd], []).differences
    is_finite = all(map(math.isfinite, box))
    assert lost.before is not None and lost.before.box == (box if is_finite else None)


def test_a_box_at_the_edge_may_be_a_little_longer() -> None:
    cut, longer = Row(0, 0.5, 0, 50, 0, 90), Row(0, 0.5, 0, 50, 0, 91)
    assert found_in([cut], [longer]).differences == ()


def test_swapped_corners_are_put_right() -> None:
    swapped = BOX._replace(x1=BOX.x2, x2=BOX.x1)
    assert found_in([swapped], [BOX]).differences == ()


def test_a_lost_box_has_what_the_candidate_did_not_publish() -> None:
    faint = wide(8)._replace(score=0.25)
    other_class, elsewhere = faint._replace(class_id=1), faint.shifted(50, 0)
    (lost,) = found_in([BOX], [], [other_class, elsewhere, faint]).differences
    assert lost.after is not None
    assert (lost.after.score, lost.after.box) == (0.25, faint.box)
    (gone,) = found_in([BOX], [], [other_class, elsewhere]).differences
    assert gone.after is None


def test_what_the_baseline_did_not_publish_is_not_lost() -> None:
    seen, faint = Row(0, 0.75, 0, 0, 20, 20), Row(1, 0.25, 50, 50, 80, 80)
    found = find_differences(side([seen], below=[faint]), side([seen]), LIMITS)
    assert found.differences == ()
    assert (found.before.sum(), found.matched.sum()) == (1, 1)


def test_one_faint_box_does_not_stand_for_two_lost_ones() -> None:
    twin = BOX._replace(score=0.625)
    found = found_in([BOX, twin], [], [BOX._replace(score=0.25)])
    assert [one.after is None for one in found.differences].count(True) == 1


def test_a_published_box_is_not_what_is_left_of_a_lost_one() -> None:
    """Of two boxes at one place the candidate has one, which belongs to the other."""
    twin = BOX._replace(score=0.625)
    (lost,) = found_in([BOX, twin], [BOX], [wide(2)]).differences
    assert (lost.kind, lost.after) == (LOST, None)


def test_all_is_lost_where_the_candidate_gives_nan() -> None:
    nothing = Detections(
        *(array[:0] for array in vars(detections([BOX])).values() if array is not True)
    )
    broken = SideResult(nothing, nothing, is_finite=False)
    found = find_differences(side([BOX, wide(3)]), broken, LIMITS)
    assert kinds(found) == [LOST, LOST]


def test_the_heaviest_comes_first_and_all_else_is_in_order() -> None:
    rows = [Row(number % 2, 0.5, 100 * number, 0, 100 * number + 50, 50) for number in range(6)]
    found = found_in(rows, [])
    assert [one.class_id for one in found.differences] == [0, 0, 0, 1, 1, 1]
    boxes = [one.before.box for one in found.differences if one.before]
    assert boxes[:3] == [rows[0].box, rows[2].box, rows[4].box]
    surer = [*rows, Row(1, 0.75, 900, 0, 950, 50)]
    assert found_in(surer, []).differences[0].weight == 1.75


def test_a_rare_class_does_not_make_room_for_all_up_to_it() -> None:
    found = found_in([BOX._replace(class_id=79)], [])
    assert (len(found.before), found.before[79]) == (80, 1)


def test_limits_are_those_that_were_given() -> None:
    limits = DifferenceLimits(moved_iou=0.5, score_shift=0.6)
    before, after = side([BOX]), side([wide(6)._replace(score=0.25)])
    assert find_differences(before, after, limits).differences == ()


def test_an_image_of_many_boxes_is_compared_as_one_of_few() -> None:
    """Three hundred boxes of each side at one place: the worst that there is to choose from."""
    chance = np.random.default_rng(3)
    rows = [BOX._replace(score=number / 512) for number in range(100, 400)]
    mixed = [rows[index] for index in chance.permutation(len(rows))]
    assert found_in(rows, mixed).differences == ()


def test_any_number_of_boxes_may_be_recorded() -> None:
    rows = [Row(0, 0.5, 30 * number, 0, 30 * number + 20, 20) for number in range(10_000)]
    kept = rows[::997]
    found = found_in(rows, kept, [rows[5000]])
    assert (len(found.differences), found.matched.sum()) == (len(rows) - len(kept), len(kept))
    assert [one.before for one in found.differences if one.after] == [
        one.after for one in found.differences if one.after
    ]


def test_sides_of_two_tasks_are_refused() -> None:
    with pytest.raises(ReplayError, match=r"baseline gives Detections.*candidate Classification"):
        find_differences(side([BOX]), same(classified((0, 0.5))), LIMITS)
