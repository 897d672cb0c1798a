"""Accuracy of classes, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from converter.comparison.annotated_accuracy import accuracy_drop, measure_results
from converter.comparison.class_accuracy import ClassAccuracy
from converter.inputs.class_folders import ClassFolders
from converter.inputs.dataset import Dataset
from converter.inputs.sample import Sample
from trt_inference.inference.results import Classification

SEVEN = tuple("abcdefg")


def measure(names: tuple[str, ...], truth: str, *ranked: list[int]) -> ClassAccuracy:
    """With pictures of the classes in ``truth``, and the classes that are found in each."""
    samples = tuple(Sample(f"{name}/{n}", None, np.zeros(0), name) for n, name in enumerate(truth))
    dataset = Dataset(samples, None, False, names, ClassFolders(names, False))
    found = [
        Classification(np.linspace(1, 0, len(one), dtype=np.float32), np.array(one, np.int32))
        for one in ranked
    ]
    accuracy = measure_results(dataset, found)
    assert isinstance(accuracy, ClassAccuracy)
    return accuracy


def test_the_best_class_and_the_best_five_are_counted() -> None:
    """Right; third; sixth; fifth."""
    found = measure(
        SEVEN, "gaac", [6, 0, 1, 2, 3], [1, 2, 0, 4, 5], [1, 2, 3, 4, 5], [0, 1, 3, 4, 2]
    )
    assert found == ClassAccuracy(4, 7, 1 / 4, 3 / 4)
    assert found.figures == {"top-1": 1 / 4, "top-5": 3 / 4}


def test_five_of_five_classes_say_nothing() -> None:
    assert measure(tuple("abcde"), "a", [1, 2, 3, 4, 0]) == ClassAccuracy(1, 5, 0.0, None)


def test_a_bundle_with_fewer_than_five_candidates_has_no_top_5() -> None:
    assert measure(SEVEN, "ab", [0, 1], [0, 1]) == ClassAccuracy(2, 7, 0.5, None)


def test_scores_that_are_no_numbers_show_no_class() -> None:
    assert measure(SEVEN, "ab", [], [1, 0, 2, 3, 4]).top_1 == 0.5


@pytest.mark.parametrize(
    ("classes", "top_1", "low"),
    [(2, 0.55, True), (2, 0.7, False), (10, 0.5, False), (10, 0.3, True)],
)
def test_what_a_guess_would_reach_is_low(classes: int, top_1: float, low: bool) -> None:
    assert ClassAccuracy(100, classes, top_1).is_low == low


def test_top_1_is_what_may_not_drop() -> None:
    before, after = ClassAccuracy(100, 9, 0.9, 1.0), ClassAccuracy(100, 9, 0.88, 0.9)
    assert accuracy_drop(before, after) == pytest.approx(0.02)
