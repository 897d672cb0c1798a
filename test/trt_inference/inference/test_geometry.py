"""Letterbox and its inverse, against arithmetic by hand and plain loops."""

from fractions import Fraction
from typing import List, Set, Tuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trt_inference.bundles.bundle import Fitting
from trt_inference.errors import ImageError
from trt_inference.inference.geometry import Placement, boxes_to_frame, pairwise_iou, place
from trt_inference.inference.selection import Region

SIDES = st.integers(1, 8192)
INPUT_SIDES = st.integers(1, 2048)
EDGES = st.tuples(*[st.floats(0, 1)] * 4)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [  # frame height and width → left, top, width, height in an input of 64x64
        ((64, 64), (0, 0, 64, 64)),
        ((480, 640), (0, 8, 64, 48)),
        ((640, 480), (8, 0, 48, 64)),
        ((128, 32), (24, 0, 16, 64)),
        ((16, 16), (0, 0, 64, 64)),  # a small frame is enlarged
    ],
)
def test_letterbox_puts_the_frame_in_the_middle(
    frame: Tuple[int, int], expected: Tuple[int, int, int, int]
) -> None:
    placement = place(*frame, 64, 64, Fitting("letterbox"))
    assert (placement.left, placement.top, placement.width, placement.height) == expected


def test_input_height_and_width_are_not_mixed_up() -> None:
    # 200x100 into 320 wide, 192 high: the height decides, 192 / 100 = 1.92 would be too wide,
    # so that the width does, 320 / 200 = 1.6: 320x160, 16 rows above and below.
    sizes, whole = (100, 200, 192, 320), Region(0, 0, 200, 100)
    letterboxed = place(*sizes, Fitting("letterbox"))
    assert letterboxed == Placement(200, 100, 0, 16, 320, 160, whole)
    assert place(*sizes, Fitting("stretch")) == Placement(200, 100, 0, 0, 320, 192, whole)


@given(SIDES, SIDES, INPUT_SIDES, INPUT_SIDES)
@settings(deadline=None)
def test_letterbox_fills_the_input_and_keeps_the_aspect_ratio(
    height: int, width: int, input_height: int, input_width: int
) -> None:
    placement = place(height, width, input_height, input_width, Fitting("letterbox"))
    scale: Fraction = min(Fraction(input_width, width), Fraction(input_height, height))
    for side, result, whole, before in (
        (width, placement.width, input_width, placement.left),
        (height, placement.height, input_height, placement.top),
    ):
        assert 1 <= result <= whole
        assert abs(result - max(Fraction(1), side * scale)) <= Fraction(1, 2) + Fraction(1, 10**6)
        after = whole - result - before
        assert before >= 0
        assert 0 <= after - before <= 1
    assert placement.width == input_width or placement.height == input_height


@given(SIDES, SIDES, INPUT_SIDES, INPUT_SIDES, st.sampled_from(["letterbox", "stretch"]), EDGES)
@settings(deadline=None)
def test_boxes_come_back_from_the_input_to_where_they_were(
    height: int, width: int, input_height: int, input_width: int, fit: str, edges: Tuple[float, ...]
) -> None:
    x1, x2 = sorted(edges[:2])
    y1, y2 = sorted(edges[2:])
    frame_box = np.array([x1 * width, y1 * height, x2 * width, y2 * height])
    placement = place(height, width, input_height, input_width, Fitting(fit))
    # The same part of the resized frame, as part of the input.
    input_box = [
        [
            placement.left + x1 * placement.width,
            placement.top + y1 * placement.height,
            placement.left + x2 * placement.width,
            placement.top + y2 * placement.height,
        ]
    ]
    back = boxes_to_frame(np.array(input_box, np.float32), placement)
    # float32 has 24 bits: input pixels are exact to this, frame pixels to that times the scale.
    exact = max(input_height, input_width) * 2.0**-22
    scales = np.tile([placement.scale_x, placement.scale_y], 2)
    assert (np.abs(back[0] - frame_box) <= exact / scales + frame_box * 2.0**-22).all()


def test_boxes_are_clipped_to_the_frame() -> None:
    # 640x480 in 64x64: ten frame pixels to one input pixel, the frame begins at row 8.
    placement = place(480, 640, 64, 64, Fitting("letterbox"))
    boxes = np.array([[-5, 0, 32, 70], [60, 50, 99, 64]], np.float32)
    assert boxes_to_frame(boxes, placement).tolist() == [[0, 0, 320, 480], [600, 420, 640, 480]]


