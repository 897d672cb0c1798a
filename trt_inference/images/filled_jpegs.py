"""Whether a decoder has filled up a jpeg: it shows grey instead of what is missing.

It tells that nobody but stderr. So a picture that ends in just that grey is decoded once more,
with other data behind its own: that changes what was filled up and nothing else. Others, as
nearly all are, cost nothing.

What is missing in the last of several scans does not become grey, nor what is missing of the last
block only. With arithmetic coding zeros at the end may be left out, so that nothing is known.
"""

from typing import List, Optional

import cv2
import numpy as np

from trt_inference.images.jpeg_markers import JpegData, JpegFrame
from trt_inference.images.picture_checks import Jpeg

_BLOCK = 8  # pixels of a side
_GREY = 128  # the value of all that is missing
_LUMA = np.array([0.114, 0.587, 0.299])  # of BGR
# Any bits, without 0xFF, which begins a marker.
_OTHER_DATA = np.random.RandomState(1).randint(0, 0xFF, 4096).astype(np.uint8).tobytes()
# Of other data for a pixel of a row: more than a row of blocks takes. OpenCV before 5 leaves rows
# as they were in memory for which there is not enough, and they may look the same by chance.
_BYTES_OF_A_PIXEL = 256


def is_filled_up(data: JpegData, jpeg: Jpeg, pixels: np.ndarray, flags: int) -> bool:
    """Whether data is missing at the end of a picture.

    Args:
        pixels: what ``cv2.imdecode`` has made of ``data``, ``[h, w]`` or ``[h, w, 3]``.
        flags: that it was given.
    """
    frame, scans = jpeg
    if len(scans) != 1 or frame.is_progressive or frame.is_arithmetic:
        return False
    is_turned = not flags & cv2.IMREAD_IGNORE_ORIENTATION
    if not any(_is_grey(corner, frame) for corner in _last_corners(pixels, is_turned)):
        return False
    other = _decode_with_more(data, scans[0].end, frame.width, flags)
    return other is None or not np.array_equal(other, pixels)


def _last_corners(pixels: np.ndarray, is_turned: bool) -> List[np.ndarray]:
    """Those where the last block may be."""
    corners = [_last_corner(pixels)]
    if is_turned:
        corners += [
            _last_corner(one) for one in (pixels[::-1], pixels[:, ::-1], pixels[::-1, ::-1])
        ]
    return corners


def _last_corner(pixels: np.ndarray) -> np.ndarray:
    """The last block but its first row and column, whose colours are mixed with those before."""
    height, width = (max(1, (side - 1) % _BLOCK) for side in pixels.shape[:2])
    return pixels[-height:, -width:]


def _is_grey(corner: np.ndarray, frame: JpegFrame) -> bool:
    """Whether it may be of missing data: of CMYK, whatever is the same everywhere."""
    if len(frame.components) == 3 and min(corner.shape[:2]) == 1:
        return bool(np.all(np.abs(corner @ _LUMA - _GREY) < 2))  # mixed colours, perhaps
    first = corner[0, 0]
    is_usual = len(frame.components) > 3 or bool(np.all(first == _GREY))
    return is_usual and bool(np.all(corner == first))


def _decode_with_more(data: JpegData, end: int, width: int, flags: int) -> Optional[np.ndarray]:
    """The picture with other data behind its own, and without an end, so that nothing is printed
    of data that is superfluous; None where still more is missing."""
    more = _OTHER_DATA * (width * _BYTES_OF_A_PIXEL // len(_OTHER_DATA) + 1)
    try:
        # Behind a last 0xFF, with which a marker may begin, other data would be another marker.
        own = bytes(data[:end]).rstrip(b"\xff")
        return cv2.imdecode(np.frombuffer(own + more, np.uint8), flags)
    except cv2.error:
        return None
