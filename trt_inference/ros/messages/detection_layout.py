"""Where the values of detections lie in a serialised ``Detection2DArray``.

Nothing of the format is known here: it is learnt from messages that the type support serialises.
Each detection begins with the stamp of its header. A stamp that cannot occur in a text (0xFE and
0xFF are in no UTF-8) therefore cuts a message into its parts:

    encapsulation | frame_id, number | detection | detection | ...

and what a detection is after its stamp is cut once more, at the score: before it is text, whose
length differs, and from there on a *block* of constant size.
"""

import struct
from typing import Any, Callable, List, Mapping, NamedTuple, Sequence, Tuple

import numpy as np

from trt_inference.inference.detections import Detections
from trt_inference.ros.messages.headers import ImageHeader, Stamp

# Detections, header and class texts -> a serialised message.
Serialize = Callable[[Detections, ImageHeader, Mapping[int, str]], bytes]

# As this machine has them: a message in the other byte order has no such stamps.
STAMP = struct.Struct("=iI")
NUMBER = struct.Struct("=I")
_DOUBLE = struct.Struct("=d")
SEPARATOR = Stamp(-2, 0xFFFFFFFF)
# Values that can be told from each other and from those that a new message has.
_CORNERS, _SCORE = (1.5, 2.25, 8.25, 11.5), 0.6875
_CENTRE, _SIZE = (4.875, 6.875), (6.75, 9.25)


class LayoutError(Exception):
    """Detections do not lie in messages as the writer of bytes needs it."""


class MessageParts(NamedTuple):
    """What a serialised message is cut into by the stamps in it.

    Attributes:
        start: before the header's stamp.
        frame_id: from there to the number of detections.
        detections: what each is after its stamp, or only the text of it, before its score.
    """

    start: bytes
    frame_id: bytes
    detections: Sequence[bytes]


class DetectionLayout(NamedTuple):
    """What a block consists of.

    Attributes:
        values: score, bytes, centre x and y, bytes, width and height.
        between: these bytes, and those behind, which are the same in all blocks.
        last_gap: how many of those behind are at the end of a message: they align no next one.
    """

    values: struct.Struct
    between: Tuple[bytes, bytes, bytes]
    last_gap: int

    @property
    def block_size(self) -> int:
        """In bytes, of all but the last one of a message."""
        return self.values.size + len(self.between[2])


def cut_message(
    serialize: Serialize, found: Detections, frame_id: str, texts: Mapping[int, str]
) -> MessageParts:
    """The parts of the message of some detections.

    Raises:
        LayoutError: it cannot be cut.
        UnicodeError: a text cannot be sent.
    """
    message = serialize(found, ImageHeader(SEPARATOR, frame_id), texts)
    parts = message.split(STAMP.pack(*SEPARATOR))
    if len(parts) != len(found) + 2 or not parts[1].endswith(NUMBER.pack(len(found))):
        raise LayoutError(f"{len(found)} detections make a message of {len(parts)} parts")
    return MessageParts(parts[0], parts[1][: -NUMBER.size], parts[2:])


def learn_layout(serialize: Serialize) -> DetectionLayout:
    """The layout of the messages that ``serialize`` makes. It is only what one message shows:
    ``prove_layout`` shows whether it holds for others.

    Raises:
        LayoutError: something is not found, or not where it can be written.
    """
    corners = np.array([_CORNERS] * 2, np.float32)
    found = Detections(corners, np.full(2, _SCORE, np.float32), np.zeros(2, np.int32))
    one, last = cut_message(serialize, found, "frame", {0: "text"}).detections
    text, block = _cut(one, _SCORE)
    after_score, block = _cut(block, *_CENTRE)
    after_centre, after_size = _cut(block, *_SIZE)
    gaps = (after_score, after_centre, after_size)
    values = struct.Struct(f"=d{len(after_score)}s2d{len(after_centre)}s2d")
    return DetectionLayout(values, gaps, len(last) - len(text) - values.size)


def _cut(part: bytes, *values: float) -> List[bytes]:
    """What is before and after values that lie one after the other."""
    pieces = part.split(b"".join(map(_DOUBLE.pack, values)))
    if len(pieces) != 2:
        raise LayoutError(f"{values} cannot be found in a message")
    return pieces


def prove_layout(write: Serialize, serialize: Serialize, read: Callable[[bytes], Any]) -> None:
    """Compare what is written with what the type support makes of the same detections: of no box,
    one and several, and of none again, when the texts are those of another message; with texts of
    all lengths that alignment may tell apart.

    Args:
        read: a serialised message -> what can be compared; bytes that only align may differ.

    Raises:
        LayoutError: a message differs.
    """
    texts = dict(enumerate([*("x" * length for length in range(8)), "\u00e9\u4e2d\U0001f600"]))
    for frame_id in texts.values():
        for numbers in ([], [3], [*texts], *([first, first * 3 % 8] for first in texts), []):
            header = ImageHeader(Stamp(-5, len(numbers)), frame_id)
            found = _made_up(numbers)
            written, right = write(found, header, texts), serialize(found, header, texts)
            if len(written) != len(right) or read(written) != read(right):
                raise LayoutError(f"{len(numbers)} detections of '{frame_id}' are not the same")


def _made_up(class_ids: List[int]) -> Detections:
    """Detections whose values all differ."""
    values = np.arange(5 * len(class_ids), dtype=np.float32).reshape(5, -1) / 7 - 1
    return Detections(values[:4].T, values[4], np.array(class_ids, np.int32))
