"""Differences as people read them."""

import numpy as np
import pytest

from converter.replay.differences.describe_difference import describe_difference
from converter.replay.differences.difference import (
    LOST,
    MOVED,
    NEW,
    OTHER_CLASS,
    SCORE_SHIFTED,
    Difference,
    FoundThing,
)
from converter.replay.differences.find_differences import find_differences
from test.converter.replay.scenes import LIMITS, same
from trt_inference.inference.results import Segmentation

NAMES = ["circle", "square"]
BOX = (402.0, 300.0, 422.0, 320.0)
CIRCLE = FoundThing(0, 0.91, BOX)


def thing(score: float, class_id: int = 0, across: float = 0, box: bool = True) -> FoundThing:
    x1, y1, x2, y2 = BOX
    return FoundThing(class_id, score, (x1 + across, y1, x2 + across, y2) if box else None)


@pytest.mark.parametrize(
    ("difference", "text"),
    [
        (Difference(LOST, 1.9, CIRCLE, None), "lost: circle 0.91 at (412, 310)"),
        (Difference(NEW, 1.9, None, CIRCLE), "new: circle 0.91 at (412, 310)"),
        (
            Difference(LOST, 1.4, thing(0.42), thing(0.37)),
            "lost: circle 0.42 → 0.37 at (412, 310), too low to be published",
        ),
        (
            Difference(LOST, 1.5, thing(0.501), thing(0.498, box=False)),
            "lost: circle 0.501 → 0.498 at (412, 310), too low to be published",
        ),
        (
            Difference(OTHER_CLASS, 1.8, thing(0.8), thing(0.77, 1)),
            "other class: circle 0.80 → square 0.77 at (412, 310)",
        ),
        (
            Difference(MOVED, 0.38, thing(0.8), thing(0.7, 0, 14)),
            "moved: circle by 14 px from (412, 310), IoU 0.62",
        ),
        (
            Difference(MOVED, 0.2, thing(0.8), FoundThing(0, 0.8, (400, 298, 424, 322))),
            "moved: circle to another size at (412, 310), IoU 0.80",
        ),
        (
            Difference(MOVED, 0.1032, thing(0.8), thing(0.8, across=-1)),
            "moved: circle by 1 px from (412, 310), IoU 0.89",
        ),
        (
            Difference(SCORE_SHIFTED, 0.29, CIRCLE, thing(0.62)),
            "score shifted: circle 0.91 → 0.62 at (412, 310)",
        ),
        (Difference(LOST, 1.0, thing(0.0), None), "lost: circle at (412, 310)"),
        (Difference(LOST, 1.5, FoundThing(-1, 0.5), None), "lost: -1 0.50"),
        (
            Difference(OTHER_CLASS, 1.8, thing(0.8, 0, 0, False), thing(0.77, 1, 0, False)),
            "other class: circle 0.80 → square 0.77",
        ),
    ],
)
def test_differences_are_told_in_a_line(difference: Difference, text: str) -> None:
    assert describe_difference(difference, NAMES) == text


def test_parts_of_a_class_map_are_told_in_percent() -> None:
    names = ["road", "grass", "person"]
    before, after = np.zeros((2, 100, 100), np.uint8)
    before[:5, :80] = 2
    after[:1, :30] = 2
    after[50:53] = 1
    found = find_differences(same(Segmentation(before)), same(Segmentation(after)), LIMITS)
    texts = [describe_difference(one, names) for one in found.differences]
    assert texts == [
        "lost: person 4.0 % → 0.3 % of the image",
        "new: grass, 3.0 % of the image",
    ]
    after[:] = before
    after[50:53, :50] = 2
    found = find_differences(same(Segmentation(before)), same(Segmentation(after)), LIMITS)
    texts = [describe_difference(one, names) for one in found.differences]
    assert texts == ["other class: road → person, 1.5 % of the image"]


def test_labels_cannot_do_more_than_be_read() -> None:
    names = ["\x1b[2J\nall is well", "x" * 10_000]
    for number in range(2):
        for difference in (
            Difference(LOST, 1.5, FoundThing(number, 0.5), None),
            Difference(OTHER_CLASS, 1.5, FoundThing(0, 0.5), FoundThing(number, 0.5)),
            Difference(MOVED, 0.5, thing(0.5, number), thing(0.5, number, 9)),
        ):
            text = describe_difference(difference, names)
            assert text.isprintable()
            assert len(text) < 300
