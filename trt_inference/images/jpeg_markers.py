"""The markers of a jpeg, from the first to the last (ITU-T T.81, annex B)."""

import itertools
import re
import struct
from typing import Iterator, NamedTuple, Tuple, Union

from trt_inference.errors import ImageError

JPEG_START = b"\xff\xd8\xff"
# SOI, EOI, SOS and DRI: start and end of a picture, a scan, and the interval between its restarts.
PICTURE, END, SCAN, INTERVAL = 0xD8, 0xD9, 0xDA, 0xDD
_STANDS_ALONE = (PICTURE, END, 0x01)  # no length follows
# Markers of a frame are 0xC0 to 0xCF, but these, which are tables.
_NOT_A_FRAME = (0xC4, 0xC8, 0xCC)
_PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)
_ARITHMETIC = 0xC9  # from here on
# How many there may be before the size is known.
_MOST_MARKERS = 200
# The pixels have 0xFF 0x00 for the value 0xFF, and marks to start again at; 0xFF before a marker
# fills up.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")

JpegData = Union[bytes, memoryview]


class JpegFrame(NamedTuple):
    """What a jpeg declares before its pixels.

    Attributes:
        width, height: in pixels.
        components: numbers of the colours; their planes may be smaller than the picture.
        block: width and height of the smallest piece that has all of them, in pixels.
        is_progressive: each scan adds something to the whole picture.
        is_arithmetic: bits are not coded by Huffman's codes.
    """

    width: int
    height: int
    components: Tuple[int, ...]
    block: Tuple[int, int]
    is_progressive: bool
    is_arithmetic: bool


def read_jpeg_frame(data: JpegData) -> JpegFrame:
    """What the first marker says that begins a frame.

    Raises:
        ImageError: there is none before the pixels; what follows the picture's name in a sentence.
    """
    try:
        for marker, position in itertools.islice(jpeg_markers(data), _MOST_MARKERS):
            if marker in (PICTURE, SCAN, END):
                break
            if 0xC0 <= marker <= 0xCF and marker not in _NOT_A_FRAME:
                return _frame(data, marker, position)
    except struct.error as error:
        raise ImageError("is cut: it has no size", "damaged") from error
    raise ImageError("is damaged: it has no size", "damaged")


def jpeg_markers(data: JpegData) -> Iterator[Tuple[int, int]]:
    """Each marker behind the first, and where it stands, but those within pixels;
    ``struct.error`` where the data ends in a length.

    What stands between two markers is passed over, as decoders do."""
    found = _NEXT_MARKER.search(data, 2)
    while found is not None:
        marker, position = found.group()[1], found.start()
        yield marker, position
        length = 0
        if marker not in _STANDS_ALONE:
            (length,) = struct.unpack_from(">H", data, position + 2)
        found = _NEXT_MARKER.search(data, position + 2 + length)


def _frame(data: JpegData, marker: int, position: int) -> JpegFrame:
    """As table B.2 has it: for each component its number, how many blocks of 8x8 pixels it has
    across and down in the smallest piece, four bits each, and which quantisation."""
    height, width, count = struct.unpack_from(">HHB", data, position + 5)
    table = struct.unpack_from(f">{3 * count}B", data, position + 10)
    factors = table[1::3] if count > 1 else (0x11,)  # one alone is not divided
    across, down = max(1, *(one >> 4 for one in factors)), max(1, *(one & 15 for one in factors))
    block = 8 * across, 8 * down
    is_progressive, is_arithmetic = marker in _PROGRESSIVE, marker >= _ARITHMETIC
    return JpegFrame(width, height, table[::3], block, is_progressive, is_arithmetic)
