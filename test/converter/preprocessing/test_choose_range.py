"""A range is chosen only where at least two signals clearly prefer it to each other one."""

from typing import Dict, Optional, Tuple

import pytest

from converter.preprocessing.choose_range import RangeEvidence, choose_range
from converter.preprocessing.known_ranges import known_ranges
from converter.preprocessing.stored_statistics import Misfit, Misfits

RANGES = {one.preset: one for one in known_ranges(3, None)}
FAR = (5.0, 50.0, 50.0)


def evidence(
    preset: str,
    statistics: Optional[Tuple[float, float, float]],
    accuracies: Tuple[float, ...] = (),
) -> RangeEvidence:
    """``statistics``: spread and mean of the first normalisation, and both of a later one."""
    if statistics is None:
        return RangeEvidence(RANGES[preset], None, accuracies)
    spread, mean, later = statistics
    misfits = Misfits((Misfit(spread, mean),), (Misfit(later / 2, later / 2),), 0.0)
    return RangeEvidence(RANGES[preset], misfits, accuracies)


def chosen(found: Dict[str, Tuple[float, float, float]]) -> Optional[str]:
    best = choose_range([evidence(name, found.get(name, FAR)) for name in RANGES])
    return best and best.known.preset


def test_what_fits_in_all_is_chosen() -> None:
    assert chosen({"minus-one-to-one": (0.05, 0.1, 0.2)}) == "minus-one-to-one"


def test_a_single_signal_is_not_enough() -> None:
    assert chosen({"zero-to-255": (0.05, 0.1, 0.3), "caffe": (0.05, 2.0, 0.3)}) is None
    assert chosen({"zero-to-255": (0.05, 0.1, 0.3), "caffe": (0.05, 2.0, 1.0)}) == "zero-to-255"


def test_neighbours_that_fit_alike_are_not_told_apart() -> None:
    fits = {"minus-one-to-one": (0.2, 0.1, 0.5), "imagenet": (0.35, 0.1, 0.6)}
    assert chosen(fits) is None


def test_nothing_is_chosen_where_nothing_fits() -> None:
    assert chosen({"zero-to-one": (0.4, 0.1, 0.2)}) is None
    assert chosen({"zero-to-one": (0.1, 0.9, 0.2)}) is None


def test_pictures_of_other_contrast_mislead_nobody() -> None:
    """The spread fits 0 to 1 better, but the mean -1 to 1: which is the cause?"""
    fits = {"zero-to-one": (0.2, 0.45, 0.6), "minus-one-to-one": (0.64, 0.2, 1.3)}
    assert chosen(fits) is None


@pytest.mark.parametrize(("second_half", "is_chosen"), [(0.9, False), (0.35, True)])
def test_annotations_that_contradict_in_all_parts_leave_it_open(
    second_half: float, is_chosen: bool
) -> None:
    statistics = {"minus-one-to-one": (0.05, 0.1, 0.2), "zero-to-one": (0.24, 0.5, 0.9)}
    better = {"zero-to-one": (0.8, second_half)}
    found = [
        evidence(name, statistics.get(name, FAR), better.get(name, (0.3, 0.3))) for name in RANGES
    ]
    assert (choose_range(found) is not None) == is_chosen


@pytest.mark.parametrize(
    ("accuracies", "is_chosen"),
    [
        ((0.9, 0.8), True),
        ((0.9,), False),
        ((0.9, 0.42), False),
        ((0.7, 0.7), False),  # with the others at 0.4, which a poor network may reach as well
        ((), False),
    ],
)
def test_without_statistics_annotations_must_leave_no_doubt(
    accuracies: Tuple[float, ...], is_chosen: bool
) -> None:
    others = [evidence(name, None, (0.4,) * len(accuracies)) for name in list(RANGES)[1:]]
    best = choose_range([evidence("zero-to-one", None, accuracies), *others])
    assert (best is not None) == is_chosen


@pytest.mark.parametrize(("others", "is_chosen"), [(0.2, True), (0.3, False)])
def test_of_detectors_twice_as_much_must_be_found(others: float, is_chosen: bool) -> None:
    found = [evidence(name, None, (others, others)) for name in list(RANGES)[1:]]
    best = choose_range([evidence("zero-to-one", None, (0.5, 0.5)), *found])
    assert (best is not None) == is_chosen
