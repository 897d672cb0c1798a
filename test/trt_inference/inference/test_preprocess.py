"""A frame in the engine's input, against OpenCV's own resizing and padding."""

import tracemalloc
from typing import Any, Optional, Tuple

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from test.resize_tolerance import resize_tolerance
from trt_inference.bundles.bundle import Fitting
from trt_inference.errors import ImageError
from trt_inference.inference.frame import Frame
from trt_inference.inference.preprocess import Preprocessor
from trt_inference.inference.selection import Region

PAD = 114


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height * 10_000 + width).integers(
        0, 256, (height, width, 3), np.uint8
    )


def empty_buffer(height: int, width: int) -> np.ndarray:
    return np.zeros((height, width, 3), np.uint8)


@pytest.mark.parametrize(
    ("frame", "resized", "borders"),
    [  # of an input 96 wide and 64 high: top, bottom, left, right
        ((64, 96), (96, 64), (0, 0, 0, 0)),
        ((480, 640), (85, 64), (0, 0, 5, 6)),
        ((100, 200), (96, 48), (8, 8, 0, 0)),
        ((10, 10), (64, 64), (0, 0, 16, 16)),
        ((33, 100), (96, 32), (16, 16, 0, 0)),
    ],
)
def test_letterbox_is_opencvs_resize_between_borders(
    frame: Tuple[int, int], resized: Tuple[int, int], borders: Tuple[int, int, int, int]
) -> None:
    buffer = empty_buffer(64, 96)
    image = noise(*frame)
    Preprocessor(buffer, Fitting("letterbox", PAD))(Frame(image))
    expected = cv2.copyMakeBorder(
        cv2.resize(image, resized), *borders, cv2.BORDER_CONSTANT, value=(PAD, PAD, PAD)
    )
    np.testing.assert_array_equal(buffer, expected)


def test_borders_right_and_below_only() -> None:
    buffer, image = empty_buffer(64, 96), noise(480, 640)
    Preprocessor(buffer, Fitting("letterbox-top-left", PAD))(Frame(image))
    expected = np.full((64, 96, 3), PAD, np.uint8)
    expected[:, :85] = cv2.resize(image, (85, 64))
    np.testing.assert_array_equal(buffer, expected)


@pytest.mark.parametrize("resize", ["linear", "area"])
@pytest.mark.parametrize(
    ("fraction", "region", "part"),
    [
        (1.0, None, np.s_[:, 100:1180]),  # 3:2 of 16:9
        (0.5, None, np.s_[180:540, 370:910]),
        (1.0, Region(100, 100, 300, 400), np.s_[200:400, 100:400]),
    ],
)
def test_a_crop_is_what_is_cut_out_by_hand(
    fraction: float, region: Optional[Region], part: Any, resize: str
) -> None:
    buffer, expected, image = empty_buffer(64, 96), empty_buffer(64, 96), noise(720, 1280)
    fitting = Fitting("center-crop", resize=resize, crop_fraction=fraction)
    Preprocessor(buffer, fitting)(Frame(image), region)
    Preprocessor(expected, Fitting("stretch", resize=resize))(Frame(image[part].copy()))
    np.testing.assert_array_equal(buffer, expected)


@given(st.integers(1, 300), st.integers(1, 300))
@example(1, 1)
@settings(max_examples=50, deadline=None)
def test_stretch_is_opencvs_resize_for_any_size(height: int, width: int) -> None:
    buffer = empty_buffer(64, 96)
    image = noise(height, width)
    Preprocessor(buffer, Fitting("stretch", PAD))(Frame(image))
    if height == width == 1:  # OpenCV 4.5.4 refuses it
        image = np.tile(image, (2, 2, 1))
    np.testing.assert_array_equal(buffer, cv2.resize(image, (96, 64)))


@given(st.integers(1, 300), st.integers(1, 300))
@settings(max_examples=50, deadline=None)
def test_placement_tells_where_the_frame_lies(height: int, width: int) -> None:
    buffer = empty_buffer(64, 96)
    white = np.full((height, width, 3), 255, np.uint8)
    placement = Preprocessor(buffer, Fitting("letterbox", PAD))(Frame(white))
    rows, columns = np.nonzero(buffer[..., 0] == 255)
    assert (placement.left, placement.left + placement.width) == (columns.min(), columns.max() + 1)
    assert (placement.top, placement.top + placement.height) == (rows.min(), rows.max() + 1)
    assert (placement.frame_width, placement.frame_height) == (width, height)
    assert len(rows) == placement.width * placement.height
    assert ((buffer == 255) | (buffer == PAD)).all()


