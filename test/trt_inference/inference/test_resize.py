"""The antialiased resize, against the weights of Pillow's and torchvision's bilinear in NumPy."""

from typing import Tuple

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from trt_inference.inference.resize import Resizer


def resized(image: np.ndarray, height: int, width: int, way: str = "area") -> np.ndarray:
    target = np.zeros((height, width, *image.shape[2:]), np.uint8)
    Resizer(way, image.shape, target)(image)
    return target


def picture(height: int, width: int) -> np.ndarray:
    """Discs of all sizes over each other, slightly blurred and with noise: edges and fine detail,
    as in a photograph."""
    generator = np.random.default_rng(height * 10_000 + width)
    image = np.full((height, width, 3), 128, np.uint8)
    for _ in range(height * width // 200):
        x, y = generator.integers(0, width), generator.integers(0, height)
        radius = min(200, int(2 / (generator.random() + 0.01)))
        color = tuple(int(value) for value in generator.integers(0, 256, 3))
        cv2.circle(image, (int(x), int(y)), radius, color, -1, cv2.LINE_AA)
    noisy = cv2.GaussianBlur(image, (0, 0), 0.7) + generator.normal(0, 4, image.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def triangles(size: int, result: int) -> np.ndarray:
    """float64 ``[result, size]``: along one axis, the weights of the pixels for each pixel of the
    result, as Pillow documents its BILINEAR: a triangle with a half-width of one pixel of the
    result, but of no less than one of the picture."""
    scale = max(size / result, 1.0)
    centres = (np.arange(result)[:, None] + 0.5) * size / result
    distances = np.abs(np.arange(size)[None] + 0.5 - centres) / scale
    weights = np.maximum(1 - distances, 0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def antialiased(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """float64 ``[height, width, 3]``."""
    down, across = triangles(image.shape[0], height), triangles(image.shape[1], width)
    return np.asarray(np.einsum("yi,xj,ijc->yxc", down, across, image, optimize=True))


# Frames and inputs, height and width. Differences are in levels of 255.
@pytest.mark.parametrize(
    ("frame", "size"),
    [
        ((480, 640), (168, 224)),
        ((480, 640), (224, 224)),  # stretched
        ((427, 640), (149, 224)),  # an odd side, which cannot be halved
        ((719, 1277), (126, 224)),
        ((47, 63), (6, 8)),
        ((715, 715), (48, 48)),
        ((720, 720), (224, 224)),
        ((720, 1280), (90, 160)),
        ((472, 472), (64, 64)),
        ((400, 400), (224, 224)),
        ((300, 300), (224, 224)),
    ],
)
def test_area_is_near_to_an_antialiased_resize(
    frame: Tuple[int, int], size: Tuple[int, int]
) -> None:
    image = picture(*frame)
    expected = antialiased(image, *size)
    area, linear, box = (
        np.abs(way - expected)
        for way in (
            resized(image, *size),
            resized(image, *size, "linear"),
            cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA),
        )
    )
    assert area.mean() < 1.5
    assert area.mean() < 0.6 * linear.mean()
    assert area.mean() <= box.mean() + 0.01
    assert area.max() < 32


def test_lines_that_fall_between_the_samples_are_not_lost() -> None:
    lines = np.zeros((640, 640, 3), np.uint8)
    lines[::4] = 200  # a fourth of the rows
    area, linear = resized(lines, 80, 80), resized(lines, 80, 80, "linear")
    assert (np.abs(area[1:-1].astype(int) - 50) <= 2).all()
    assert np.abs(linear.astype(int) - 50).min() >= 40


SIDES = st.integers(1, 260)


@given(SIDES, SIDES, SIDES, SIDES, st.integers(0, 255))
@example(1, 1, 5, 7, 3)
@example(4, 4, 1, 1, 3)
@example(8, 8, 1, 1, 3)
@example(1, 260, 40, 3, 9)
@example(256, 256, 16, 16, 255)
@settings(max_examples=200, deadline=None)
def test_one_grey_stays_what_it_is_for_all_sizes(
    height: int, width: int, to_height: int, to_width: int, grey: int
) -> None:
    image = np.full((height, width, 3), grey, np.uint8)
    assert (resized(image, to_height, to_width) == grey).all()


@pytest.mark.parametrize(("height", "width"), [(64, 64), (90, 200), (480, 640), (481, 641)])
def test_a_picture_that_rises_evenly_stays_in_its_place(height: int, width: int) -> None:
    ramp = np.rint(np.linspace(0, 255, width))[None, :, None] * np.ones((height, 1, 3))
    # The value in the middle of each pixel of the result; not at the edges, where it is a mean of
    # what is inside.
    centres = ((np.arange(48) + 0.5) * width / 48 - 0.5) * 255 / (width - 1)
    rising, falling = (
        resized(image.astype(np.uint8), 32, 48)[:, 1:-1, 0] - expected[1:-1]
        for image, expected in ((ramp, centres), (255 - ramp, 255 - centres))
    )
    assert max(np.abs(rising).max(), np.abs(falling).max()) <= 2
    # Rounding makes both brighter by less than a level; what moves makes one of them darker. A
    # twentieth of a pixel of the result is a fourth of a level.
    assert abs(rising.mean() - falling.mean()) / 2 < 0.25


def test_what_grows_is_linear_and_so_is_the_axis_that_grows() -> None:
    small = picture(50, 60)
    np.testing.assert_array_equal(resized(small, 100, 200), cv2.resize(small, (200, 100)))
    flat = np.repeat(picture(240, 1), 30, axis=1)  # each row in one color
    expected = antialiased(flat, 60, 90)
    area, linear = (np.abs(resized(flat, 60, 90, way) - expected) for way in ("area", "linear"))
    assert area.mean() < 0.6 * linear.mean()


def test_same_size_is_the_picture_itself() -> None:
    image = picture(48, 64)
    np.testing.assert_array_equal(resized(image, 48, 64), image)


@pytest.mark.parametrize("channels", [(), (1,), (4,)])
def test_other_numbers_of_channels(channels: Tuple[int, ...]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    expected = resized(image, 100, 150)
    if not channels:
        np.testing.assert_allclose(resized(image[..., 0], 100, 150), expected[..., 0], atol=1)
        return
    other = np.repeat(image[..., :1], channels[0], axis=2)
    result = resized(other, 100, 150).reshape(100, 150, -1)
    for channel in range(channels[0]):
        np.testing.assert_allclose(result[..., channel], expected[..., 0], atol=1)
