"""Whether corners have x or y first, for boxes as networks list them."""

from __future__ import annotations

import numpy as np
import pytest

from converter.heads.decoding.corner_order import (
    corner_format,
    order_of_entering,
    order_of_leaving,
)
from test.converter.heads.stages import SIZE, corner_boxes, in_pixels, y_first

PIXELS, FRACTIONS = (1.0, 1.0), (96.0, 48.0)
usual = pytest.mark.parametrize("usual", ["xyxy", "yxyx"])


def rows_of_cells(rows: int, columns: int, kinds: int = 1) -> np.ndarray:
    """Boxes in fractions about the cells of a map, several in each."""
    generator = np.random.default_rng(4)
    centres = [
        [(x + 0.5) / columns, (y + 0.5) / rows]
        for y in range(rows)
        for x in range(columns)
        for _ in range(kinds)
    ]
    moved = np.array(centres) + generator.normal(0, 0.3 / rows, (2, len(centres), 2))
    sides = generator.uniform(0.05, 0.5, (2, len(centres), 2))
    return np.concatenate([moved - sides / 2, moved + sides / 2], axis=-1)


def order(boxes: np.ndarray, usual: str, size: tuple[int, int] = (64, 64)) -> str:
    return corner_format(boxes, FRACTIONS, size, usual)[0]


@pytest.mark.parametrize("size", [(48, 96), (96, 48)])
@usual
def test_the_longer_side_tells_which_coordinate_is_first(size: tuple[int, int], usual: str) -> None:
    boxes = in_pixels(corner_boxes(np.random.default_rng(3), 2, 200), size)
    assert corner_format(boxes, PIXELS, size, usual)[0] == "xyxy"
    assert corner_format(y_first(boxes), PIXELS, size, usual)[0] == "yxyx"


@pytest.mark.parametrize(
    "levels",
    [
        [(8, 8, 3)],
        [(12, 12, 3), (6, 6, 3), (3, 3, 3)],
        [(3, 3, 9), (6, 6, 9), (12, 12, 9)],
        [(8, 16, 2), (4, 8, 2)],
        [(20, 20, 1), (10, 10, 1), (5, 5, 1)],
    ],
)
@usual
def test_the_coordinate_that_grows_along_a_list_row_by_row_is_y(
    levels: list[tuple[int, int, int]], usual: str
) -> None:
    """The boxes are those of one map or of several, the finest first or last."""
    boxes = np.concatenate([rows_of_cells(*level) for level in levels], axis=1)
    assert order(boxes, usual) == "xyxy"
    assert order(y_first(boxes), usual) == "yxyx"


@usual
def test_where_values_cannot_tell_the_order_it_is_the_usual_one(usual: str) -> None:
    boxes = corner_boxes(np.random.default_rng(3), 2, 200)
    assert order(boxes, usual, SIZE) == usual
    assert corner_format(in_pixels(boxes, (64, 64)), PIXELS, (64, 64), usual)[0] == usual
    assert corner_format(in_pixels(boxes, (20, 20)), PIXELS, SIZE, usual)[0] == usual
    assert "do not show" in corner_format(boxes, FRACTIONS, SIZE, usual)[1]


@usual
def test_boxes_in_order_of_their_scores_show_nothing(usual: str) -> None:
    boxes = rows_of_cells(12, 12, 3)
    shuffled = np.random.default_rng(7).permutation(boxes, axis=1)
    assert order(shuffled, usual) == usual
    assert order(boxes[:, :40], usual) == usual  # a few may be in order by chance


@pytest.mark.parametrize(
    ("stated", "layout", "exchanged", "entering"),
    [
        ("xyxy", "corners", False, "xyxy"),
        ("xyxy", "corners", True, "yxyx"),
        ("yxyx", "corners", True, "xyxy"),
        ("xywh", "xywh", True, "yxyx"),
        ("yxhw", "xywh", False, "yxyx"),
        ("cxcywh", "cxcywh", False, "xyxy"),
        ("yxyx", "xywh", True, "yxyx"),
    ],
)
def test_what_is_stated_of_the_models_boxes_tells_the_order_of_those_that_enter(
    stated: str, layout: str, exchanged: bool, entering: str
) -> None:
    assert order_of_entering(stated, layout, exchanged) == entering


@pytest.mark.parametrize(
    ("entering", "layout", "exchanged", "given"),
    [
        ("xyxy", "corners", False, "xyxy"),
        ("yxyx", "corners", False, "yxyx"),
        ("xyxy", "corners", True, "yxyx"),
        ("yxyx", "corners", True, "xyxy"),
        ("xyxy", "xywh", False, "xywh"),
        ("yxyx", "xywh", False, "yxhw"),
        ("yxyx", "xywh", True, "xywh"),
        ("yxyx", "cxcywh", False, "cycxhw"),
        ("xyxy", "cxcywh", True, "cycxhw"),
        ("cxcywh", "corners", False, "cxcywh"),
        ("cxcywh", "corners", True, None),
    ],
)
def test_the_order_of_boxes_that_enter_tells_that_of_the_models_boxes(
    entering: str, layout: str, exchanged: bool, given: str | None
) -> None:
    assert order_of_leaving(entering, layout, exchanged) == given
