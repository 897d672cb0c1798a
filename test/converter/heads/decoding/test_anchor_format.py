"""The format of anchors, from lists as libraries make them."""

from __future__ import annotations

import numpy as np
import pytest

from converter.errors import HeadError
from converter.heads.decoding.anchor_format import anchor_format
from converter.heads.decoding.anchors import read_anchors
from test.converter.heads.stages import evidence, y_first

STRIDES = (8, 16, 32, 64)
# Sides of the anchors of a cell, in its strides, and their ratios of width to height.
RETINANET = [(4 * 2 ** (third / 3), ratio) for third in range(3) for ratio in (0.5, 1, 2)]
SIX = [(3.0 * scale, ratio) for scale in (1, 1.4) for ratio in (0.5, 1, 2)]
OCTAVES = [(4.0, 1), (8.0, 1)]  # their corners lie on the same grid
ONE_IN_A_CELL = [(2.0, 1)]


def listed(
    size: tuple[int, int],
    kinds: list[tuple[float, float]],
    *,
    begin: float = 0.5,
    clip: bool = False,
    by_kind: bool = False,
    strides: tuple[int, ...] = STRIDES,
) -> np.ndarray:
    """Corners x1, y1, x2, y2 of all anchors, level by level and row by row."""
    height, width = size
    boxes = []
    for stride in strides:
        cells = [
            ((column + begin) * stride, (row + begin) * stride)
            for row in range(-(-height // stride))
            for column in range(-(-width // stride))
        ]
        sides = [(side * stride * ratio**0.5, side * stride / ratio**0.5) for side, ratio in kinds]
        pairs = (
            [(cell, one) for one in sides for cell in cells]
            if by_kind
            else [(cell, one) for cell in cells for one in sides]
        )
        boxes += [[x - w / 2, y - h / 2, x + w / 2, y + h / 2] for (x, y), (w, h) in pairs]
    values = np.array(boxes)
    return np.clip(values, 0, [width, height, width, height]) if clip else values


def in_format(corners: np.ndarray, form: str) -> np.ndarray:
    first, second = corners[:, :2], corners[:, 2:]
    if form in ("cxcywh", "cycxhw"):
        corners = np.concatenate([(first + second) / 2, second - first], axis=1)
    elif form in ("xywh", "yxhw"):
        corners = np.concatenate([first, second - first], axis=1)
    return y_first(corners) if form in ("yxyx", "cycxhw", "yxhw") else corners


FORMATS = ("xyxy", "yxyx", "cxcywh", "cycxhw", "xywh", "yxhw")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kinds", [RETINANET, OCTAVES, ONE_IN_A_CELL])
@pytest.mark.parametrize("size", [(128, 128), (128, 192), (100, 150)])
def test_each_format_is_seen(
    form: str, kinds: list[tuple[float, float]], size: tuple[int, int]
) -> None:
    values = in_format(listed(size, kinds), form)
    assert anchor_format(values, size, False).name == form


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("begin", [0.0, 0.5])
@pytest.mark.parametrize("clip", [False, True])
@pytest.mark.parametrize("by_kind", [False, True])
def test_clipped_anchors_in_any_order_in_float16_fractions_are_seen(
    form: str, begin: float, clip: bool, by_kind: bool
) -> None:
    size = (256, 320)
    corners = listed(size, RETINANET, begin=begin, clip=clip, by_kind=by_kind)
    fractions = in_format(corners / [320, 256, 320, 256], form)
    values = fractions.astype(np.float16).astype(np.float32)
    assert anchor_format(values, size, True).name == form


@pytest.mark.parametrize("form", ["xyxy", "yxyx"])
@pytest.mark.parametrize("size", [(96, 160), (160, 96), (128, 128)])
@pytest.mark.parametrize("kinds", [SIX, RETINANET])
@pytest.mark.parametrize("strides", [(16, 32), (8, 16, 32, 64, 128)])
def test_clipping_does_not_exchange_x_and_y(
    form: str,
    size: tuple[int, int],
    kinds: list[tuple[float, float]],
    strides: tuple[int, ...],
) -> None:
    """It moves the centres of a cell apart, in the shorter direction more often."""
    corners = listed(size, kinds, clip=True, strides=strides)
    found = anchor_format(in_format(corners / ([size[1], size[0]] * 2), form), size, True)
    assert found.name == form
    assert any("--box-format" in clause for clause in found.assumed)


def test_x_and_y_are_asked_for_where_all_anchors_are_clipped() -> None:
    corners = listed((96, 160), [(8.0, 1), (12.0, 1)], clip=True, strides=(16,))
    with pytest.raises(HeadError, match="--box-format xyxy or yxyx"):
        anchor_format(corners / [160, 96, 160, 96], (96, 160), True)


@pytest.mark.parametrize("form", ["cxcywh", "cycxhw", "xywh", "yxhw"])
def test_anchors_that_all_reach_beyond_a_small_input_are_seen(form: str) -> None:
    """None is inside the input as centres with sides and as corners with sides."""
    kinds = [(4.0, 1), (8.0, 1), (16.0, 1)]
    values = in_format(listed((96, 160), kinds, strides=(16,)), form)
    assert anchor_format(values, (96, 160), False).name == form


@pytest.mark.parametrize("form", ["cxcywh", "xywh"])
def test_clipped_anchors_of_which_none_is_inside_are_asked_for(form: str) -> None:
    values = in_format(listed((64, 64), [(8.0, 0.5)], clip=True, strides=(16,)), form)
    with pytest.raises(HeadError, match="--box-format"):
        anchor_format(values, (64, 64), False)


@pytest.mark.parametrize("form", FORMATS)
def test_anchors_much_larger_than_the_input_are_still_fractions_with_sides(form: str) -> None:
    """The sides are beyond the centres, as a second corner is, and up to eight times the input."""
    corners = listed((64, 64), RETINANET, strides=(8, 16, 32, 64, 128))
    given = evidence({"box": np.zeros((1, 2, 4), np.float32)}, None, (64, 64))
    read = read_anchors(in_format(corners / 64, form).astype(np.float32), given)
    centred = in_format(corners, "cxcywh")
    np.testing.assert_allclose(read.boxes, centred, atol=1e-3)


@pytest.mark.parametrize("form", ["cxcywh", "xywh"])
def test_sides_beyond_the_centres_are_no_second_corners(form: str) -> None:
    kinds = [(20.0, 1), (24.0, 0.8)]
    values = in_format(listed((64, 64), kinds, strides=(8,)), form)
    assert (values[:, 2:] > values[:, :2]).all()
    assert anchor_format(values, (64, 64), False).name == form


def test_what_is_shown_of_corners_is_not_assumed() -> None:
    """That second corners are beyond the first shows little where all anchors are clipped."""
    size = (96, 160)
    assert anchor_format(listed(size, SIX), size, False).assumed == ()
    clipped = listed(size, [(12.0, 0.4), (14.0, 0.6)], clip=True, strides=(16,))
    assert "anchors are corners" in anchor_format(clipped, size, False).assumed[0]


def test_the_sides_of_an_input_that_is_not_square_tell_x_from_y() -> None:
    """Also where the list goes column by column."""
    size = (64, 128)
    columns = y_first(listed((128, 64), RETINANET))
    found = anchor_format(in_format(columns, "cxcywh"), size, False)
    assert found.name == "cxcywh"
    assert "column by column" in found.assumed[0]


@pytest.mark.parametrize("form", ["cxcywh", "xywh"])
def test_anchors_of_one_stride_that_may_be_either_are_asked_for(form: str) -> None:
    """With centres at the corners of cells, the corners of the anchors are at the middles."""
    values = in_format(listed((128, 128), [(1.0, 1)], begin=0.0 if form == "cxcywh" else 0.5), form)
    with pytest.raises(HeadError, match="--box-format cxcywh or xywh"):
        anchor_format(values, (128, 128), False)
