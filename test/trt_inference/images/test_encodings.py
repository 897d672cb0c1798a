"""The pixels of each encoding, computed by NumPy or from its definition."""

import re
from typing import Any, Dict, List, Tuple

import cv2
import numpy as np
import pytest

from test.trt_inference.images.image_fields import pad, raw_image
from trt_inference.errors import ImageError
from trt_inference.images.encodings import ENCODINGS, Encoding
from trt_inference.images.image_reader import ImageReader, describe_raw

PADDINGS = [0, 1, 2, 3, 64]

# One color, and the same with brightness from 16 to 235 (BT.601).
B, G, R = 200, 100, 50
Y = round(16 + (65.738 * R + 129.057 * G + 25.064 * B) / 256)
U = round(128 + (-37.945 * R - 74.494 * G + 112.439 * B) / 256)
V = round(128 + (112.439 * R - 94.154 * G - 18.285 * B) / 256)
# The rows of two by two pixels of that color, and after them those of a plane of colors.
BLOCKS: Dict[str, List[List[int]]] = {
    "bgr": [[B, G, R, B, G, R]] * 2,
    "rgb": [[R, G, B, R, G, B]] * 2,
    "bgra": [[B, G, R, 9, B, G, R, 9]] * 2,
    "rgba": [[R, G, B, 9, R, G, B, 9]] * 2,
    "bayer_rggb": [[R, G], [G, B]],
    "bayer_bggr": [[B, G], [G, R]],
    "bayer_gbrg": [[G, B], [R, G]],
    "bayer_grbg": [[G, R], [B, G]],
    "uyvy": [[U, Y, V, Y]] * 2,
    "yuv422": [[U, Y, V, Y]] * 2,
    "yuyv": [[Y, U, Y, V]] * 2,
    "yuv422_yuy2": [[Y, U, Y, V]] * 2,
    "nv12": [[Y, Y], [Y, Y], [U, V]],
    "nv21": [[Y, Y], [Y, Y], [V, U]],
}
# Whole numbers of Y, U and V hit a color within 2.
ROUNDED = {"uyvy", "yuv422", "yuyv", "yuv422_yuy2", "nv12", "nv21"}
TESTED_BELOW = {"mono8", "mono16", "8UC1", "8UC3", "nv24"}


