"""Class maps in the pixels of the frame, against a loop over pixels in exact fractions."""

from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Iterator, Tuple

import numpy as np
import pytest

from test.task_bundles import CELL, HEIGHT, SEGMENTS, WIDTH, write_segmentation_bundle
from trt_inference.bundles.bundle import Fitting, Thresholds, load_bundle
from trt_inference.inference.detector import Detector
from trt_inference.inference.geometry import Placement, place
from trt_inference.inference.results import Segmentation
from trt_inference.inference.segmentation import FrameClasses
from trt_inference.inference.selection import Region

THRESHOLDS = Thresholds(0.5, 0.5, 100)
BLUE, GREEN, RED = (SEGMENTS.index(color) for color in ("blue", "green", "red"))


@pytest.fixture
def detector(segmentation_bundle: Path) -> Iterator[Detector]:
    with Detector.open(load_bundle(segmentation_bundle)) as opened:
        yield opened


def segment(detector: Detector, frame: np.ndarray) -> np.ndarray:
    result = detector.detect(frame)
    assert isinstance(result, Segmentation)
    return result.class_map


def cell_under(pixel: int, scale: Fraction, start: int, input_size: int, cells: int) -> int:
    """The cell in which the centre of a pixel of the frame lies, from its place in the input."""
    return floor((start + (pixel + Fraction(1, 2)) * scale) * Fraction(cells, input_size))


def classes_by_loop(
    class_map: np.ndarray, placement: Placement, input_size: Tuple[int, int]
) -> np.ndarray:
    """``[h, w]`` in the frame's size, a pixel at a time."""
    map_height, map_width = class_map.shape
    result = np.empty((placement.frame_height, placement.frame_width), np.uint8)
    scale_x = Fraction(placement.width, placement.frame_width)
    scale_y = Fraction(placement.height, placement.frame_height)
    for y in range(placement.frame_height):
        row = cell_under(y, scale_y, placement.top, input_size[0], map_height)
        for x in range(placement.frame_width):
            column = cell_under(x, scale_x, placement.left, input_size[1], map_width)
            result[y, x] = class_map[row, column]
    return result


@pytest.mark.parametrize("fit", ["letterbox", "letterbox-top-left", "stretch"])
@pytest.mark.parametrize("cells", [(12, 16), (48, 64), (7, 13), (96, 128), (1, 1)])
@pytest.mark.parametrize(
    ("width", "height"), [(64, 48), (160, 48), (48, 120), (127, 71), (20, 11), (1, 3), (300, 2)]
)
def test_each_pixel_has_the_class_of_the_cell_under_its_centre(
    width: int, height: int, cells: Tuple[int, int], fit: str
) -> None:
    class_map = np.random.default_rng(1).integers(0, 256, cells, np.uint8)
    placement = place(height, width, HEIGHT, WIDTH, Fitting(fit))
    found = FrameClasses(HEIGHT, WIDTH)({"class_map": class_map}, placement, THRESHOLDS)
    expected = classes_by_loop(class_map, placement, (HEIGHT, WIDTH))
    np.testing.assert_array_equal(found.class_map, expected)


@pytest.mark.parametrize("fit", ["letterbox", "letterbox-top-left", "stretch"])
@pytest.mark.parametrize(
    "region",
    [(20, 10, 64, 48), (0, 30, 160, 50), (90, 0, 31, 120), (159, 119, 9, 9)],
)
def test_only_the_region_has_classes_and_they_are_those_of_the_region_by_itself(
    region: Tuple[int, int, int, int], fit: str
) -> None:
    class_map = np.random.default_rng(2).integers(0, 9, (12, 16), np.uint8)
    placement = place(120, 160, HEIGHT, WIDTH, Fitting(fit), Region(*region))
    x, y, width, height = placement.region
    expected = np.full((120, 160), 255, np.uint8)
    alone = place(height, width, HEIGHT, WIDTH, Fitting(fit))
    expected[y : y + height, x : x + width] = classes_by_loop(class_map, alone, (HEIGHT, WIDTH))
    frame_classes = FrameClasses(HEIGHT, WIDTH)
    # What another region and the whole frame leave behind must not be seen.
    for before in (Region(0, 0, 50, 50), None):
        frame_classes(
            {"class_map": class_map},
            place(120, 160, HEIGHT, WIDTH, Fitting(fit), before),
            THRESHOLDS,
        )
    for _ in range(2):
        found = frame_classes({"class_map": class_map}, placement, THRESHOLDS)
        np.testing.assert_array_equal(found.class_map, expected)


