"""Letterbox and its inverse, against arithmetic by hand and plain loops."""

from dataclasses import replace
from fractions import Fraction
from typing import Any, Dict, List, Set, Tuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trt_inference.bundles.bundle import Fitting
from trt_inference.errors import ImageError
from trt_inference.inference.box_overlaps import pairwise_iou
from trt_inference.inference.geometry import Placement, boxes_to_frame, place
from trt_inference.inference.selection import Region

SIDES = st.integers(1, 8192)
INPUT_SIDES = st.integers(1, 2048)
WHOLE_FRAME = ["letterbox", "letterbox-top-left", "stretch"]
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


@pytest.mark.parametrize(("frame", "size"), [((480, 640), (64, 64)), ((100, 33), (192, 320))])
def test_borders_right_and_below_only_leave_the_size_as_it_is(
    frame: Tuple[int, int], size: Tuple[int, int]
) -> None:
    centred = place(*frame, *size, Fitting("letterbox"))
    assert max(centred.left, centred.top) > 0
    assert place(*frame, *size, Fitting("letterbox-top-left")) == replace(centred, left=0, top=0)


@pytest.mark.parametrize(
    ("frame", "size", "fraction", "expected"),
    [  # height and width → x, y, width, height in the frame
        ((1080, 1920), (224, 224), 1.0, (420, 0, 1080, 1080)),
        ((1080, 1920), (224, 224), 0.875, (487, 67, 945, 945)),
        ((1920, 1080), (224, 224), 0.875, (67, 487, 945, 945)),
        ((480, 640), (192, 320), 1.0, (0, 48, 640, 384)),  # 5:3 in 4:3
        ((480, 640), (320, 192), 0.5, (248, 120, 144, 240)),
        ((10, 10), (224, 224), 1.0, (0, 0, 10, 10)),  # a small frame is enlarged
        ((2, 300), (1, 100), 0.01, (149, 0, 2, 1)),  # nothing is less than a pixel
    ],
)
def test_a_crop_is_the_middle_with_the_aspect_ratio_of_the_input(
    frame: Tuple[int, int],
    size: Tuple[int, int],
    fraction: float,
    expected: Tuple[int, int, int, int],
) -> None:
    placement = place(*frame, *size, Fitting("center-crop", crop_fraction=fraction))
    assert tuple(placement.region) == expected
    assert (placement.left, placement.top) == (0, 0)
    assert (placement.height, placement.width) == size
    assert (placement.frame_height, placement.frame_width) == frame


@given(st.integers(64, 4096), st.integers(64, 4096), st.integers(64, 640), st.floats(0.6, 1))
@settings(deadline=None)
def test_a_crop_is_that_of_torchvision_to_a_pixel(
    height: int, width: int, side: int, share: float
) -> None:
    # Resize(shorter) and CenterCrop(side) as torchvision computes them, in pixels of the frame.
    shorter = round(side / share)
    scale = shorter / min(height, width)
    sides = height, width
    resized = [shorter if one == min(sides) else int(one * scale) for one in sides]
    starts = [round((one - side) / 2) for one in resized]
    fitting = Fitting("center-crop", crop_fraction=side / shorter)
    placement = place(height, width, side, side, fitting)
    region = placement.region
    for frame, whole, start, first, length in (
        (height, resized[0], starts[0], region.y, region.height),
        (width, resized[1], starts[1], region.x, region.width),
    ):
        # A pixel of the resized picture, and one of the frame.
        pixels = 1.5 * frame / whole + 1.5
        assert abs(start * frame / whole - first) <= pixels
        assert abs((start + side) * frame / whole - (first + length)) <= pixels


def test_a_crop_of_a_region_is_the_middle_of_the_region() -> None:
    fitting = Fitting("center-crop", crop_fraction=0.5)
    placement = place(480, 640, 64, 64, fitting, Region(100, 50, 300, 200))
    assert placement.region == Region(200, 100, 100, 100)
    beyond = place(480, 640, 64, 64, fitting, Region(440, 380, 5000, 5000))  # 200x100 are inside
    assert beyond.region == Region(515, 405, 50, 50)


def test_boxes_of_a_crop_are_in_pixels_of_the_frame_and_clipped_to_it() -> None:
    # 240x240 at (200, 120) in 64x64: 3.75 frame pixels to one of the input.
    placement = place(480, 640, 64, 64, Fitting("center-crop", crop_fraction=0.5))
    boxes = np.array([[0, 0, 64, 64], [16, 8, 32, 24], [-9, 60, 99, 99]], np.float32)
    expected = [[200, 120, 440, 360], [260, 150, 320, 210], [200, 345, 440, 360]]
    assert boxes_to_frame(boxes, placement).tolist() == expected


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


@given(SIDES, SIDES, INPUT_SIDES, INPUT_SIDES, st.sampled_from(WHOLE_FRAME), EDGES)
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


@pytest.mark.parametrize("fit", WHOLE_FRAME)
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


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"fit": "crop"}, r"'crop'.*letterbox, .*center-crop"),
        ({"resize": "cubic"}, r"'cubic'.*linear, area"),
        ({"fit": "center-crop", "crop_fraction": 0.0}, "0.0 for center-crop.*above 0"),
        ({"fit": "center-crop", "crop_fraction": 1.1}, "1.1 for center-crop.*at most 1"),
        ({"fit": "center-crop", "crop_fraction": float("nan")}, "nan for center-crop"),
        ({"fit": "stretch", "crop_fraction": 0.5}, "0.5 for stretch.*1 for the other fits"),
    ],
)
def test_a_fitting_that_cannot_be_is_an_error_that_names_the_value(
    values: Dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Fitting(**values)


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
