"""The format of anchors, from lists as libraries make them."""

from __future__ import annotations

import numpy as np
import pytest

from converter.errors import HeadError
from converter.heads.decoding.anchor_format import anchor_format
from test.converter.heads.stages import y_first

STRIDES = (8, 16, 32, 64)
# Sides of the anchors of a cell, in its strides, and their ratios of width to height.
RETINANET = [(4 * 2 ** (third / 3), ratio) for third in range(3) for ratio in (0.5, 1, 2)]
OCTAVES = [(4.0, 1), (8.0, 1)]  # their corners lie on the same grid
ONE_IN_A_CELL = [(2.0, 1)]


def listed(
    size: tuple[int, int],
    kinds: list[tuple[float, float]],
    *,
    begin: float = 0.5,
    clip: bool = False,
    by_kind: bool = False,
) -> np.ndarray:
    """Corners x1, y1, x2, y2 of all anchors, level by level and row by row."""
    height, width = size
    boxes = []
    for stride in STRIDES:
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
    assert anchor_format(values, size, False)[0] == form


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
    assert anchor_format(values, size, True)[0] == form


def test_the_sides_of_an_input_that_is_not_square_tell_x_from_y() -> None:
    """Also where the list goes column by column."""
    size = (64, 128)
    columns = y_first(listed((128, 64), RETINANET))
    assert anchor_format(in_format(columns, "cxcywh"), size, False)[0] == "cxcywh"


@pytest.mark.parametrize("form", ["cxcywh", "xywh"])
def test_anchors_of_one_stride_that_may_be_either_are_asked_for(form: str) -> None:
    """With centres at the corners of cells, the corners of the anchors are at the middles."""
    values = in_format(listed((128, 128), [(1.0, 1)], begin=0.0 if form == "cxcywh" else 0.5), form)
    with pytest.raises(HeadError, match="--box-format cxcywh or xywh"):
        anchor_format(values, (128, 128), False)
