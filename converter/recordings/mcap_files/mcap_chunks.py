"""A chunk of an MCAP file, or a run of messages between chunks → the records in it."""

import struct
import zlib
from contextlib import suppress
from typing import BinaryIO, Iterator, NamedTuple

from mcap.opcode import Opcode

from converter.recordings.mcap_files.mcap_records import (
    CHUNK_HEAD,
    MESSAGE_HEAD,
    RECORD_HEAD,
    SHORTEST,
)
from converter.recordings.storage.bounded_zstd import (
    DecompressionError,
    unlz4,
    unzstd,
    unzstd_beginning,
)
from converter.recordings.storage.storage_file import LARGEST_PART


class McapPiece(NamedTuple):
    """A part of the file that is read at once.

    Attributes:
        start, end: first and last time of recording in it, in nanoseconds, as far as is known.
        offset, length: of a chunk's content, or of a run of whole records.
        size: of the records in it, uncompressed, as the chunk tells.
        is_chunk: which of the two.
        is_cut: whether the file ends within the chunk.
        counts: messages of each channel; None where that is not known.
    """

    start: int
    end: int
    offset: int
    length: int
    size: int
    is_chunk: bool
    is_cut: bool = False
    counts: tuple[tuple[int, int], ...] | None = None

    @property
    def messages(self) -> int | None:
        """How many there are in it, where that is known."""
        return None if self.counts is None else sum(count for _, count in self.counts)


class McapMessage(NamedTuple):
    channel: int
    log_time: int
    data: memoryview


class OtherRecord(NamedTuple):
    opcode: int
    content: memoryview


class PieceError(Exception):
    """The rest of a piece cannot be read."""


def read_piece(stream: BinaryIO, piece: McapPiece) -> Iterator[McapMessage | OtherRecord]:
    """The records of a piece in the order of the file, without copies.

    Raises:
        PieceError: what comes next is damaged.
    """
    if piece.length > LARGEST_PART:
        raise PieceError(f"{piece.length} bytes, of which {LARGEST_PART} are read at most")
    try:
        stream.seek(piece.offset)
        content = memoryview(stream.read(piece.length))
    except (OSError, MemoryError) as error:
        raise PieceError(str(error)) from error
    if len(content) < piece.length:
        raise PieceError("the file has become shorter")
    if piece.is_cut:
        yield from _whole_ones(content)
    elif piece.is_chunk:
        yield from records_within(_uncompressed(content))
    else:
        yield from records_within(content)


def _whole_ones(content: memoryview) -> Iterator[McapMessage | OtherRecord]:
    """The records of a chunk that is cut, up to the cut."""
    with suppress(PieceError):
        yield from records_within(_uncompressed(content, is_cut=True))


def records_within(content: memoryview) -> Iterator[McapMessage | OtherRecord]:
    """
    Raises:
        PieceError: a record is longer than what is left, or too short, or is none.
    """
    position, end = 0, len(content)
    while position + RECORD_HEAD.size <= end:
        opcode, length = RECORD_HEAD.unpack_from(content, position)
        position += RECORD_HEAD.size
        if length > end - position:
            raise PieceError(f"a record of {length} bytes where {end - position} are left")
        if not opcode or length < SHORTEST.get(opcode, 0):
            raise PieceError(f"a record of kind {opcode} and {length} bytes")
        if opcode == Opcode.MESSAGE:
            channel, _, log_time, _ = MESSAGE_HEAD.unpack_from(content, position)
            data = content[position + MESSAGE_HEAD.size : position + length]
            yield McapMessage(channel, log_time, data)
        else:
            yield OtherRecord(opcode, content[position : position + length])
        position += length
    if position != end:
        raise PieceError("a record without its length")


def _uncompressed(content: memoryview, is_cut: bool = False) -> memoryview:
    """The records of a chunk."""
    try:
        _, _, size, crc = CHUNK_HEAD.unpack_from(content)
        (name_length,) = struct.unpack_from("<I", content, CHUNK_HEAD.size)
        name = bytes(content[32 : 32 + name_length])
        data = content[32 + name_length + 8 :]
    except struct.error as error:
        raise PieceError("the file ends within it") from error
    if size > LARGEST_PART:
        raise PieceError(f"it claims to hold {size} bytes, of which {LARGEST_PART} are read")
    try:
        records = _decompress(name, data, size, is_cut)
    except DecompressionError as error:
        raise PieceError(str(error)) from error
    if not is_cut and len(records) != size:
        raise PieceError(f"it holds {len(records)} bytes instead of {size}")
    if not is_cut and crc not in (0, zlib.crc32(records)):
        raise PieceError("its checksum differs")
    return memoryview(records)


def _decompress(name: bytes, data: memoryview, size: int, is_cut: bool) -> bytes | memoryview:
    """All that a chunk holds, or what can be had of one that is cut."""
    if name == b"zstd":
        return unzstd_beginning(data, size) if is_cut else unzstd(data, size)
    if name == b"lz4":
        try:
            return unlz4(data, size)
        except DecompressionError as error:
            if is_cut:
                return error.whole
            raise
    return data
