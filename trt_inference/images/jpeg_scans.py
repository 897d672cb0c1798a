"""The scans of a jpeg, which have its pixels, and whether all of them are there.

A jpeg that is cut has no end. One that was closed after it was cut, as a camera does whose buffer
is too small, has one, but lacks scans, or data in the last one: the latter is not seen here.
"""

import re
import struct
from typing import Dict, Iterator, List, NamedTuple, Sequence, Tuple

from trt_inference.errors import ImageError
from trt_inference.images.jpeg_markers import (
    END,
    INTERVAL,
    PICTURE,
    SCAN,
    JpegData,
    JpegFrame,
    jpeg_markers,
)

# A decoder goes over the whole picture for each scan, however small. Encoders write about ten.
_MOST_SCANS = 100
_COEFFICIENTS = 64  # of a block of pixels
_MISSING = 0xFF  # instead of the lowest bit that is there
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")


class Scan(NamedTuple):
    """A part of the picture's data.

    Attributes:
        start: where its marker stands.
        end: where the next one stands.
        interval: blocks between two restarts; 0: there are none.
    """

    start: int
    end: int
    interval: int


def find_scans(data: JpegData, frame: JpegFrame) -> List[Scan]:
    """All scans of the first picture in ``data``. What stands behind its end, as phones add videos
    and further pictures and cameras fill up, does not matter.

    Raises:
        ImageError: it has no end, not all scans before it, or too many; what follows the
            picture's name in a sentence.
    """
    scans = []
    try:
        for scan in _scans(data):
            scans.append(scan)
            if len(scans) > _MOST_SCANS:
                raise ImageError(f"has too many scans: {_MOST_SCANS} are the most", "damaged")
    except struct.error as error:
        raise ImageError("is cut: its end is missing", "damaged") from error
    if not _has_all(data, frame, scans):
        raise ImageError("is cut: some of its scans are missing", "damaged")
    if not _has_all_restarts(data, frame, scans):
        raise ImageError("is cut: some of its pixels are missing", "damaged")
    return scans


def _scans(data: JpegData) -> Iterator[Scan]:
    """Up to the end; ``struct.error`` where there is none, or another picture comes first."""
    start, interval = -1, 0
    for marker, position in jpeg_markers(data):
        if start >= 0:
            yield Scan(start, position, interval)
        start = position if marker == SCAN else -1
        if marker == INTERVAL:
            (interval,) = struct.unpack_from(">H", data, position + 4)
        if marker == END:
            return
        if marker == PICTURE:
            break
    raise struct.error("no end")


def _has_all(data: JpegData, frame: JpegFrame, scans: Sequence[Scan]) -> bool:
    """Whether there are all components, and of a progressive jpeg all bits of all coefficients."""
    lowest_bits: Dict[int, bytearray] = {}
    for scan in scans:
        components, first, last, lowest = _scan_header(data, scan)
        if not frame.is_progressive:
            first, last, lowest = 0, _COEFFICIENTS - 1, 0
        for component in components:
            bits = lowest_bits.setdefault(component, bytearray([_MISSING] * _COEFFICIENTS))
            bits[first : last + 1] = bytes([lowest]) * (last + 1 - first)
    return all(
        component in lowest_bits and not any(lowest_bits[component])
        for component in frame.components
    )


def _has_all_restarts(data: JpegData, frame: JpegFrame, scans: Sequence[Scan]) -> bool:
    """Whether a picture of one scan has as many as its size asks for; True for others."""
    if len(scans) != 1 or frame.is_progressive or not scans[0].interval:
        return True
    across, down = frame.block
    blocks = -(-frame.width // across) * -(-frame.height // down)
    found = len(_RESTART.findall(data, scans[0].start, scans[0].end))
    return found >= (blocks - 1) // scans[0].interval


def _scan_header(data: JpegData, scan: Scan) -> Tuple[Sequence[int], int, int, int]:
    """Components, first and last coefficient, and the lowest of their bits (table B.3)."""
    content = bytes(data[scan.start + 4 : scan.end])
    count = content[0] if content else 0
    if len(content) < 1 + 2 * count + 3:
        return (), 0, -1, 0
    first, last, bits = content[1 + 2 * count : 4 + 2 * count]
    return content[1 : 1 + 2 * count : 2], first, min(last, _COEFFICIENTS - 1), bits & 0x0F
