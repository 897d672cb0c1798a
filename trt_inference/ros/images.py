"""sensor_msgs/Image → the BGR array that the detector takes."""

from __future__ import annotations

from typing import Dict, Optional, Tuple

import cv2
import numpy as np
from sensor_msgs.msg import Image

from trt_inference.errors import ImageError

# Channels of one byte a pixel, and OpenCV's conversion to BGR (None: it is BGR already).
_ENCODINGS: Dict[str, Tuple[int, Optional[int]]] = {
    "bgr8": (3, None),
    "8UC3": (3, None),
    "rgb8": (3, cv2.COLOR_RGB2BGR),
    "bgra8": (4, cv2.COLOR_BGRA2BGR),
    "rgba8": (4, cv2.COLOR_RGBA2BGR),
    "mono8": (1, cv2.COLOR_GRAY2BGR),
    "8UC1": (1, cv2.COLOR_GRAY2BGR),
}

ENCODINGS = tuple(_ENCODINGS)

# Nothing can be detected in a line of pixels; cameras that are not ready send such images.
MINIMUM_SIDE = 2


class ImageReader:
    """Gives the pixels of messages as BGR arrays; what it converts goes into one array that is
    kept while the size stays the same."""

    def __init__(self) -> None:
        self._converted: Optional[np.ndarray] = None

    def read(self, message: Image) -> np.ndarray:
        """The pixels as uint8 ``[height, width, 3]``, BGR.

        For bgr8 it is a view of the message's data, whatever its ``step``. For other encodings
        it is overwritten by the next call.

        Raises:
            ImageError: wrong size, step, encoding or amount of data.
        """
        channels, conversion = _check(message)
        pixels = np.ndarray(
            (message.height, message.width, channels),
            np.uint8,
            buffer=message.data,
            strides=(message.step, channels, 1),
        )
        if conversion is None:
            return pixels
        self._converted = cv2.cvtColor(pixels, conversion, dst=self._converted)
        return self._converted


def describe_format(message: Image) -> str:
    """Size, encoding and padding of an image, for people."""
    channels = _ENCODINGS[message.encoding][0]
    padding = message.step - message.width * channels
    text = f"{message.width}x{message.height} {message.encoding}"
    return f"{text}, step {message.step} ({padding} bytes of padding)" if padding else text


def _check(message: Image) -> Tuple[int, Optional[int]]:
    """The channels and the conversion of a sound message."""
    size = f"{message.width}x{message.height}"
    if message.encoding not in _ENCODINGS:
        raise ImageError(
            f"encoding '{message.encoding}' is not supported: "
            f"set the camera to one of {', '.join(ENCODINGS)}"
        )
    if min(message.width, message.height) < MINIMUM_SIDE:
        raise ImageError(f"image of {size} pixels: nothing can be detected in it")
    channels, conversion = _ENCODINGS[message.encoding]
    if message.step < message.width * channels:
        raise ImageError(
            f"step {message.step} is too small for {message.width} pixels of "
            f"{message.encoding}: it must be {message.width * channels} or more"
        )
    if len(message.data) < message.height * message.step:
        raise ImageError(
            f"{len(message.data)} bytes of data for an image of {size} with step {message.step}: "
            f"{message.height * message.step} are needed"
        )
    return channels, conversion