def rows_of_one_color(encoding: str, height: int, width: int, big: bool) -> np.ndarray:
    """uint8 ``[rows, bytes]``. Even sides."""
    block = np.array(BLOCKS[re.sub("(8|16)$", "", encoding)])
    times = (height // 2, width // 2)
    rows = np.vstack([np.tile(block[:2], times), np.tile(block[2:], times)])
    if encoding.endswith("16"):
        return (rows * 257).astype(">u2" if big else "<u2").view(np.uint8)
    return rows.astype(np.uint8)


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("encoding", sorted(set(ENCODINGS) - TESTED_BELOW))
def test_an_image_of_one_color_has_that_color(encoding: str, padding: int) -> None:
    for big in (False, True):
        rows = rows_of_one_color(encoding, 6, 8, big)
        bgr = ImageReader().read_raw(raw_image(rows, encoding, (6, 8), padding, big)).bgr()
        assert (bgr.shape, bgr.dtype) == ((6, 8, 3), np.uint8)
        error = np.abs(bgr.astype(int) - (B, G, R)).max()
        assert error <= (2 if encoding in ROUNDED else 0)


@pytest.mark.parametrize("padding", PADDINGS)
def test_bytes_without_a_meaning_are_taken_as_grey_and_as_bgr(padding: int) -> None:
    rows = np.random.default_rng(4).integers(0, 256, (7, 15), np.uint8)
    three = ImageReader().read_raw(raw_image(rows, "8UC3", (7, 5), padding)).bgr()
    np.testing.assert_array_equal(three, rows.reshape(7, 5, 3))
    one = ImageReader().read_raw(raw_image(rows, "8UC1", (7, 15), padding)).bgr()
    np.testing.assert_array_equal(one, np.repeat(rows[..., None], 3, axis=2))


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("size", [(6, 8), (7, 5), (2, 2)])
def test_nv24_is_nv12_of_twice_the_size(size: Tuple[int, int], padding: int) -> None:
    height, width = size
    generator = np.random.default_rng(5)
    luma = generator.integers(0, 256, (height, width), np.uint8)
    chroma = generator.integers(0, 256, (height, 2 * width), np.uint8)
    # Each pixel four times has one pair of colours for its four: that is what NV12 is.
    double = np.vstack([luma.repeat(2, axis=0).repeat(2, axis=1), chroma])
    expected = cv2.cvtColor(double, cv2.COLOR_YUV2BGR_NV12)[::2, ::2]
    # As Video4Linux has it, the rows of colours have twice the padding.
    image = raw_image(luma, "nv24", size, padding)
    image = image._replace(data=image.data + pad(chroma, 2 * padding).tobytes())
    bgr = ImageReader().read_raw(image).bgr()
    assert np.abs(bgr.astype(int) - expected).max() <= 1


@pytest.mark.parametrize(("encoding", "times"), [("nv24", 2), ("nv24", 3), ("nv12", 2)])
def test_the_step_of_planes_without_padding_may_count_all_planes(encoding: str, times: int) -> None:
    rows = np.random.default_rng(6).integers(0, 256, (18 if encoding == "nv24" else 9, 8), np.uint8)
    image = raw_image(rows, encoding, (6, 8))
    expected = ImageReader().read_raw(image).bgr().copy()
    image = image._replace(step=8 * times)
    np.testing.assert_array_equal(ImageReader().read_raw(image).bgr(), expected)


def test_sixteen_bits_are_rounded_to_the_nearest_of_eight() -> None:
    values = np.arange(65536, dtype="<u2").reshape(256, 256)
    image = raw_image(values.view(np.uint8), "mono16", (256, 256))
    grey = ImageReader().read_raw(image).bgr()[..., 0]
    np.testing.assert_array_equal(grey, np.rint(np.arange(65536) / 257).reshape(256, 256))


def test_a_new_encoding_is_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A contributor adds it to the table, and changes nothing else."""
    rows = np.random.default_rng(7).integers(0, 256, (4, 24), np.uint8)
    bgra = rows.reshape(4, 6, 4)
    for name, is_late in (("quad", False), ("late_quad", True)):
        entry = Encoding(4, cv2.COLOR_BGRA2BGR, is_late=is_late)
        monkeypatch.setitem(ENCODINGS, name, entry)
        image = raw_image(rows, name, (4, 6), padding=3)
        frame = ImageReader().read_raw(image)
        np.testing.assert_array_equal(frame.bgr(), bgra[..., :3])
        assert (frame.conversion is not None) == is_late
        assert describe_raw(image) == f"6x4 {name}, step 27 (3 bytes of padding)"
        with pytest.raises(ImageError, match=f"32FC1.* {name}"):
            ImageReader().read_raw(image._replace(encoding="32FC1"))
        with pytest.raises(ImageError, match=f"6 pixels of {name}: it must be 24"):
            ImageReader().read_raw(image._replace(step=23))


def test_an_encoding_may_have_a_function_that_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    kept_arrays: List[Dict[str, np.ndarray]] = []

    def unpack(image: Any, row: int, kept: Dict[str, np.ndarray]) -> np.ndarray:
        kept_arrays.append(kept)
        grey = np.ndarray((image.height, image.width), np.uint8, image.data, 0, (row, 1))
        return np.dstack([255 - grey] * 3)

    monkeypatch.setitem(ENCODINGS, "negative", Encoding(1, unpack=unpack))
    rows = np.random.default_rng(8).integers(0, 256, (4, 6), np.uint8)
    reader = ImageReader()
    for _ in range(2):
        frame = reader.read_raw(raw_image(rows, "negative", (4, 6), padding=2))
        assert frame.conversion is None
        np.testing.assert_array_equal(frame.bgr(), np.dstack([255 - rows] * 3))
    assert kept_arrays[0] is kept_arrays[1]