@pytest.mark.parametrize(
    "view",
    [
        lambda padded: padded[:, :50],  # rows with bytes behind them, as in many ROS images
        lambda padded: padded[::2, ::2],
        lambda padded: padded[:, ::-1],
        lambda padded: padded[..., ::-1],  # RGB to BGR
        np.asfortranarray,
    ],
    ids=["padded rows", "every second", "mirrored", "channels reversed", "column-major"],
)
def test_views_are_read_as_what_they_show(view: object) -> None:
    image = view(noise(40, 60))  # type: ignore[operator]
    image.flags.writeable = False  # as the data of a message is
    buffer, expected = empty_buffer(64, 64), empty_buffer(64, 64)
    Preprocessor(buffer, Fitting("letterbox", PAD))(Frame(image))
    Preprocessor(expected, Fitting("letterbox", PAD))(Frame(image.copy(order="C")))
    np.testing.assert_array_equal(buffer, expected)


def test_frame_of_another_size_leaves_nothing_of_the_one_before() -> None:
    buffer = empty_buffer(64, 64)
    preprocess = Preprocessor(buffer, Fitting("letterbox", PAD))
    for size in ((64, 64), (32, 64), (64, 32), (32, 64), (50, 50)):
        image = noise(*size)
        placement = preprocess(Frame(image))
        fresh = empty_buffer(64, 64)
        assert placement == Preprocessor(fresh, Fitting("letterbox", PAD))(Frame(image))
        np.testing.assert_array_equal(buffer, fresh)


CONVERSIONS = [
    (cv2.COLOR_RGB2BGR, (3,)),
    (cv2.COLOR_RGBA2BGR, (4,)),
    (cv2.COLOR_BGRA2BGR, (4,)),
    (cv2.COLOR_GRAY2BGR, ()),
]


@pytest.mark.parametrize(("conversion", "channels"), CONVERSIONS)
@pytest.mark.parametrize(
    "fitting",
    [
        Fitting("letterbox", PAD),
        Fitting("stretch", PAD),
        Fitting("center-crop", PAD, "area", 0.9),
        Fitting("letterbox", PAD, "area"),
    ],
    ids=lambda fitting: f"{fitting.fit} {fitting.resize}",
)
@pytest.mark.parametrize("size", [(48, 64), (97, 131), (128, 128), (480, 640), (31, 640), (2, 2)])
def test_colors_put_in_order_after_the_resize_are_those_put_in_order_before(
    conversion: int, channels: Tuple[int, ...], size: Tuple[int, int], fitting: Fitting
) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (*size, *channels), np.uint8)
    late, early = empty_buffer(64, 64), empty_buffer(64, 64)
    preprocess = Preprocessor(late, fitting)
    placements = {
        preprocess(Frame(pixels, conversion)),
        preprocess(Frame(pixels, conversion)),
        Preprocessor(early, fitting)(Frame(cv2.cvtColor(pixels, conversion))),
    }
    assert len(placements) == 1
    np.testing.assert_allclose(late, early, rtol=0, atol=resize_tolerance())


def test_kinds_of_frames_may_change_from_one_to_the_next() -> None:
    buffer, expected = empty_buffer(64, 64), empty_buffer(64, 64)
    preprocess = Preprocessor(buffer, Fitting("letterbox", PAD))
    generator = np.random.default_rng(2)
    bgr = (None, (3,))
    for conversion, channels in [bgr, *CONVERSIONS, bgr, *CONVERSIONS[::-1], bgr, CONVERSIONS[0]]:
        frame = Frame(generator.integers(0, 256, (40, 60, *channels), np.uint8), conversion)
        preprocess(frame)
        Preprocessor(expected, Fitting("letterbox", PAD))(Frame(frame.bgr()))
        np.testing.assert_allclose(buffer, expected, rtol=0, atol=resize_tolerance())


