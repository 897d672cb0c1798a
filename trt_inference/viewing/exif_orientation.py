"""The orientation in a picture's EXIF, for png and webp: older versions of OpenCV turn jpegs only.

EXIF is a TIFF file of its own (CIPA DC-008, 4.6), and the orientation is a tag of it.
"""

import struct
from typing import Callable, Dict

import numpy as np

from trt_inference.images.picture_checks import PNG_START
from trt_inference.viewing.tiff_tags import read_tags

_ORIENTATION = 0x0112
_RIFF = b"RIFF"

# What makes a picture upright, by the value of the tag; 1 is upright.
_UPRIGHT: Dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.swapaxes(0, 1),
    6: lambda image: image.swapaxes(0, 1)[:, ::-1],
    7: lambda image: image.swapaxes(0, 1)[::-1, ::-1],
    8: lambda image: image.swapaxes(0, 1)[::-1],
}


def turn_upright(image: np.ndarray, content: bytes) -> np.ndarray:
    """``image`` (``[h, w, 3]``) as people see the png or webp ``content`` that it was decoded
    from; where that states no orientation, and for other formats, ``image`` itself."""
    try:
        turn = _UPRIGHT.get(_orientation(_exif(content)))
    except struct.error:  # as in EXIF that is cut: viewers show such a picture as it is
        turn = None
    return image if turn is None else np.ascontiguousarray(turn(image))


def _exif(content: bytes) -> bytes:
    """The chunk with the EXIF; empty where there is none."""
    if content.startswith(PNG_START):
        return _chunk(content, b"eXIf", start=8, header=">I4s", length_first=True)
    if content.startswith(_RIFF) and content[8:12] == b"WEBP":
        return _chunk(content, b"EXIF", start=12, header="<4sI", length_first=False)
    return b""


def _chunk(content: bytes, name: bytes, start: int, header: str, length_first: bool) -> bytes:
    position = start
    while position + 8 <= len(content):
        fields = struct.unpack_from(header, content, position)
        length, found = fields if length_first else fields[::-1]
        if found == name:
            return content[position + 8 : position + 8 + length]
        # A chunk of a png ends with a checksum, one of a webp at an even place.
        position += 8 + (length + 4 if length_first else length + length % 2)
    return b""


def _orientation(exif: bytes) -> int:
    tags = read_tags(exif[6:] if exif.startswith(b"Exif\0\0") else exif)
    return tags.get(_ORIENTATION, 1)