@pytest.mark.parametrize("fraction", [1.0, 0.875, 0.3])
@pytest.mark.parametrize(("width", "height"), [(160, 60), (60, 160), (127, 71), (64, 48)])
def test_what_a_crop_leaves_out_is_not_looked_at(width: int, height: int, fraction: float) -> None:
    class_map = np.random.default_rng(3).integers(0, 9, (12, 16), np.uint8)
    fitting = Fitting("center-crop", crop_fraction=fraction)
    placement = place(height, width, HEIGHT, WIDTH, fitting)
    x, y, across, down = placement.region
    alone = place(down, across, HEIGHT, WIDTH, Fitting("stretch"))
    expected = np.full((height, width), 255, np.uint8)
    expected[y : y + down, x : x + across] = classes_by_loop(class_map, alone, (HEIGHT, WIDTH))
    found = FrameClasses(HEIGHT, WIDTH)({"class_map": class_map}, placement, THRESHOLDS)
    np.testing.assert_array_equal(found.class_map, expected)


# A cell has 4 pixels of the input of 64x48: the frames' parts begin and end at cells.
@pytest.mark.parametrize(
    ("width", "height"),
    [
        (64, 48),
        (640, 480),
        (256, 96),  # a quarter of the size, 24 rows between two borders of 12
        (128, 192),  # a quarter of the size, 32 columns between two borders of 16
    ],
)
def test_parts_of_a_frame_get_their_colors_classes(
    detector: Detector, width: int, height: int
) -> None:
    frame = np.full((height, width, 3), 128, np.uint8)
    expected = np.zeros((height, width), np.uint8)
    third, quarter = height // 3, width // 4
    for part, bgr, class_id in (
        (np.s_[:third, :quarter], (255, 0, 0), BLUE),
        (np.s_[third:, 2 * quarter :], (0, 255, 0), GREEN),
        (np.s_[:third, 3 * quarter :], (0, 0, 255), RED),
    ):
        frame[part] = bgr
        expected[part] = class_id
    np.testing.assert_array_equal(segment(detector, frame), expected)


@pytest.mark.parametrize(("width", "height"), [(64, 48), (250, 90), (90, 250)])
def test_borders_of_the_letterbox_are_not_in_the_result(
    detector: Detector, width: int, height: int
) -> None:
    red = np.full((height, width, 3), (0, 0, 255), np.uint8)
    class_map = segment(detector, red)
    assert class_map.shape == (height, width)
    # A cell in which less than half is frame may be grey: at most one at each edge.
    scale = max(width / WIDTH, height / HEIGHT)
    edge = int(np.ceil(CELL * scale))
    assert (class_map[edge : height - edge, edge : width - edge] == RED).all()


def test_stretched_frame_fills_the_map(tmp_path: Path) -> None:
    bundle = load_bundle(write_segmentation_bundle(tmp_path / "stretched", fit="stretch"))
    frame = np.full((480, 320, 3), (0, 0, 255), np.uint8)
    frame[:40] = (0, 255, 0)  # one of 12 rows of cells
    with Detector.open(bundle) as detector:
        class_map = segment(detector, frame)
    assert (class_map[:40] == GREEN).all()
    assert (class_map[40:] == RED).all()


def test_frames_of_one_size_share_an_array_and_others_do_not_disturb_it(
    detector: Detector,
) -> None:
    red = np.full((96, 128, 3), (0, 0, 255), np.uint8)
    blue = np.full((96, 128, 3), (255, 0, 0), np.uint8)
    first = segment(detector, red)
    assert (first == RED).all()
    assert segment(detector, blue) is first
    assert (first == BLUE).all()
    assert segment(detector, red[:48]).shape == (48, 128)
    assert (first == BLUE).all()
    assert (segment(detector, red) == RED).all()


def test_shares_are_those_of_the_classes_that_are_there_the_largest_first() -> None:
    class_map = np.zeros((10, 20), np.uint8)
    class_map[:2] = 255
    class_map[2:, :15] = 3
    assert Segmentation(class_map).shares() == [(3, 0.6), (0, 0.2), (255, 0.2)]
