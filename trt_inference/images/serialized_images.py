"""The fields of a serialised image message, read where they lie: nothing of its data is copied.

CDR as ROS 2 uses it (OMG DDSI-RTPS 2.5, 10): four bytes that tell the order of bytes, then the
fields, each number at a multiple of its size. What is tolerated is what rclpy tolerates: texts end
at their first NUL, or without one, what is no UTF-8 in them is replaced, and bytes after the last
field mean nothing.
"""

import struct
from typing import NamedTuple, Tuple, Union

from trt_inference.errors import ImageError
from trt_inference.images.image_reader import CompressedImage, RawImage

AnyBytes = Union[bytes, memoryview]
_START = 4  # bytes that tell the order
_CUT = (struct.error, IndexError)  # what reading beyond the end raises


class HeaderFields(NamedTuple):
    """Those of std_msgs/Header; the stamp is in seconds and nanoseconds."""

    sec: int
    nanosec: int
    frame_id: str


class _Order:
    """How numbers are read, of one order of bytes; the last of each is the length of a text or of
    data."""

    def __init__(self, sign: str) -> None:
        self.header = struct.Struct(sign + "iII").unpack_from
        self.size = struct.Struct(sign + "III").unpack_from
        self.step = struct.Struct(sign + "II").unpack_from
        self.length = struct.Struct(sign + "I").unpack_from


_ORDERS = {b"\x00\x00": _Order(">"), b"\x00\x01": _Order("<")}


def read_header_fields(message: AnyBytes) -> HeaderFields:
    """The header of a message that begins with one.

    Raises:
        ImageError: the message is damaged; ``kind`` is ``damaged message``, as of the others here.
    """
    try:
        return _read_header(memoryview(message))[1]
    except _CUT as error:
        raise _cut(message) from error


def read_raw_fields(message: AnyBytes) -> Tuple[HeaderFields, RawImage]:
    """A sensor_msgs/Image; its data are a view of the message.

    Raises:
        ImageError: the message is damaged.
    """
    view = memoryview(message)
    try:
        order, header, end = _read_header(view)
        height, width, length = order.size(view, _aligned(end))
        encoding, end = _text(view, _aligned(end) + 12, length)
        is_bigendian = view[end]
        step, length = order.step(view, _aligned(end + 1))
        data = _octets(view, _aligned(end + 1) + 8, length)
    except _CUT as error:
        raise _cut(view) from error
    return header, RawImage(width, height, encoding, step, data, is_bigendian)


def read_compressed_fields(message: AnyBytes) -> Tuple[HeaderFields, CompressedImage]:
    """A sensor_msgs/CompressedImage; its data are a view of the message.

    Raises:
        ImageError: the message is damaged.
    """
    view = memoryview(message)
    try:
        order, header, end = _read_header(view)
        (length,) = order.length(view, _aligned(end))
        format, end = _text(view, _aligned(end) + 4, length)
        (length,) = order.length(view, _aligned(end))
        data = _octets(view, _aligned(end) + 4, length)
    except _CUT as error:
        raise _cut(view) from error
    return header, CompressedImage(format, data)


def _read_header(view: memoryview) -> Tuple[_Order, HeaderFields, int]:
    """With where it ends."""
    order = _ORDERS.get(bytes(view[:2]))
    if order is None:
        raise _damaged(f"it begins with {bytes(view[:_START]).hex() or 'nothing'}")
    sec, nanosec, length = order.header(view, _START)
    frame_id, end = _text(view, _START + 12, length)
    return order, HeaderFields(sec, nanosec, frame_id), end


def _aligned(position: int) -> int:
    """Where a number of four bytes is that follows a field which ends at ``position``."""
    return position + -position % 4


def _text(view: memoryview, start: int, length: int) -> Tuple[str, int]:
    """With where it ends."""
    text = bytes(_octets(view, start, length)).partition(b"\0")[0]
    return text.decode("utf-8", "replace"), start + length


def _octets(view: memoryview, start: int, length: int) -> memoryview:
    if start + length > len(view):
        raise _damaged(f"a field of {length} bytes begins at byte {start} of {len(view)}")
    return view[start : start + length]


def _cut(message: AnyBytes) -> ImageError:
    return _damaged(f"it ends after {len(message)} bytes, within a field")


def _damaged(reason: str) -> ImageError:
    return ImageError(f"is damaged: {reason}", kind="damaged message")
