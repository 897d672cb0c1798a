"""Bags that robots have recorded: rosbag2 folders and single files, read one after the other.

What can be read of a damaged bag is read, and what is lost is told. Nothing is kept in memory but
one part of a file at a time.
"""

import heapq
import itertools
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Collection, Iterator, NamedTuple, Sequence

from converter.errors import RecordingError
from converter.recordings.definitions.message_definitions import deserialize_message
from converter.recordings.mcap_files.mcap_file import McapFile
from converter.recordings.recorded_message import RecordedMessage, RecordedTopic
from converter.recordings.sqlite_files.sqlite_file import SqliteFile
from converter.recordings.storage.bag_files import files_of_bag
from converter.recordings.storage.bounded_zstd import ZSTD_START, DecompressionError, unzstd
from converter.recordings.storage.compressed_file import plain_file
from converter.recordings.storage.recording_problems import RecordingProblems
from converter.recordings.storage.storage_file import LARGEST_PART, StorageFile, StoredMessage
from trt_inference.printable import printable_name

_MOST_OPEN = 8  # files of a bag whose times overlap, at once
_SLACK = 10**6  # nanoseconds: more than seconds as floats are inexact


class _Bag(NamedTuple):
    """
    Attributes:
        files: in order of their first time.
        seconds_before: length of the bags before.
        start, end: first and last time of recording, in nanoseconds.
    """

    files: list[StorageFile]
    seconds_before: float
    start: int
    end: int

    @property
    def seconds(self) -> float:
        return (self.end - self.start) / 1e9


