"""The fields of a serialised message one after the other, without copying large ones.

CDR as ROS 2 uses it (OMG DDSI-RTPS 2.5, 10): four bytes that tell the order of bytes, then the
fields, each number at a multiple of its size.
"""

import struct

from trt_inference.errors import ImageError

_ORDERS = {b"\x00\x00": ">", b"\x00\x01": "<"}
_PADDING = 3  # bytes that a middleware may add at the end


class CdrFields:
    """
    Raises:
        ImageError: the message has not the fields that it is asked for; its kind is ``damaged
            message``.
    """

    def __init__(self, message: bytes | memoryview) -> None:
        order = _ORDERS.get(bytes(message[:2]))
        if order is None or len(message) < 4:
            raise _damaged(f"it begins with {bytes(message[:4]).hex(' ') or 'nothing'}")
        self._order = order
        self._data = memoryview(message)[4:]
        self._position = 0

    def _take(self, size: int) -> memoryview:
        end = self._position + size
        if end > len(self._data):
            raise _damaged(
                f"a field of {size} bytes begins at byte {self._position} of {len(self._data)}"
            )
        found = self._data[self._position : end]
        self._position = end
        return found

    def _number(self, code: str) -> int:
        """Of four bytes, by its code in ``struct``."""
        self._position += -self._position % 4
        return int(struct.unpack(self._order + code, self._take(4))[0])

    def uint8(self) -> int:
        return self._take(1)[0]

    def uint32(self) -> int:
        return self._number("I")

    def int32(self) -> int:
        return self._number("i")

    def text(self) -> str:
        """A string; bytes that are no UTF-8 are replaced."""
        return bytes(self._take(self.uint32())[:-1]).decode("utf-8", "replace")

    def octets(self) -> memoryview:
        """A sequence of bytes, as a view of the message."""
        return self._take(self.uint32())

    def end(self) -> None:
        """After the last field: check that no more follows."""
        left = len(self._data) - self._position
        if left > _PADDING:
            raise _damaged(f"{left} bytes follow its last field")


def _damaged(reason: str) -> ImageError:
    return ImageError(f"is damaged: {reason}", kind="damaged message")
