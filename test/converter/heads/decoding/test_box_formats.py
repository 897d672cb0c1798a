"""Four numbers of a box, in each of the ways in which models give them."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from converter.errors import HeadError
from converter.heads.decoding.box_formats import (
    BOX_FORMATS,
    are_normalised,
    corner_lines,
    corners,
    find_scale,
    ordered_fraction,
    positive_fraction,
)
from converter.heads.decoding.onnx_lines import Lines, decoding_model
from test.converter.heads.stages import OPSETS, SIZE, centred, corner_boxes, in_pixels

# One box, 10 to 30 across and 20 to 28 down, in each format.
SAME_BOX = {
    "xyxy": [10, 20, 30, 28],
    "yxyx": [20, 10, 28, 30],
    "cxcywh": [20, 24, 20, 8],
    "xywh": [10, 20, 20, 8],
    "cycxhw": [24, 20, 8, 20],
    "yxhw": [20, 10, 8, 20],
}
PIXELS = (1.0, 1.0)


def run_lines(values: np.ndarray, box_format: str, scale: tuple[float, float], opset: int):
    parts = [
        corner_lines("values", "all_boxes", box_format, scale),
        Lines((), ("class_scores = Identity (values)",)),
    ]
    count = values.shape[1]
    model = decoding_model(opset, [f"float[N, {count}, 4] values"], count, 4, parts)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(["all_boxes"], {"values": values})[0]


@pytest.mark.parametrize("box_format", BOX_FORMATS)
@pytest.mark.parametrize(("scale", "x", "y"), [(PIXELS, 1, 1), ((96.0, 48.0), 96, 48)])
def test_each_format_gives_the_same_corners_in_pixels(
    box_format: str, scale: tuple[float, float], x: int, y: int
) -> None:
    values = np.array([[SAME_BOX[box_format]]] * 2, np.float32)
    divisor = [y, x, y, x] if box_format in ("yxyx", "cycxhw", "yxhw") else [x, y, x, y]
    values /= np.array(divisor, np.float32)
    expected = [[[10, 20, 30, 28]]] * 2
    np.testing.assert_allclose(corners(values, box_format, scale), expected, rtol=1e-5)
    for opset in OPSETS:
        found = run_lines(values, box_format, scale, opset)
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_ordered_corners_are_told_from_centres_and_from_offsets() -> None:
    generator = np.random.default_rng(1)
    boxes = corner_boxes(generator, 2, 200)
    offsets = generator.normal(size=(2, 200, 4))
    assert ordered_fraction(boxes) == 1.0
    assert ordered_fraction(centred(boxes)) < 0.5
    assert positive_fraction(centred(boxes)) == 1.0
    assert positive_fraction(offsets) < 0.5


def test_rows_of_zeros_and_nan_show_nothing() -> None:
    boxes = np.zeros((1, 100, 4), np.float32)
    boxes[0, 0] = [2, 2, 1, 1]
    boxes[0, 1] = np.nan
    assert ordered_fraction(boxes) == 0.0
    assert positive_fraction(boxes) == 1.0
    assert ordered_fraction(np.zeros((1, 5, 4))) == 0.0
    boxes[0, 0] = [10, 20, 30, 40]
    assert not are_normalised(boxes, SIZE)  # for all the zeros


def test_fractions_are_told_from_pixels() -> None:
    boxes = corner_boxes(np.random.default_rng(2), 2, 200)
    boxes[0, 0] = [-0.2, 0.1, 3.0, 1.2]  # one box may be far out
    assert find_scale(boxes, "auto", SIZE) == (96.0, 48.0)
    assert find_scale(in_pixels(boxes), "auto", SIZE) == PIXELS
    wide = np.concatenate([boxes[..., :2], boxes[..., :2] + 2.5], axis=-1)
    assert find_scale(wide, "auto", SIZE) == (96.0, 48.0)  # no box in pixels is so small
    assert not are_normalised(boxes, (16, 16))  # so small an input may have boxes of 4 pixels
    assert find_scale(boxes, "pixels", SIZE) == PIXELS
    assert find_scale(in_pixels(boxes), "normalised", SIZE) == (96.0, 48.0)


def test_without_a_box_the_unit_is_asked_for() -> None:
    nothing = np.zeros((2, 10, 4), np.float32)
    with pytest.raises(HeadError, match="--boxes pixels or --boxes normalised"):
        find_scale(nothing, "auto", SIZE)
    assert find_scale(nothing, "pixels", SIZE) == PIXELS
