"""Pictures that people look at."""

from __future__ import annotations

import numpy as np
import pytest

from trt_inference.detections import Detections
from trt_inference.drawing import class_color, draw_detections


def one_detection(box: tuple[float, float, float, float], class_id: int = 0) -> Detections:
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
def test_caption_stays_in_the_picture(corner: tuple[int, int]) -> None:
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