def test_box_of_no_detection_comes_back_as_no_box() -> None:
    placement = place(480, 640, 64, 64, Fitting("letterbox"))
    assert boxes_to_frame(np.zeros((0, 4), np.float32), placement).shape == (0, 4)


@pytest.mark.parametrize("fit", ["letterbox", "stretch"])
@pytest.mark.parametrize(
    ("region", "inside"),
    [
        (Region(10, 20, 30, 40), Region(10, 20, 30, 40)),
        (Region(-5, -6, 20, 16), Region(0, 0, 15, 10)),
        (Region(90, 40, 2**31, 2**31), Region(90, 40, 110, 60)),
        (Region(199, 99, 1, 1), Region(199, 99, 1, 1)),
        (Region(-(2**40), -1, 2**41, 500), Region(0, 0, 200, 100)),
    ],
)
def test_a_region_is_placed_as_a_frame_of_its_size_and_cut_at_the_image(
    region: Region, inside: Region, fit: str
) -> None:
    placement = place(100, 200, 192, 320, Fitting(fit), region)
    alone = place(inside.height, inside.width, 192, 320, Fitting(fit))
    assert placement.region == inside
    assert (placement.frame_width, placement.frame_height) == (200, 100)
    for name in ("left", "top", "width", "height", "scale_x", "scale_y"):
        assert getattr(placement, name) == getattr(alone, name)


@pytest.mark.parametrize(
    "region",
    [
        Region(200, 0, 10, 10),
        Region(0, 100, 10, 10),
        Region(-10, 0, 10, 10),
        Region(0, -10, 10, 10),
        Region(5, 5, 0, 10),
        Region(5, 5, 10, -3),
        Region(2**40, 2**40, 2**40, 2**40),
    ],
)
def test_a_region_of_which_nothing_is_in_the_image_is_an_error_that_names_both(
    region: Region,
) -> None:
    names = rf"{region.width}x{region.height} at \({region.x}, {region.y}\).* 200x100"
    with pytest.raises(ImageError, match=names):
        place(100, 200, 64, 64, Fitting("letterbox"), region)


def test_boxes_in_a_region_are_in_pixels_of_the_frame_and_clipped_to_the_region() -> None:
    # 320x240 at (100, 50) in 64x64: five frame pixels to one of the input, from row 8 on.
    placement = place(480, 640, 64, 64, Fitting("letterbox"), Region(100, 50, 320, 240))
    boxes = np.array([[0, 8, 64, 56], [10, 18, 20, 28], [-9, 0, 99, 99]], np.float32)
    expected = [[100, 50, 420, 290], [150, 100, 200, 150], [100, 50, 420, 290]]
    assert boxes_to_frame(boxes, placement).tolist() == expected


@pytest.mark.parametrize("sizes", [(0, 5, 5, 5), (5, 0, 5, 5), (5, 5, 0, 5), (5, 5, 5, -1)])
def test_size_below_one_pixel_is_an_error(sizes: Tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="cannot fit"):
        place(*sizes, Fitting("letterbox"))


def test_unknown_fit_is_named() -> None:
    with pytest.raises(ValueError, match=r"'crop'.*letterbox, .*stretch"):
        Fitting("crop")


WHOLE_BOXES = st.lists(
    st.tuples(*[st.integers(0, 12)] * 4), min_size=1, max_size=8
)  # few pixels, so that many touch, are equal, or are empty


@given(WHOLE_BOXES, WHOLE_BOXES)
@settings(deadline=None)
def test_iou_equals_counting_pixels(
    first: List[Tuple[int, ...]], second: List[Tuple[int, ...]]
) -> None:
    actual = pairwise_iou(np.array(first, np.float32), np.array(second, np.float32))
    for row, one in enumerate(first):
        for column, other in enumerate(second):
            shared, either = _pixels(one) & _pixels(other), _pixels(one) | _pixels(other)
            expected = len(shared) / len(either) if either else 0
            assert actual[row, column] == pytest.approx(expected)


def _pixels(box: Tuple[int, ...]) -> Set[Tuple[int, int]]:
    x1, y1, x2, y2 = box
    return {(x, y) for x in range(x1, x2) for y in range(y1, y2)}
