"""The size that a BMP, GIF, TIFF or WebP claims to have, before it is decoded."""

import struct
from typing import Tuple

from trt_inference.viewing.tiff_tags import read_tags

_WIDTH, _HEIGHT = 0x0100, 0x0101  # tags of a TIFF
_OLD_HEADER = 12  # bytes, of a BMP of OS/2


def stated_size(content: bytes) -> Tuple[int, int]:
    """Width and height; zeros where the file is too short, or of another kind, or a WebP without
    the extended header, whose sides are less than 16384."""
    try:
        if content.startswith(b"BM"):
            return _size_of_bmp(content)
        if content.startswith(b"GIF8"):
            return struct.unpack_from("<HH", content, 6)
        if content[:4] == b"RIFF" and content[8:16] == b"WEBPVP8X":
            wide, high = content[24:27], content[27:30]
            return 1 + int.from_bytes(wide, "little"), 1 + int.from_bytes(high, "little")
        tags = read_tags(content)
    except struct.error:
        return 0, 0
    return tags.get(_WIDTH, 0), tags.get(_HEIGHT, 0)


def _size_of_bmp(content: bytes) -> Tuple[int, int]:
    """The height is negative where the rows begin at the top."""
    (header,) = struct.unpack_from("<I", content, 14)
    width, height = struct.unpack_from("<HH" if header == _OLD_HEADER else "<ii", content, 18)
    return abs(width), abs(height)
