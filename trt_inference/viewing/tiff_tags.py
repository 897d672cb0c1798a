"""The numbers in the first directory of a TIFF file, which EXIF is too (TIFF 6.0, BigTIFF)."""

import struct
from typing import Dict, NamedTuple

_FORMATS = {1: "B", 3: "H", 4: "I", 16: "Q"}  # of values, by the type in the tag
_MOST_TAGS = 1000


class _Layout(NamedTuple):
    """How offsets and the number of tags are written, where the first offset stands, and in bytes
    from the start of a tag, its value and the next tag."""

    offset_format: str
    count_format: str
    first_at: int
    value_at: int
    tag_size: int


_LAYOUTS = {42: _Layout("I", "H", 4, 8, 12), 43: _Layout("Q", "Q", 8, 12, 20)}  # by version


def read_tags(tiff: bytes) -> Dict[int, int]:
    """The first value of each tag that is a whole number; nothing where it is no TIFF.

    Raises:
        struct.error: it is cut.
    """
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return {}
    layout = _LAYOUTS.get(struct.unpack_from(f"{order}H", tiff, 2)[0])
    if layout is None:
        return {}
    (start,) = struct.unpack_from(order + layout.offset_format, tiff, layout.first_at)
    (count,) = struct.unpack_from(order + layout.count_format, tiff, start)
    first = start + struct.calcsize(order + layout.count_format)
    tags = {}
    for number in range(min(count, _MOST_TAGS)):
        at = first + number * layout.tag_size
        tag, kind = struct.unpack_from(f"{order}HH", tiff, at)
        if kind in _FORMATS:
            (tags[tag],) = struct.unpack_from(order + _FORMATS[kind], tiff, at + layout.value_at)
    return tags
