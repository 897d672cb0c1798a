"""Images for tests as plain fields, from rows of bytes and from pictures: no ROS."""

from typing import Tuple

import cv2
import numpy as np

from trt_inference.images.image_reader import CompressedImage, RawImage


def pad(rows: np.ndarray, padding: int) -> np.ndarray:
    """uint8 ``[rows, bytes]`` with ``padding`` bytes of garbage at the end of each row."""
    return np.hstack([rows, np.full((len(rows), padding), 7, np.uint8)])


def raw_image(
    rows: np.ndarray, encoding: str, size: Tuple[int, int], padding: int = 0, big: bool = False
) -> RawImage:
    """An image of ``size`` (height, width) from uint8 ``[rows, bytes]``, with padding."""
    padded = pad(rows, padding)
    height, width = size
    return RawImage(width, height, encoding, padded.shape[1], padded.tobytes(), big)


def compressed_image(picture: bytes, format: str = "jpeg") -> CompressedImage:
    return CompressedImage(format, picture)


def encoded(suffix: str, pixels: np.ndarray) -> bytes:
    """The picture as a file of OpenCV's."""
    worked, data = cv2.imencode(suffix, pixels)
    assert worked
    return data.tobytes()


def smooth(*shape: int, dtype: type = np.uint8) -> np.ndarray:
    """Noise of low frequency, so that jpeg keeps something of it."""
    most = np.iinfo(dtype).max
    noise = np.random.default_rng(8).integers(0, most, shape, dtype, endpoint=True)
    return cv2.GaussianBlur(noise, (5, 5), 2)
