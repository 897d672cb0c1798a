"""Messages of an MCAP file in order of recording."""

import heapq
import os
from pathlib import Path
from typing import BinaryIO, Collection, Iterable, Iterator

import numpy as np
from mcap.records import Channel

from converter.errors import RecordingError
from converter.recordings.mcap_files.mcap_chunks import (
    McapMessage,
    McapPiece,
    PieceError,
    read_piece,
)
from converter.recordings.mcap_files.mcap_contents import McapContents, McapScan
from converter.recordings.mcap_files.mcap_records import MAGIC
from converter.recordings.recorded_message import MessageDefinition
from converter.recordings.storage.recording_clock import RecordingClock
from converter.recordings.storage.recording_problems import RecordingProblems, counted_messages
from converter.recordings.storage.storage_file import (
    StorageFile,
    StoredMessage,
    StoredTopic,
    check_beginning,
    open_regular,
)
from trt_inference.printable import printable, printable_name

# Bytes of pieces whose messages wait for earlier ones in other pieces. Recorders write nearly in
# order, so that few pieces overlap.
_MOST_WAITING = 2**28
# Smaller messages are copied, so that one that is kept does not keep its whole chunk. Bytes.
_SMALL = 2**16

_ENCODING = "cdr"  # of messages
_DEFINITION_ENCODINGS = {"ros2msg": "ros2msg", "ros2idl": "ros2idl", "omgidl": "ros2idl"}


class McapFile(StorageFile):
    """
    Raises:
        RecordingError: the file cannot be opened, or is not MCAP.
    """

    def __init__(self, path: Path, problems: RecordingProblems) -> None:
        self.name = printable_name(path.name)
        self._path = path
        self._problems = problems
        self._clock = RecordingClock()
        contents = self._scan()
        self._pieces = sorted(contents.pieces, key=lambda piece: piece.start)
        self._topics = {number: _topic(contents, number) for number in contents.channels}
        self.topics = dict.fromkeys(filter(None, self._topics.values()), 0)
        self._count()
        self._report(contents)

    def _scan(self) -> McapContents:
        """What is in the file; sets ``count``, ``start`` and ``end``."""
        self.count, self.start, self.end = 0, 2**64, 0
        with open_regular(self._path) as stream:
            check_beginning(stream, self._path, MAGIC, "MCAP")
            self._size = os.fstat(stream.fileno()).st_size
            scan = McapScan(stream, self._size)
            try:
                for channel, times in scan.times():
                    self._see(channel, times)
            except OSError as error:
                raise RecordingError(
                    f"cannot read {printable_name(self._path)}: {error.strerror}"
                ) from error
        return scan.contents

    def _see(self, channel: int, times: np.ndarray) -> None:
        self._clock.see(channel, times)
        self.count += len(times)
        self.start = min(self.start, int(times.min()))
        self.end = max(self.end, int(times.max()))

    def _count(self) -> None:
        """Adds up the messages of each topic."""
        self._unknown = 0
        for piece in self._pieces:
            for channel, count in piece.counts or ():
                topic = self._topics.get(channel)
                if topic is not None:
                    self.topics[topic] += count
                elif channel not in self._topics:
                    self._unknown += count

    def _report(self, contents: McapContents) -> None:
        for piece, reason in contents.damaged.items():
            self._lose(piece, reason, 0)
        self._report_gaps(contents)
        if self._unknown:
            self._problems.add(
                f"{self.name}: {counted_messages(self._unknown)} left out, because the record that "
                "names the topic is lost"
            )
        for number, topic in self._topics.items():
            if topic is None:
                channel = contents.channels[number]
                self._problems.add(
                    f"{self.name}: topic {printable(channel.topic)} is left out: "
                    f"{_why_left_out(channel)}"
                )
        names = {number: channel.topic for number, channel in contents.channels.items()}
        self._clock.report(self.name, names, self._problems)

    def _report_gaps(self, contents: McapContents) -> None:
        left = 0
        for offset, length in contents.unreadable:
            if offset + length == self._size:
                left = length
                continue
            reason = f"no record begins at byte {offset}; the next that is read, {length} later"
            self._problems.add_loss(self.name, "part", offset, reason)
        if not contents.is_complete:
            self._problems.add(
                f"{self.name}: the file lacks the end that a recorder writes: it was killed, or "
                "the file is cut or damaged. What is there is read"
                f"{f', but for the last {left} bytes' if left else ''}"
            )

    def _lose(self, piece: McapPiece, reason: str, read: int) -> None:
        """A piece of which ``read`` messages could be read."""
        lost = None if piece.messages is None or piece.is_cut else piece.messages - read
        self._problems.add_loss(
            self.name, "chunk", piece.offset, f"at byte {piece.offset}: {reason}", lost
        )

    def messages(self, topics: Collection[str], start: int, end: int) -> Iterator[StoredMessage]:
        wanted = {
            number: topic
            for number, topic in self._topics.items()
            if topic is not None and topic.name in topics
        }
        pieces = [
            piece
            for piece in self._pieces
            if piece.start <= end and piece.end >= start and self._may_have(piece, wanted)
        ]
        return self._in_order(pieces, wanted)

    def _may_have(self, piece: McapPiece, wanted: Collection[int]) -> bool:
        """Unless all messages in it are known to be of other channels."""
        return piece.counts is None or any(
            channel in wanted or channel not in self._topics for channel, _ in piece.counts
        )

    def _in_order(
        self, pieces: list[McapPiece], wanted: dict[int, StoredTopic]
    ) -> Iterator[StoredMessage]:
        """Reads a piece when all messages before its first are out."""
        waiting = _WaitingMessages()
        with open_regular(self._path) as stream:
            for piece in pieces:
                while waiting and (waiting.first < piece.start or waiting.size > _MOST_WAITING):
                    yield waiting.pop()
                waiting.push(piece.size, self._of_piece(stream, piece, wanted))
            while waiting:
                yield waiting.pop()

    def _of_piece(
        self, stream: BinaryIO, piece: McapPiece, wanted: dict[int, StoredTopic]
    ) -> Iterator[StoredMessage]:
        """The wanted messages of a piece in the order of the file. What of it cannot be read is
        reported."""
        read = 0
        try:
            for record in read_piece(stream, piece):
                if isinstance(record, McapMessage):
                    read += 1
                    topic = wanted.get(record.channel)
                    if topic is not None:
                        yield StoredMessage(record.log_time, topic, _kept(record.data))
        except PieceError as error:
            self._lose(piece, str(error), read)