def test_a_region_is_what_is_cut_out_by_hand_and_may_change() -> None:
    image = noise(100, 200)
    buffer, expected = empty_buffer(64, 96), empty_buffer(64, 96)
    preprocess = Preprocessor(buffer, Fitting("letterbox", PAD))
    for region, part in (
        (Region(10, 20, 50, 60), np.s_[20:80, 10:60]),
        (Region(-10, -20, 50, 60), np.s_[:40, :40]),
        (None, np.s_[:]),
        (Region(150, 90, 500, 500), np.s_[90:, 150:]),
        (Region(3, 4, 1, 1), np.s_[4:5, 3:4]),
    ):
        placement = preprocess(Frame(image), region)
        alone = Preprocessor(expected, Fitting("letterbox", PAD))(Frame(image[part].copy()))
        np.testing.assert_array_equal(buffer, expected)
        assert (placement.left, placement.top) == (alone.left, alone.top)
        assert (placement.frame_width, placement.frame_height) == (200, 100)


def test_a_region_outside_of_the_frame_leaves_the_buffer_and_the_next_frame_alone() -> None:
    image, buffer = noise(40, 60), empty_buffer(64, 64)
    preprocess = Preprocessor(buffer, Fitting("letterbox", PAD))
    placement = preprocess(Frame(image))
    before = buffer.copy()
    with pytest.raises(ImageError, match="outside of the image of 60x40"):
        preprocess(Frame(image), Region(60, 0, 5, 5))
    np.testing.assert_array_equal(buffer, before)
    assert preprocess(Frame(image)) == placement
    np.testing.assert_array_equal(buffer, before)


def test_frame_is_not_changed() -> None:
    image = noise(30, 40)
    before = image.copy()
    Preprocessor(empty_buffer(64, 64), Fitting("letterbox", PAD))(Frame(image))
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("region", [None, Region(100, 50, 501, 400)])
@pytest.mark.parametrize(("conversion", "channels"), [(None, (3,)), *CONVERSIONS])
@pytest.mark.parametrize("size", [(720, 1280), (640, 640)])
@pytest.mark.parametrize(
    ("fitting", "side"),
    [
        (Fitting("letterbox", PAD), 640),
        (Fitting("center-crop"), 640),
        (Fitting("center-crop", resize="area", crop_fraction=0.875), 160),
    ],
    ids=["letterbox", "crop", "area"],
)
def test_nothing_of_an_images_size_is_allocated_after_the_first_frame(
    size: Tuple[int, int],
    conversion: Optional[int],
    channels: Tuple[int, ...],
    region: Optional[Region],
    fitting: Fitting,
    side: int,
) -> None:
    buffer = empty_buffer(side, side)
    preprocess = Preprocessor(buffer, fitting)
    frames = [Frame(np.full((*size, *channels), grey, np.uint8), conversion) for grey in (1, 2)]
    preprocess(frames[0], region)
    tracemalloc.start()
    try:
        for frame in frames * 5:
            preprocess(frame, region)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 640 * 640 * 3 / 100


@pytest.mark.parametrize(
    "frame",
    [
        np.zeros((8, 8, 3), np.float32),
        np.zeros((8, 8, 3), np.int8),
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((1, 8, 8, 3), np.uint8),
        np.zeros((0, 8, 3), np.uint8),
        np.zeros((8, 0, 3), np.uint8),
    ],
    ids=lambda frame: f"{frame.dtype}{list(frame.shape)}",
)
@pytest.mark.parametrize("first", [True, False], ids=["first", "mid-stream"])
def test_frame_of_another_kind_is_an_error_that_describes_it(
    frame: np.ndarray, first: bool
) -> None:
    buffer = empty_buffer(64, 64)
    preprocess = Preprocessor(buffer, Fitting("letterbox", PAD))
    if not first:
        preprocess(Frame(noise(8, 8)))
    before = buffer.copy()
    shape = ", ".join(str(side) for side in frame.shape)
    with pytest.raises(ImageError, match=rf"{frame.dtype} \[{shape}\].*uint8 \[height, width, 3\]"):
        preprocess(Frame(frame))
    np.testing.assert_array_equal(buffer, before)
