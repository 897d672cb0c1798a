"""What an MCAP file consists of, found by going over all its records, without its summary.

So a file without a summary is read as any other. Chunks are not decompressed where an index of
their messages follows them, and all their channels are known.
"""

import io
import struct
from dataclasses import dataclass, field
from typing import BinaryIO, Iterator

import numpy as np
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Schema

from converter.recordings.mcap_files.mcap_chunks import (
    McapMessage,
    McapPiece,
    PieceError,
    read_piece,
)
from converter.recordings.mcap_files.mcap_records import (
    CHUNK_HEAD,
    MESSAGE_HEAD,
    RECORD_HEAD,
    FoundRecord,
    RecordsOfMcap,
    Unreadable,
)

_LONGEST_RUN = 2**20  # bytes of messages between chunks that are read at once
_LARGEST_RECORD = 2**24  # bytes of a schema, a channel or an index

# Times of recording, nanoseconds, uint64, of messages of a channel in the order of the file.
ChannelTimes = tuple[int, np.ndarray]


@dataclass
class McapContents:
    """
    Attributes:
        channels, schemas: by their numbers.
        pieces: where the messages are, in the order of the file.
        unreadable: parts of the file that are no records.
        is_complete: whether the file ends with a footer, as a recorder writes it at its end.
        damaged: pieces that cannot be read, with the reason, as far as they were.
    """

    channels: dict[int, Channel] = field(default_factory=dict)
    schemas: dict[int, Schema] = field(default_factory=dict)
    pieces: list[McapPiece] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    damaged: dict[McapPiece, str] = field(default_factory=dict)
    is_complete: bool = False

    def take(self, opcode: int, content: bytes | memoryview) -> None:
        """Learn from a schema or channel, wherever it stands. The first of a number counts, and
        damaged ones are left out."""
        stream = ReadDataStream(io.BytesIO(content))
        try:
            if opcode == Opcode.SCHEMA:
                schema = Schema.read(stream)
                self.schemas.setdefault(schema.id, schema)
            elif opcode == Opcode.CHANNEL:
                channel = Channel.read(stream)
                self.channels.setdefault(channel.id, channel)
        except (McapError, struct.error, UnicodeDecodeError):
            pass


