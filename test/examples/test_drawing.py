"""The truth about drawn scenes: pictures must show what their boxes claim."""

import numpy as np
import pytest

from examples.shapes.drawing import CLASS_NAMES, draw_scene, paint, place_shapes
from examples.shapes.moving_scene import MovingScene

TOLERANCE = 1.5  # pixels, for the soft edge of a shape


@pytest.mark.parametrize("class_id", range(len(CLASS_NAMES)))
@pytest.mark.parametrize("seed", range(10))
def test_a_box_is_tight_around_the_pixels_of_its_shape(class_id: int, seed: int) -> None:
    black = np.zeros((360, 640, 3), np.uint8)
    shapes = place_shapes(np.random.default_rng(seed), black, [class_id])
    scene = paint(black, shapes, np.zeros((360, 640, 3), np.int16))
    rows, columns = np.nonzero(scene.image.max(axis=2) > 60)
    seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    np.testing.assert_allclose(scene.xyxy[0], seen, atol=TOLERANCE)
    assert scene.class_ids.tolist() == [class_id]


def test_the_same_seed_gives_the_same_scene() -> None:
    one, other = (draw_scene(np.random.default_rng(5), 180, 320) for _ in range(2))
    np.testing.assert_array_equal(one.image, other.image)
    np.testing.assert_array_equal(one.xyxy, other.xyxy)


def test_shapes_move_and_stay_in_the_picture() -> None:
    scene = MovingScene(seed=1, height=180, width=320)
    boxes = np.stack([scene.frame(time).xyxy for time in np.arange(0, 20, 0.25)])
    assert np.abs(np.diff(boxes, axis=0)).max(axis=(1, 2)).min() > 0.5
    size = np.tile([320, 180], 2)
    sides = (boxes[..., 2:] - boxes[..., :2]).min()
    assert sides > 5, "a shape has left the picture"
    assert (boxes >= 0).all() and (boxes <= size).all()


def test_time_may_go_backwards() -> None:
    scene = MovingScene(seed=1, height=180, width=320)
    first = scene.frame(1.5)
    scene.frame(4.0)
    again = scene.frame(1.5)
    np.testing.assert_array_equal(again.xyxy, first.xyxy)
    np.testing.assert_array_equal(again.image, first.image)
