"""Image messages for tests, from rows of bytes and from pictures."""

import array
from typing import Tuple

import numpy as np
from sensor_msgs.msg import CompressedImage, Image

from test.trt_inference.images.image_fields import raw_image


def image_message(
    rows: np.ndarray, encoding: str, size: Tuple[int, int], padding: int = 0, big: bool = False
) -> Image:
    """The message with the fields of ``raw_image``."""
    fields = raw_image(rows, encoding, size, padding, big)
    image = Image(height=size[0], width=size[1], encoding=encoding, is_bigendian=int(big))
    image.step = fields.step
    image.data = array.array("B", fields.data)
    return image


def compressed_message(picture: bytes, format: str = "jpeg") -> CompressedImage:
    return CompressedImage(format=format, data=array.array("B", picture))
