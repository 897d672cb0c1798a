"""Image messages as arrays: OpenCV says what the pixels must be."""

from __future__ import annotations

import array

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import Image

from trt_inference.errors import ImageError
from trt_inference.ros.images import ImageReader

BGR = np.random.default_rng(3).integers(0, 256, (7, 5, 3), np.uint8)
GREY = BGR[..., 0].copy()


def message(pixels: np.ndarray, encoding: str, padding: int = 0) -> Image:
    """An image whose rows have ``padding`` bytes of garbage at their end."""
    rows = pixels.reshape(len(pixels), -1)
    rows = np.hstack([rows, np.full((len(rows), padding), 7, np.uint8)])
    image = Image(height=pixels.shape[0], width=pixels.shape[1], encoding=encoding)
    image.step = rows.shape[1]
    image.data = array.array("B", rows.tobytes())
    return image


@pytest.mark.parametrize("padding", [0, 1, 3, 64])
@pytest.mark.parametrize(
    ("encoding", "pixels", "expected"),
    [
        ("bgr8", BGR, BGR),
        ("8UC3", BGR, BGR),
        ("rgb8", cv2.cvtColor(BGR, cv2.COLOR_BGR2RGB), BGR),
        ("bgra8", cv2.cvtColor(BGR, cv2.COLOR_BGR2BGRA), BGR),
        ("rgba8", cv2.cvtColor(BGR, cv2.COLOR_BGR2RGBA), BGR),
        ("mono8", GREY, cv2.cvtColor(GREY, cv2.COLOR_GRAY2BGR)),
        ("8UC1", GREY, cv2.cvtColor(GREY, cv2.COLOR_GRAY2BGR)),
    ],
)
def test_pixels_are_bgr_whatever_the_encoding_and_the_padding(
    encoding: str, pixels: np.ndarray, expected: np.ndarray, padding: int
) -> None:
    frame = ImageReader().read(message(pixels, encoding, padding))
    np.testing.assert_array_equal(frame, expected)


def test_bgr8_is_not_copied() -> None:
    image = message(BGR, "bgr8", padding=2)
    assert np.shares_memory(ImageReader().read(image), np.frombuffer(image.data, np.uint8))


def test_other_encodings_are_converted_into_one_array_that_is_kept() -> None:
    reader = ImageReader()
    first = reader.read(message(BGR, "rgb8"))
    second = reader.read(message(BGR[::-1].copy(), "rgb8"))
    assert np.shares_memory(first, second)
    larger = np.zeros((20, 30, 3), np.uint8)
    assert reader.read(message(larger, "rgb8")).shape == (20, 30, 3)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"encoding": "bayer_rggb8"}, "'bayer_rggb8' is not supported"),
        ({"width": 0}, "0x7"),
        ({"height": 1}, "5x1"),
        ({"step": 14}, "step 14 is too small for 5 pixels of bgr8: it must be 15"),
        ({"data": array.array("B", bytes(104))}, "104 bytes of data .* 105 are needed"),
    ],
)
def test_a_message_that_contradicts_itself_is_refused_with_the_value(
    changes: dict[str, object], named: str
) -> None:
    image = message(BGR, "bgr8")
    for name, value in changes.items():
        setattr(image, name, value)
    with pytest.raises(ImageError, match=named):
        ImageReader().read(image)