class McapScan:
    """Goes over the records of a file once.

    Attributes:
        contents: what was found; whole when ``times`` has been iterated to its end.
    """

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self.contents = McapContents()
        self._stream = stream
        self._size = size
        self._chunk: FoundRecord | None = None
        self._indexes: list[ChannelTimes] = []
        self._run: list[tuple[int, int]] = []  # channel and time of each message
        self._run_span = (0, 0)

    def times(self) -> Iterator[ChannelTimes]:
        """The times of all messages of the file that can be read, or that indexes tell of."""
        records = RecordsOfMcap(self._stream, self._size)
        for record in records:
            yield from self._see(record)
        yield from self._end_chunk()
        yield from self._end_run()
        self.contents.is_complete = records.is_complete
        self._find_channels()

    def _see(self, record: FoundRecord | Unreadable) -> Iterator[ChannelTimes]:
        if isinstance(record, Unreadable):
            self.contents.unreadable.append(record)
        elif record.opcode == Opcode.MESSAGE_INDEX:
            self._see_index(record)
        elif record.opcode == Opcode.MESSAGE:
            yield from self._end_chunk()
            yield from self._see_message(record)
        elif record.opcode == Opcode.CHUNK:
            yield from self._end_chunk()
            yield from self._end_run()
            self._chunk = record
        elif record.opcode in (Opcode.SCHEMA, Opcode.CHANNEL) and record.length < _LARGEST_RECORD:
            self.contents.take(record.opcode, self._read(record.offset, record.length))

    def _read(self, offset: int, length: int) -> bytes:
        self._stream.seek(offset)
        return self._stream.read(length)

    def _see_index(self, record: FoundRecord) -> None:
        """Times and channel of messages in the chunk before."""
        if self._chunk is None or record.length > _LARGEST_RECORD:
            return
        content = self._read(record.offset, record.length)
        channel, length = struct.unpack_from("<HI", content)
        if length % 16 == 0 and length == len(content) - 6 and length:
            times = np.frombuffer(content, "<u8", offset=6)[::2]
            self._indexes.append((channel, times))

    def _end_chunk(self) -> Iterator[ChannelTimes]:
        chunk, indexes = self._chunk, self._indexes
        self._chunk, self._indexes = None, []
        if chunk is None:
            return
        piece = self._piece_of(chunk)
        if not indexes or not _are_within(piece, indexes):
            indexes = self._read_through(piece)
        if piece in self.contents.damaged:
            return
        yield from indexes
        self.contents.pieces.append(_with_counts(piece, indexes))

    def _piece_of(self, chunk: FoundRecord) -> McapPiece:
        start, end, size, _ = CHUNK_HEAD.unpack(self._read(chunk.offset, CHUNK_HEAD.size))
        return McapPiece(start, end, chunk.offset, chunk.length, size, True, chunk.is_cut)

    def _read_through(self, piece: McapPiece) -> list[ChannelTimes]:
        """The times of the messages in a chunk without indexes."""
        times: dict[int, list[int]] = {}
        try:
            for record in read_piece(self._stream, piece):
                if isinstance(record, McapMessage):
                    times.setdefault(record.channel, []).append(record.log_time)
                else:
                    self.contents.take(record.opcode, record.content)
        except PieceError as error:
            if not times:
                self.contents.damaged[piece] = str(error)
        return [(channel, np.array(of, np.uint64)) for channel, of in times.items()]

    def _see_message(self, record: FoundRecord) -> Iterator[ChannelTimes]:
        """Join a message outside of chunks to those before it."""
        head = self._read(record.offset, MESSAGE_HEAD.size)
        channel, _, log_time, _ = MESSAGE_HEAD.unpack(head)
        start, end = self._run_span
        begins_at = record.offset - RECORD_HEAD.size
        is_next = self._run and begins_at == end and log_time >= self._run[-1][1]
        if not is_next or record.end - start > _LONGEST_RUN:
            yield from self._end_run()
            start = begins_at
        self._run.append((channel, log_time))
        self._run_span = start, record.end

    def _end_run(self) -> Iterator[ChannelTimes]:
        run, self._run = self._run, []
        if not run:
            return
        start, end = self._run_span
        times: dict[int, list[int]] = {}
        for channel, log_time in run:
            times.setdefault(channel, []).append(log_time)
        indexes = [(channel, np.array(of, np.uint64)) for channel, of in times.items()]
        piece = McapPiece(run[0][1], run[-1][1], start, end - start, end - start, False)
        yield from indexes
        self.contents.pieces.append(_with_counts(piece, indexes))

    def _find_channels(self) -> None:
        """Look for channels that stand within chunks alone: in the first that has messages of
        them, as the format asks for."""
        known = set(self.contents.channels)
        pieces = self.contents.pieces
        for at, piece in enumerate(pieces):
            unknown = {channel for channel, _ in piece.counts or ()} - known
            if unknown and piece.is_chunk:
                pieces[at] = _with_counts(piece, self._read_through(piece))
            known |= unknown


def _are_within(piece: McapPiece, indexes: list[ChannelTimes]) -> bool:
    """Whether the times of the indexes are among those that the chunk itself tells."""
    return all(
        piece.start <= int(times.min()) and int(times.max()) <= piece.end for _, times in indexes
    )


def _with_counts(piece: McapPiece, indexes: list[ChannelTimes]) -> McapPiece:
    """With what the indexes of its messages tell, rather than its head."""
    counts: dict[int, int] = {}
    for channel, times in indexes:
        counts[channel] = counts.get(channel, 0) + len(times)
    if not counts:
        return piece._replace(counts=())
    return piece._replace(
        start=min(int(times.min()) for _, times in indexes),
        end=max(int(times.max()) for _, times in indexes),
        counts=tuple(counts.items()),
    )
