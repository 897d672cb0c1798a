"""The parts of a jpeg: its size, and whether it is whole (ITU-T T.81, annex B).

A decoder shows grey where data is missing and says nothing, and the two bytes of the end may stand
in a preview that the file has, too. So the markers are followed from the first to the last.
"""

import itertools
import re
import struct
from typing import Iterator, Tuple, Union

from trt_inference.errors import ImageError

_Data = Union[bytes, memoryview]

_SCAN, _END = 0xDA, 0xD9
# Markers of a frame are 0xC0 to 0xCF, but these, which are tables.
_NOT_A_FRAME = (0xC4, 0xC8, 0xCC)
# How many there may be before the size is known.
_MOST_MARKERS = 200
# The pixels have 0xFF 0x00 for the value 0xFF, and marks to start again at; 0xFF before a marker
# fills up.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def jpeg_size(data: _Data) -> Tuple[int, int]:
    """Width and height, from the first marker that begins a frame.

    Raises:
        ImageError: there is none before the pixels.
        struct.error: the data ends before it.
    """
    for marker, position in itertools.islice(_markers(data), _MOST_MARKERS):
        if marker in (_SCAN, _END):
            break
        if 0xC0 <= marker <= 0xCF and marker not in _NOT_A_FRAME:
            height, width = struct.unpack_from(">HH", data, position + 5)
            return width, height
    raise ImageError(f"jpeg of {len(data)} bytes is damaged: it has no size", "damaged")


def is_whole_jpeg(data: _Data) -> bool:
    """Whether the first picture in ``data`` has its end. What stands behind it, as phones add
    videos and further pictures, does not matter."""
    try:
        return any(marker == _END for marker, _ in _markers(data))
    except struct.error:
        return False


def _markers(data: _Data) -> Iterator[Tuple[int, int]]:
    """Each marker and where it stands; ``struct.error`` where the data ends in a length.

    What stands between two markers is passed over, as decoders do."""
    found = _NEXT_MARKER.search(data, 2)
    while found is not None:
        position = found.start()
        yield found.group()[1], position
        (length,) = struct.unpack_from(">H", data, position + 2)
        found = _NEXT_MARKER.search(data, position + 2 + length)