class _WaitingMessages:
    """Messages in order of recording, and within the same time in order of the file.

    Attributes:
        size: bytes of the pieces of which messages are here.
    """

    def __init__(self) -> None:
        self.size = 0
        self._heap: list[tuple[int, int, int, StoredMessage]] = []
        self._pieces: dict[int, list[int]] = {}  # bytes, and how many messages are here
        self._pushed = 0

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def first(self) -> int:
        """The earliest time, where there is one."""
        return self._heap[0][0]

    def push(self, size: int, messages: Iterable[StoredMessage]) -> None:
        """Those of the next piece, of ``size`` bytes."""
        self._pushed += 1
        count = 0
        for message in messages:
            heapq.heappush(self._heap, (message.log_time, self._pushed, count, message))
            count += 1
        if count:
            self._pieces[self._pushed] = [size, count]
            self.size += size

    def pop(self) -> StoredMessage:
        _, piece, _, message = heapq.heappop(self._heap)
        left = self._pieces[piece]
        left[1] -= 1
        if not left[1]:
            self.size -= self._pieces.pop(piece)[0]
        return message


def _kept(data: memoryview) -> bytes | memoryview:
    return bytes(data) if len(data) < _SMALL else data


def _why_left_out(channel: Channel) -> str:
    if channel.message_encoding == _ENCODING:
        return "the file does not tell the type of its messages"
    encoding = printable(channel.message_encoding) or "of no known encoding"
    return f"its messages are {encoding}, and only those of ROS 2 ({_ENCODING}) are read"


def _topic(contents: McapContents, number: int) -> StoredTopic | None:
    """None where its messages are not those of ROS 2."""
    channel = contents.channels[number]
    schema = contents.schemas.get(channel.schema_id)
    if channel.message_encoding != _ENCODING or schema is None:
        return None
    encoding = _DEFINITION_ENCODINGS.get(schema.encoding, "")
    text = schema.data.decode("utf-8", "replace") if encoding else ""
    return StoredTopic(channel.topic, schema.name, MessageDefinition(encoding, text))
