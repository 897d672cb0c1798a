"""The pixels of rosbags-image, which needs Python 3.10: those of all encodings, and of pictures."""

from types import SimpleNamespace
from typing import Tuple

import numpy as np
import pytest
from rosbags.image.image import ENCODINGMAP, compressed_image_to_cvimage, image_to_cvimage

from test.trt_inference.images.image_fields import compressed_image, encoded, raw_image, smooth
from trt_inference.images.encodings import ENCODINGS
from trt_inference.images.image_reader import ImageReader

PLANAR = {"nv12": 3 / 2, "nv21": 3 / 2}
EVEN = {"nv12", "nv21", "uyvy", "yuv422", "yuyv", "yuv422_yuy2"}
PADDINGS = [0, 1, 2, 3, 64]


def random_rows(encoding: str, height: int, width: int) -> np.ndarray:
    bits, _, _, channels = ENCODINGMAP[encoding]
    rows = int(height * PLANAR.get(encoding, 1))
    generator = np.random.default_rng(height * 100 + width)
    return generator.integers(0, 256, (rows, width * channels * bits // 8), np.uint8)


def expected_bgr(rows: np.ndarray, encoding: str, width: int, big: bool) -> np.ndarray:
    """By rosbags-image, in the depth of the message; then rounded as CvBridge does."""
    message = SimpleNamespace(
        encoding=encoding, height=len(rows), width=width, is_bigendian=big, data=rows.tobytes()
    )
    wide = ENCODINGMAP[encoding][0] == 16
    pixels = image_to_cvimage(message, "bgr16" if wide else "bgr8")
    return np.rint(pixels * (255 / 65535)).astype(np.uint8) if wide else pixels


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("size", [(6, 8), (2, 2), (7, 5), (33, 47), (48, 64)])
@pytest.mark.parametrize("encoding", sorted(ENCODINGMAP))
def test_pixels_are_those_of_rosbags_image(
    encoding: str, size: Tuple[int, int], padding: int
) -> None:
    height, width = (side // 2 * 2 for side in size) if encoding in EVEN else size
    rows = random_rows(encoding, height, width)
    for big in (False, True):
        image = raw_image(rows, encoding, (height, width), padding, big)
        bgr = ImageReader().read_raw(image).bgr()
        assert bgr.dtype == np.uint8
        np.testing.assert_array_equal(bgr, expected_bgr(rows, encoding, width, big))


def test_only_what_rosbags_image_lacks_is_tested_by_hand() -> None:
    assert set(ENCODINGS) - set(ENCODINGMAP) == {"8UC1", "8UC3", "nv24"}


@pytest.mark.parametrize(
    "format", ["jpeg", "png", "bgr8; jpeg compressed bgr8", "rgb8; png compressed bgr8", ""]
)
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_pictures_are_those_of_rosbags_image(suffix: str, format: str) -> None:
    image = compressed_image(encoded(suffix, smooth(48, 64, 3)), format)
    expected = compressed_image_to_cvimage(image, "bgr8")
    np.testing.assert_array_equal(ImageReader().read_compressed(image).bgr(), expected)
