"""The best class of an image: planted differences, and what recordings may have."""

import math
import random

import numpy as np
import pytest

from converter.replay.differences.difference import (
    LOST,
    NEW,
    OTHER_CLASS,
    SCORE_SHIFTED,
    ImageDifferences,
)
from converter.replay.differences.find_differences import find_differences
from converter.replay.sides.side import SideResult
from test.converter.replay.scenes import LIMITS, classified, same
from trt_inference.inference.results import Classification

NOTHING = classified()


def found(before: Classification, after: Classification) -> ImageDifferences:
    return find_differences(same(before), same(after), LIMITS)


def ranked(chance: random.Random) -> list[tuple[int, float]]:
    """Five classes with falling scores, the best one far ahead."""
    classes = chance.sample(range(10), 5)
    scores = [chance.randint(32, 44), *sorted(chance.sample(range(1, 16), 4), reverse=True)]
    return [(number, score / 64) for number, score in zip(classes, scores, strict=True)]


def planted(
    chance: random.Random, kind: str, rows: list[tuple[int, float]]
) -> tuple[list[tuple[int, float]], float]:
    """The candidate's classes, and what the difference weighs."""
    best, score = rows[0]
    if kind == LOST:
        return [], 1 + score
    if kind == OTHER_CLASS:
        surer = score + chance.randint(-5, 5) / 64
        return [(10 + best, surer), *rows[1:]], 1 + max(score, surer)
    shift = chance.randint(7, 14) / 64
    return [(best, score + shift), *rows[1:]], shift


def planted_in(chosen: dict[int, str], image: int) -> list[str]:
    return [chosen[image]] if image in chosen else []


@pytest.mark.parametrize("seed", range(3))
def test_all_planted_differences_are_found_named_and_ranked(seed: int) -> None:
    chance = random.Random(seed)
    chosen = dict(
        zip(
            chance.sample(range(320), 100),
            [LOST, NEW, OTHER_CLASS, SCORE_SHIFTED] * 25,
            strict=True,
        )
    )
    weights: list[float] = []
    results: list[ImageDifferences] = []
    for image in range(320):
        before = ranked(chance)
        # The lower ranks are in another order, as always when anything is rounded.
        after, weight = [before[0], *chance.sample(before[1:], 4)], 0.0
        if chosen.get(image) == NEW:
            before, after, weight = [], before, 1 + before[0][1]
        elif image in chosen:
            after, weight = planted(chance, chosen[image], before)
        result = found(classified(*before), classified(*after))
        assert [one.kind for one in result.differences] == planted_in(chosen, image)
        results.append(result)
        weights.append(weight)
    ranking = sorted(range(320), key=lambda image: -results[image].weight)
    assert set(ranking[:100]) == set(chosen)
    assert [weights[image] for image in ranking] == sorted(weights, reverse=True)


def test_the_counts_are_those_of_the_best_classes() -> None:
    result = found(classified((3, 0.5), (1, 0.25)), classified((1, 0.5), (3, 0.25)))
    assert result.before.tolist() == [0, 0, 0, 1]
    assert result.after.tolist() == [0, 1, 0, 0]
    assert result.matched.tolist() == [0, 0, 0, 0]
    alike = found(classified((3, 0.5)), classified((3, 0.5625)))
    assert alike.matched.tolist() == [0, 0, 0, 1]
    assert alike.differences == ()


def test_the_best_class_need_not_come_first_in_a_recording() -> None:
    assert found(classified((1, 0.25), (3, 0.5)), classified((3, 0.5))).differences == ()


def test_a_lost_class_has_the_score_that_was_too_low() -> None:
    pool = classified((1, 0.375), (3, 0.25))
    (lost,) = find_differences(
        same(classified((3, 0.5))), SideResult(NOTHING, pool), LIMITS
    ).differences
    assert lost.after is not None
    assert (lost.kind, lost.after.class_id, lost.after.score) == (LOST, 3, 0.25)


@pytest.mark.parametrize("score", [0.0, math.nan])
def test_a_class_without_a_score_has_no_other_one(score: float) -> None:
    assert found(classified((3, score)), classified((3, 0.5))).differences == ()
    (other,) = found(classified((3, score)), classified((1, 0.5))).differences
    assert (other.kind, other.weight) == (OTHER_CLASS, 1.5)


def test_a_tenth_is_a_tenth_in_float32() -> None:
    assert np.float32(0.9) - np.float32(0.8) < 0.1
    assert len(found(classified((0, 0.9)), classified((0, 0.8))).differences) == 1


def test_nothing_and_nothing_is_alike() -> None:
    assert found(NOTHING, NOTHING).differences == ()
