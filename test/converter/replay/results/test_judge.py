"""The verdict at, below and above the limits."""

import math
from fractions import Fraction

import pytest

from converter.comparison.accuracy import Accuracy
from converter.replay.results.judge import JudgeLimits, judge
from converter.replay.results.replay_results import ClassTally

GOOD = (Accuracy(10, 0.8, 0.6), Accuracy(10, 0.8, 0.6))


def total(before: float = 1000, lost: float = 0, other: float = 0, new: float = 0) -> ClassTally:
    return ClassTally(
        "all",
        before=before,
        after=before - lost + new,
        matched=before - lost - other,
        lost=lost,
        new=new,
        other_class=other,
        became=other,
    )


def test_without_limits_nothing_is_judged() -> None:
    verdict = judge(JudgeLimits(), total(lost=900), 10, None)
    assert (verdict.failures, verdict.kept) == ((), ())


def test_a_limit_that_is_exceeded_is_named_with_its_figures() -> None:
    verdict = judge(JudgeLimits(lost=0.01), total(lost=9, other=3), 10, None)
    assert verdict.kept == ()
    assert verdict.failures == (
        "12 of 1,000 detections lost (9 lost, 3 of another class): 1.20 %, allowed are 1.00 %",
    )


def test_a_limit_that_is_kept_is_named_too() -> None:
    verdict = judge(JudgeLimits(new=0.02), total(new=7, other=3), 10, None)
    assert verdict.failures == ()
    assert verdict.kept == (
        "10 detections new (7 new, 3 of another class before), the baseline has 1,000: "
        "1.00 %, allowed are 2.00 %",
    )


@pytest.mark.parametrize("before", [100, 300, 700, 1000, 12345, 10**7])
@pytest.mark.parametrize("text", ["0", "0.01", "0.03", "0.07", "0.1", "0.29", "0.57", "1"])
def test_exactly_the_limit_is_allowed_and_one_more_is_not(before: int, text: str) -> None:
    """What is allowed is counted in fractions."""
    allowed = int(Fraction(text) * before)
    for lost, is_kept in ((allowed, True), (allowed + 1, False)):
        lost_ones = total(before=before, lost=lost)
        verdict = judge(JudgeLimits(lost=float(text)), lost_ones, 10, None)
        assert bool(verdict.kept) is is_kept
        assert bool(verdict.failures) is not is_kept
        new_ones = total(before=before, new=lost)
        assert bool(judge(JudgeLimits(new=float(text)), new_ones, 10, None).kept) is is_kept


def test_a_share_a_hair_above_the_limit_does_not_look_like_it() -> None:
    (failure,) = judge(JudgeLimits(lost=0.01), total(1_000_000, 10_001), 10, None).failures
    assert "10,001 of 1,000,000" in failure
    assert failure.endswith("1.0001 %, allowed are 1.0000 %")


def test_new_ones_where_the_baseline_has_few_may_be_more_than_all() -> None:
    (failure,) = judge(JudgeLimits(new=1.0), total(before=2, new=5), 10, None).failures
    assert "250.00 %" in failure


def test_what_has_moved_too_far_to_be_the_same_thing_counts_on_both_sides() -> None:
    far = ClassTally("all", before=100, after=101, matched=96, lost=1, new=2, moved=3)
    lost, new = judge(JudgeLimits(lost=0.039, new=0.049), far, 10, None).failures
    assert lost.startswith("4 of 100 detections lost (1 lost, 0 of another class, 3 moved too far")
    assert new.startswith("5 detections new (2 new, 0 of another class before, 3 moved too far")
    assert judge(JudgeLimits(lost=0.04, new=0.05), far, 10, None).failures == ()


@pytest.mark.parametrize("found", [total(before=0), total(before=0, new=3)])
def test_where_the_baseline_has_nothing_no_share_of_it_is_kept(found: ClassTally) -> None:
    verdict = judge(JudgeLimits(lost=1.0, new=100.0), found, 12, None)
    assert verdict.kept == ()
    assert len(verdict.failures) == 2
    reason = "the baseline has not a single detection in 12 images"
    assert all(reason in failure for failure in verdict.failures)


@pytest.mark.parametrize("limits", [JudgeLimits(lost=1.0), JudgeLimits(1.0, 1.0, 1.0)])
@pytest.mark.parametrize(
    ("compared", "unusable", "reason"),
    [
        (0, 0, "no image was compared"),
        (0, 450, "only 0 of 450 images could be used"),
        (1, 449, "only 1 of 450 images could be used"),
        (224, 226, "only 224 of 450 images could be used"),
        (225, 225, ""),
        (449, 1, ""),
    ],
)
def test_less_than_half_of_the_images_does_not_stand_for_all(
    limits: JudgeLimits, compared: int, unusable: int, reason: str
) -> None:
    verdict = judge(limits, total(), compared, GOOD, unusable=unusable)
    assert verdict.failures == ((f"the limits cannot be judged: {reason}",) if reason else ())
    assert bool(verdict.kept) is not bool(reason)
    assert judge(JudgeLimits(), total(), compared, GOOD, unusable=unusable).failures == ()


@pytest.mark.parametrize(
    ("map_50", "map_50_95", "limit", "is_kept"),
    [
        (0.8, 0.6, 0.0, True),
        (0.9, 0.7, 0.0, True),  # better
        (0.79, 0.6, 0.0, False),
        (0.7, 0.6, 0.1, True),
        (0.8, 0.5, 0.1, True),
        (0.8, 0.49, 0.1, False),
        (0.69, 0.6, 0.1, False),
        (0.9, 0.49, 0.1, False),  # one is better, the other one worse
        (math.nan, 0.6, 1.0, False),
        (0.8, math.nan, 1.0, False),
    ],
)
def test_the_larger_drop_of_accuracy_counts(
    map_50: float, map_50_95: float, limit: float, is_kept: bool
) -> None:
    accuracy = (GOOD[0], Accuracy(10, map_50, map_50_95))
    verdict = judge(JudgeLimits(map_drop=limit), total(), 10, accuracy)
    assert bool(verdict.kept) is is_kept
    assert bool(verdict.failures) is not is_kept
    cannot_be = math.isnan(map_50 + map_50_95)
    assert ("cannot be judged" in "".join(verdict.failures)) is cannot_be


def test_a_drop_is_named_with_its_figures() -> None:
    accuracy = (GOOD[0], Accuracy(10, 0.775, 0.55))
    (failure,) = judge(JudgeLimits(map_drop=0.02), total(), 10, accuracy).failures
    assert failure == (
        "mAP@0.5 0.8000 → 0.7750; mAP@[.5:.95] 0.6000 → 0.5500: a drop of 0.0500, "
        "allowed are 0.0200"
    )


def test_without_annotated_images_accuracy_is_not_kept() -> None:
    (failure,) = judge(JudgeLimits(map_drop=1.0), total(), 10, None).failures
    assert "--labels-coco" in failure


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("classification", "5 of 1,000 classified images lost"),
        ("segmentation", "5 of 1,000 pixels"),
    ],
)
def test_other_tasks_count_other_things(task: str, words: str) -> None:
    (kept,) = judge(JudgeLimits(lost=0.01), total(lost=5), 10, None, task).kept
    assert kept.startswith(words)
