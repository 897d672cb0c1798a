"""The encodings of sensor_msgs/Image: what the bytes of each are, and the way from there to BGR.

Names and layouts are those of sensor_msgs' image_encodings and of Video4Linux; conversions give
what CvBridge gives, and for what it refuses, what OpenCV gives. OpenCV names Bayer patterns by
the second row and column: its BG is RGGB.

An encoding is one entry of ``ENCODINGS``: the readers of images take all that they know from there.
"""

from typing import Any, Callable, Dict, NamedTuple, Optional, Tuple

import cv2
import numpy as np

from trt_inference.images.nv24 import nv24_to_bgr

# An image with the fields of ``RawImage``, the bytes from one row of its first plane to the next,
# and arrays that the function keeps from image to image, by names of its own; returns the pixels,
# uint8 ``[h, w, 3]``, BGR, good until the next call.
Unpack = Callable[[Any, int, Dict[str, np.ndarray]], np.ndarray]


class Encoding(NamedTuple):
    """How the bytes of an image lie.

    Attributes:
        channels: values of one pixel in a row (of the first plane, where there are several).
        conversion: OpenCV's code for the conversion to BGR; None where it is that already.
        bits: of one value, 8 or 16.
        rows: rows of data for each row of the image: more than 1 where a plane of colours
            follows that of brightness.
        block: width and height of the smallest piece that has all colours; the image consists of
            whole pieces.
        is_late: the conversion only exchanges, repeats or drops channels, so that a resize before
            it gives the same as one after it, and costs less. On aarch64 the same but for a few
            levels of 255: OpenCV resizes one and four channels there in other steps than three.
        unpack: reads the image instead of a conversion, where OpenCV has none.
    """

    channels: int
    conversion: Optional[int] = None
    bits: int = 8
    rows: float = 1
    block: Tuple[int, int] = (1, 1)
    is_late: bool = False
    unpack: Optional[Unpack] = None

    @property
    def pixel_bytes(self) -> int:
        """Bytes from one pixel of a row to the next."""
        return self.channels * self.bits // 8

    def data_rows(self, height: int) -> int:
        """Rows of data in an image of ``height`` rows."""
        return int(self.rows * height)


_COLORS = {
    "bgr": Encoding(3),
    "rgb": Encoding(3, cv2.COLOR_RGB2BGR, is_late=True),
    "bgra": Encoding(4, cv2.COLOR_BGRA2BGR, is_late=True),
    "rgba": Encoding(4, cv2.COLOR_RGBA2BGR, is_late=True),
    "mono": Encoding(1, cv2.COLOR_GRAY2BGR, is_late=True),
    "bayer_rggb": Encoding(1, cv2.COLOR_BayerBG2BGR),
    "bayer_bggr": Encoding(1, cv2.COLOR_BayerRG2BGR),
    "bayer_gbrg": Encoding(1, cv2.COLOR_BayerGR2BGR),
    "bayer_grbg": Encoding(1, cv2.COLOR_BayerGB2BGR),
}
_UYVY = Encoding(2, cv2.COLOR_YUV2BGR_UYVY, block=(2, 1))
_YUYV = Encoding(2, cv2.COLOR_YUV2BGR_YUY2, block=(2, 1))

ENCODINGS: Dict[str, Encoding] = {
    **{f"{name}8": color for name, color in _COLORS.items()},
    **{f"{name}16": color._replace(bits=16) for name, color in _COLORS.items()},
    "8UC3": _COLORS["bgr"],
    "8UC1": _COLORS["mono"],
    "uyvy": _UYVY,
    "yuv422": _UYVY,
    "yuyv": _YUYV,
    "yuv422_yuy2": _YUYV,
    "nv12": Encoding(1, cv2.COLOR_YUV2BGR_NV12, rows=1.5, block=(2, 2)),
    "nv21": Encoding(1, cv2.COLOR_YUV2BGR_NV21, rows=1.5, block=(2, 2)),
    "nv24": Encoding(1, rows=3, unpack=nv24_to_bgr),
}
