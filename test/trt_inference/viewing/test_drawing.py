"""Pictures that people look at."""

from typing import Tuple

import numpy as np
import pytest

from trt_inference.inference.detections import Detections
from trt_inference.inference.results import OUTSIDE, Classification, Segmentation
from trt_inference.inference.selection import Region
from trt_inference.viewing.drawing import (
    class_color,
    draw_classification,
    draw_detections,
    draw_region,
    draw_segmentation,
)


def one_detection(box: Tuple[float, float, float, float], class_id: int = 0) -> Detections:
    return Detections(
        np.array([box], np.float32), np.array([0.5], np.float32), np.array([class_id], np.int32)
    )


def test_box_is_drawn_in_the_color_of_its_class_on_a_copy() -> None:
    image = np.zeros((200, 200, 3), np.uint8)  # so small that lines are of one pixel
    picture = draw_detections(image, one_detection((50, 100, 90.4, 159.6), 3), ["a", "b", "c", "d"])
    assert not image.any()
    below = picture[101:]  # of the upper edge, on which the caption stands
    expected = np.zeros_like(picture)
    # The box rounds to 50, 100, 90, 160: its last pixels are column 89 and row 159.
    expected[100:160, [50, 89]] = expected[159, 50:90] = class_color(3)
    np.testing.assert_array_equal(below, expected[101:])


@pytest.mark.parametrize("corner", [(0, 0), (190, 0), (190, 190), (0, 190)])
def test_caption_stays_in_the_picture(corner: Tuple[int, int]) -> None:
    def painted(x: int, y: int) -> int:
        box = one_detection((x, y, x + 10, y + 10))
        picture = draw_detections(np.full((200, 200, 3), 255, np.uint8), box, ["pedestrian"])
        return int((picture.max(axis=-1) < 128).sum())  # the dark pixels are the caption's letters

    in_the_middle = painted(40, 100)
    # The box and the smooth edges of letters may cover a few of them.
    assert painted(*corner) > 0.9 * in_the_middle > 100


def test_neighbouring_classes_differ_clearly_in_color() -> None:
    colors = np.array([class_color(class_id) for class_id in range(100)], int)
    differences = np.abs(colors[1:] - colors[:-1]).max(axis=-1)
    assert differences.min() >= 128  # half of a channel's range


def test_picture_without_detections_is_the_image() -> None:
    image = np.random.default_rng(1).integers(0, 256, (40, 60, 3), np.uint8)
    nothing = one_detection((0, 0, 1, 1))[:0]
    np.testing.assert_array_equal(draw_detections(image, nothing, ["a"]), image)


def has_color(picture: np.ndarray, class_id: int) -> np.ndarray:
    """bool ``[h, w]``: where the picture has the color of a class."""
    return np.asarray((picture == class_color(class_id)).all(axis=-1))


def test_classes_of_a_picture_stand_below_each_other_in_its_corner() -> None:
    image = np.zeros((200, 300, 3), np.uint8)
    classes = Classification(np.array([0.7, 0.2], np.float32), np.array([2, 0], np.int32))
    picture = draw_classification(image, classes, ["cat", "dog", "horse"])
    assert not image.any()
    best, second = has_color(picture, 2), has_color(picture, 0)
    best_rows, second_rows = np.flatnonzero(best.any(axis=1)), np.flatnonzero(second.any(axis=1))
    assert best_rows[0] == 0
    assert second_rows[0] in (best_rows[-1], best_rows[-1] + 1)
    assert not has_color(picture, 1).any()
    assert not picture[second_rows[-1] + 1 :].any()
    assert not picture[:, 250:].any()


def test_list_ends_where_the_picture_ends() -> None:
    image = np.zeros((100, 300, 3), np.uint8)
    count = 50
    classes = Classification(np.full(count, 0.5, np.float32), np.arange(count, dtype=np.int32))
    picture = draw_classification(image, classes, [f"class {number}" for number in range(count)])
    heights = [has_color(picture, number).any(axis=1).sum() for number in range(count)]
    drawn = [number for number in range(count) if heights[number]]
    assert drawn == list(range(len(drawn)))
    assert len(drawn) >= 3
    assert heights[drawn[-1]] >= heights[0] - 1  # the last one is not cut off


def test_segmented_picture_is_half_image_and_half_the_colors_of_its_classes() -> None:
    image = np.random.default_rng(1).integers(0, 256, (240, 320, 3), np.uint8)
    class_map = np.zeros((240, 320), np.uint8)
    class_map[120:, 160:] = 2
    picture = draw_segmentation(image, Segmentation(class_map), ["road", "sky", "tree"])
    halves = np.where((class_map == 2)[..., None], class_color(2), class_color(0))
    below = np.s_[120:]  # of the list of classes
    expected = (image[below].astype(float) + halves[below]) / 2
    assert np.abs(picture[below] - expected).max() <= 0.5
    assert has_color(picture[:60, :160], 0).any()
    assert has_color(picture[:60, :160], 2).any()
    assert not has_color(picture[:60, :160], 1).any()


@pytest.mark.parametrize("ground", [0, 255])
def test_frame_around_a_region_is_seen_on_any_ground_and_ends_with_the_picture(ground: int) -> None:
    picture = np.full((40, 60, 3), ground, np.uint8)
    draw_region(picture, Region(10, 20, 100, 15))
    changed = (picture != ground).any(axis=-1)
    inside = np.zeros_like(changed)
    inside[20:35, 10:60] = True
    inside[22:33, 12:58] = False  # what is within the two lines
    assert changed.sum() > 100
    assert not changed[~inside].any()
    assert changed[20:22].any()
    assert changed[33:35].any()
    assert changed[:, 58:].any()


def test_what_was_not_looked_at_is_dark_and_in_no_list() -> None:
    class_map = np.full((200, 300), OUTSIDE, np.uint8)
    class_map[100:, 150:] = 1
    image = np.full((200, 300, 3), 200, np.uint8)
    picture = draw_segmentation(image, Segmentation(class_map), ["road", "sky"])
    assert (picture[150, 50] == 100).all()
    assert (picture[150, 200] > 100).any()
