"""Image messages for tests, from rows of bytes and from pictures."""

from __future__ import annotations

import array

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image


def image_message(
    rows: np.ndarray, encoding: str, size: tuple[int, int], padding: int = 0, big: bool = False
) -> Image:
    """An image of ``size`` (height, width) from uint8 ``[rows, bytes]``, which get ``padding``
    bytes of garbage at their end."""
    garbage = np.full((len(rows), padding), 7, np.uint8)
    padded = np.hstack([rows, garbage])
    image = Image(height=size[0], width=size[1], encoding=encoding, is_bigendian=int(big))
    image.step = padded.shape[1]
    image.data = array.array("B", padded.tobytes())
    return image


def compressed_message(picture: bytes, format: str = "jpeg") -> CompressedImage:
    return CompressedImage(format=format, data=array.array("B", picture))


def encoded(suffix: str, pixels: np.ndarray) -> bytes:
    """The picture as a file of OpenCV's."""
    worked, data = cv2.imencode(suffix, pixels)
    assert worked
    return data.tobytes()