class Recordings:
    """
    Attributes:
        topics: those with messages of ROS 2, in order of their names.
        seconds: length of all bags together.

    Args:
        paths: folders of rosbag2, or single files ``.mcap`` and ``.db3``.

    Raises:
        RecordingError: there is no bag, no message in it, or it is none that can be read.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._problems = RecordingProblems()
        self._files: list[StorageFile] = []
        self._folder = tempfile.TemporaryDirectory(prefix="trt-inference-")
        try:
            self._bags = self._open_all(paths)
        except BaseException:
            self.close()
            raise
        self.seconds = sum(bag.seconds for bag in self._bags)
        self.topics = self._topics()

    def __enter__(self) -> "Recordings":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove what was decompressed, and what reading has left."""
        for file in self._files:
            file.close()
        self._folder.cleanup()

    @property
    def problems(self) -> tuple[str, ...]:
        """What cannot be read, in whole sentences. There may be more after reading on."""
        return self._problems.sentences

    def deserialize(self, message: RecordedMessage) -> Any:
        """As ``deserialize_message``."""
        return deserialize_message(message)

    def messages(
        self, topics: Collection[str], start: float = 0.0, end: float | None = None
    ) -> Iterator[RecordedMessage]:
        """The messages of ``topics`` in order of recording. Each call reads for itself, so that
        two threads may iterate at once.

        Args:
            start, end: seconds of the recording, from which on and before which.
        """
        for bag in self._bags:
            if end is not None and end <= bag.seconds_before:
                return
            if bag.seconds_before + bag.seconds < start:
                continue
            for message in self._messages_of(bag, frozenset(topics), start, end):
                if start <= message.seconds and (end is None or message.seconds < end):
                    yield message

    def _messages_of(
        self, bag: _Bag, topics: Collection[str], start: float, end: float | None
    ) -> Iterator[RecordedMessage]:
        """Those in the excerpt, and perhaps some before and after it."""
        first = bag.start + int((start - bag.seconds_before) * 1e9) - _SLACK
        last = bag.end
        if end is not None:
            length = min(end - bag.seconds_before, bag.seconds)
            last = bag.start + int(length * 1e9) + _SLACK
        files = [file for file in bag.files if file.start <= last and file.end >= first]
        for name, stored in _in_order(files, topics, first, last):
            data = self._uncompressed(name, stored)
            if data is not None:
                seconds = bag.seconds_before + max(0, stored.log_time - bag.start) / 1e9
                topic = stored.topic
                yield RecordedMessage(
                    topic.name, topic.type, stored.log_time, seconds, data, topic.definition
                )

    def _uncompressed(self, name: str, stored: StoredMessage) -> bytes | memoryview | None:
        """The data of a message, which recorders can compress one by one."""
        if stored.data[:4] != ZSTD_START:
            return stored.data
        try:
            return unzstd(stored.data, LARGEST_PART)
        except DecompressionError as error:
            place = stored.topic.name, stored.log_time
            self._problems.add_loss(name, "message", place, str(error))
            return None

    def _open_all(self, paths: Sequence[Path]) -> list[_Bag]:
        if not paths:
            raise RecordingError("give the path of a bag")
        bags: list[_Bag] = []
        for path in paths:
            bags.append(self._open(path, sum(bag.seconds for bag in bags)))
        return bags

    def _open(self, path: Path, seconds_before: float) -> _Bag:
        found = files_of_bag(path, self._problems)
        files: list[StorageFile] = []
        errors: list[RecordingError] = []
        for file in found.files:
            try:
                files.append(self._open_file(file))
            except RecordingError as error:
                errors.append(error)
        if not files:
            raise errors[0]
        for one in errors:
            self._problems.add(str(one))
        files = [file for file in files if file.start <= file.end]
        if not files:
            known = "".join(f"\n  {sentence}" for sentence in self.problems)
            raise RecordingError(f"{printable_name(path)} has no message that can be read.{known}")
        self._compare_counts(path, files, found.messages)
        start, end = min(file.start for file in files), max(file.end for file in files)
        return _Bag(sorted(files, key=lambda file: file.start), seconds_before, start, end)

    def _open_file(self, file: Path) -> StorageFile:
        plain = plain_file(file, Path(self._folder.name), self._problems)
        storage = McapFile if plain.suffix == ".mcap" else SqliteFile
        try:
            self._files.append(storage(plain, self._problems))
        except RecordingError as error:
            if plain == file:
                raise
            raise RecordingError(f"in {printable_name(file)}: {error}") from error
        return self._files[-1]

    def _compare_counts(self, path: Path, files: list[StorageFile], told: int | None) -> None:
        there = sum(file.count for file in files)
        if told is not None and told != there:
            self._problems.add(
                f"{printable_name(path)}: metadata.yaml tells of {told} messages, and {there} "
                "are there"
            )

    def _topics(self) -> tuple[RecordedTopic, ...]:
        counts: dict[tuple[str, str], int] = {}
        for file in itertools.chain.from_iterable(bag.files for bag in self._bags):
            for topic, count in file.topics.items():
                key = topic.name, topic.type
                counts[key] = counts.get(key, 0) + count
        return tuple(RecordedTopic(*key, count) for key, count in sorted(counts.items()))


def _in_order(
    files: Sequence[StorageFile], topics: Collection[str], start: int, end: int
) -> Iterator[tuple[str, StoredMessage]]:
    """The messages of several files with the name of the file. A file is opened when all before its
    first message are out."""
    waiting: list[tuple[int, int, str, StoredMessage, Iterator[StoredMessage]]] = []
    following = list(enumerate(files))
    while following or waiting:
        while (
            following
            and len(waiting) < _MOST_OPEN
            and (not waiting or following[0][1].start <= waiting[0][0])
        ):
            number, file = following.pop(0)
            _push_next(waiting, number, file.name, file.messages(topics, start, end))
        if waiting:
            _, number, name, message, rest = heapq.heappop(waiting)
            yield name, message
            _push_next(waiting, number, name, rest)


def _push_next(
    waiting: list[tuple[int, int, str, StoredMessage, Iterator[StoredMessage]]],
    number: int,
    name: str,
    messages: Iterator[StoredMessage],
) -> None:
    message = next(messages, None)
    if message is not None:
        heapq.heappush(waiting, (message.log_time, number, name, message, messages))
