"""The records of an MCAP file one after the other, damaged ones left out.

Format: https://mcap.dev/spec. A record is an opcode (one byte), the length of its content (eight
bytes) and the content. Files of recorders that were killed end anywhere. Where a length or an
opcode is damaged, it is not known where the next record begins: the next one is
looked for that others follow as they should.
"""

import re
import struct
from typing import BinaryIO, Iterator, NamedTuple

from mcap.opcode import Opcode

MAGIC = b"\x89MCAP0\r\n"
RECORD_HEAD = struct.Struct("<BQ")
MESSAGE_HEAD = struct.Struct("<HIQQ")  # channel, sequence, time of recording, time of publishing
CHUNK_HEAD = struct.Struct("<QQQI")  # first and last time, uncompressed size, crc; strings follow

# Bytes of the content of records, at least.
SHORTEST = {
    Opcode.SCHEMA: 14,
    Opcode.CHANNEL: 16,
    Opcode.MESSAGE: MESSAGE_HEAD.size,
    Opcode.CHUNK: 40,
    Opcode.MESSAGE_INDEX: 6,
    Opcode.DATA_END: 4,
    Opcode.FOOTER: 20,
}
_LAST_OPCODE = 0x0F
_PRIVATE = 0x80  # from here on opcodes belong to whoever writes them
_COMPRESSIONS = (b"", b"zstd", b"lz4")

# The beginning of a schema, channel, message or chunk of less than 1 TiB, and how many records have
# to follow.
_CANDIDATE = re.compile(rb"[\x03-\x06](?=[\s\S]{5}\x00\x00\x00)")
_CHAIN = 3
_WINDOW = 2**20  # bytes that are searched at once
_MOST_CANDIDATES = 2**20  # that are looked at in one file


class FoundRecord(NamedTuple):
    """
    Attributes:
        opcode: which kind, of ``Opcode``.
        offset: of its content in the file.
        length: of its content, as far as the file goes.
        is_cut: whether the file ends before the content.
    """

    opcode: int
    offset: int
    length: int
    is_cut: bool = False

    @property
    def end(self) -> int:
        return self.offset + self.length


class Unreadable(NamedTuple):
    """Bytes of the file that are no records; none where it is the record before whose length is
    damaged."""

    offset: int
    length: int


class RecordsOfMcap:
    """Iterates over a file from behind its magic to its end or its footer.

    Attributes:
        is_complete: whether the last record was the footer; set when all are read.
    """

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self._size = size
        self._candidates = _MOST_CANDIDATES
        self.is_complete = False

    def __iter__(self) -> Iterator[FoundRecord | Unreadable]:
        position = search_from = len(MAGIC)
        while position < self._size:
            record = self._record_at(position)
            if record is None:
                last = self._cut_chunk(position)
                found = None if last else self._find_from(search_from)
                if found is None:
                    yield last or Unreadable(position, self._size - position)
                    return
                yield Unreadable(position, max(0, found - position))
                position = search_from = found
                continue
            yield record
            if record.opcode == Opcode.FOOTER:
                self.is_complete = True
                return
            position = record.end
            # The length of a chunk is checked. That of another may be what is damaged, and may
            # cover records.
            search_from = position + 1 if record.opcode == Opcode.CHUNK else record.offset

    def _read(self, offset: int, length: int) -> bytes:
        self._stream.seek(offset)
        return self._stream.read(length)

    def _record_at(self, position: int) -> FoundRecord | None:
        """The record there, where it can be one and the file has all of it."""
        head = self._read(position, RECORD_HEAD.size)
        if len(head) < RECORD_HEAD.size:
            return None
        opcode, length = RECORD_HEAD.unpack(head)
        offset = position + RECORD_HEAD.size
        is_known = 1 <= opcode <= _LAST_OPCODE or opcode >= _PRIVATE
        if not is_known or not SHORTEST.get(opcode, 0) <= length <= self._size - offset:
            return None
        if opcode == Opcode.CHUNK and self._length_of_chunk(offset) != length:
            return None
        if opcode == Opcode.FOOTER and not self._is_footer(offset, length):
            return None
        return FoundRecord(opcode, offset, length)

    def _is_footer(self, offset: int, length: int) -> bool:
        """Whether the file ends as it should behind it."""
        end = offset + length
        return end + len(MAGIC) == self._size and self._read(end, len(MAGIC)) == MAGIC

    def _length_of_chunk(self, offset: int) -> int | None:
        """As its own fields tell; None where they are not those of a chunk."""
        fields = self._read(offset, 44)
        if len(fields) < 40:
            return None
        (name_length,) = struct.unpack_from("<I", fields, 28)
        name = fields[32 : 32 + name_length]
        if name_length > 4 or name not in _COMPRESSIONS:
            return None
        (data_length,) = struct.unpack("<Q", self._read(offset + 32 + name_length, 8))
        return int(40 + name_length + data_length)

    def _cut_chunk(self, position: int) -> FoundRecord | None:
        """The chunk in the middle of which the file ends."""
        head = self._read(position, RECORD_HEAD.size)
        if len(head) < RECORD_HEAD.size:
            return None
        opcode, length = RECORD_HEAD.unpack(head)
        offset = position + RECORD_HEAD.size
        left = self._size - offset
        if length <= left or left < 44 or opcode != Opcode.CHUNK:
            return None
        is_chunk = self._length_of_chunk(offset) == length
        return FoundRecord(opcode, offset, left, is_cut=True) if is_chunk else None

    def _find_from(self, position: int) -> int | None:
        """Where the next record begins that others follow as they should."""
        while position < self._size:
            window = self._read(position, _WINDOW + RECORD_HEAD.size - 1)
            for found in _CANDIDATE.finditer(window, 0):
                self._candidates -= 1
                if self._candidates < 0:
                    return None
                if self._begins_chain(position + found.start()):
                    return position + found.start()
            position += _WINDOW
        return None

    def _begins_chain(self, position: int) -> bool:
        for _ in range(_CHAIN):
            record = self._record_at(position)
            if record is None:
                return False
            position = record.end
            if record.opcode == Opcode.FOOTER or position == self._size:
                return True
        return True
