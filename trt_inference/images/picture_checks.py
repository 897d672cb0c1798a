"""What is known of a jpeg or png before it is decoded: how large it is, and whether it has an end.

A small file can claim a picture that no memory takes, and decoders show something of a cut one.
The errors have what follows the picture's name in a sentence.
"""

import struct
from typing import List, NamedTuple, Tuple

from trt_inference.errors import ImageError
from trt_inference.images.jpeg_markers import JpegData, JpegFrame, read_jpeg_frame
from trt_inference.images.jpeg_scans import Scan, find_scans

PNG_START = b"\x89PNG\r\n\x1a\n"

# A block of 8x8 pixels of the finest plane takes at least one bit, in the first of its scans.
_PIXELS_OF_A_JPEG_BYTE = 8 * 8 * 8
# deflate makes at most 1032 bytes of one, and a byte has at most 8 pixels.
_PIXELS_OF_A_PNG_BYTE = 1032 * 8


class Jpeg(NamedTuple):
    """The parts of a jpeg that has all of them."""

    frame: JpegFrame
    scans: List[Scan]


def check_jpeg(data: JpegData, most: int) -> Jpeg:
    """Look at all but the pixels of a jpeg. What stands behind its end does not matter.

    Args:
        most: pixels that it may have.

    Raises:
        ImageError: it is too large, cut or damaged.
    """
    frame = read_jpeg_frame(data)
    if not frame.is_arithmetic:  # nothing is the least that a block takes there
        most = min(most, len(data) * _PIXELS_OF_A_JPEG_BYTE)
    check_pixels(frame.width, frame.height, most)
    return Jpeg(frame, find_scans(data, frame))


def check_png(data: JpegData, most: int) -> None:
    """As ``check_jpeg``, for a png."""
    most = min(most, len(data) * _PIXELS_OF_A_PNG_BYTE)
    check_pixels(*read_png_size(data), most)
    if not _has_end(data):
        raise ImageError("is cut: its end is missing", "damaged")


def read_png_size(data: JpegData) -> Tuple[int, int]:
    """Width and height.

    Raises:
        ImageError: the data ends before them.
    """
    try:
        width, height = struct.unpack_from(">II", data, 16)
    except struct.error as error:
        raise ImageError("is cut: it has no size", "damaged") from error
    return width, height


def check_pixels(width: int, height: int, most: int) -> None:
    """
    Args:
        most: pixels that a picture may have.

    Raises:
        ImageError: this one claims more.
    """
    if width * height > most:
        raise ImageError(
            f"claims to have {width}x{height} pixels: {most} are the most", "too many pixels"
        )


def _has_end(data: JpegData) -> bool:
    """Whether a png has its last chunk; each begins with its length, and ends with a checksum."""
    position, name = len(PNG_START), b""
    while name != b"IEND" and position + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        position += 12 + length
    return name == b"IEND" and position <= len(data)
