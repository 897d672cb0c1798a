"""Messages of an SQLite file in order of recording, as rosbag2's plugin ``sqlite3`` writes it.

The data of each row are read alone, so that a damaged one costs no other.
"""

from array import array
from contextlib import closing
from pathlib import Path
from typing import Collection, Iterator

import apsw
import numpy as np

from converter.errors import RecordingError
from converter.recordings.recorded_message import MessageDefinition
from converter.recordings.sqlite_files.sqlite_connection import (
    SQLITE_ERRORS,
    SqlitePlace,
    check_tables,
)
from converter.recordings.sqlite_files.sqlite_rows import LostRows, MessageRow, message_rows
from converter.recordings.storage.recording_clock import RecordingClock
from converter.recordings.storage.recording_problems import RecordingProblems, counted_messages
from converter.recordings.storage.storage_file import (
    LARGEST_PART,
    StorageFile,
    StoredMessage,
    StoredTopic,
)
from trt_inference.printable import printable, printable_name


class SqliteFile(StorageFile):
    """
    Raises:
        RecordingError: the file cannot be opened, or is no bag.
    """

    def __init__(self, path: Path, problems: RecordingProblems) -> None:
        self.name = printable_name(path.name)
        self._path = path
        self._problems = problems
        self._place = SqlitePlace(path, problems)
        try:
            with closing(self._place.connect()) as connection:
                check_tables(connection)
                self._topics = self._read_topics(connection)
                self._count(connection)
        except SQLITE_ERRORS as error:
            self.close()
            raise RecordingError(
                f"cannot read {printable_name(path)} as a bag: {printable(error)}. If it is one, "
                "`sqlite3 FILE .recover | sqlite3 NEW.db3` may get messages out of it"
            ) from error

    def close(self) -> None:
        self._place.close()

    def _read_topics(self, connection: apsw.Connection) -> dict[int, StoredTopic]:
        definitions = _definitions(connection)
        topics = {}
        self._left_out: set[int] = set()
        rows = connection.execute("SELECT id, name, type, serialization_format FROM topics")
        for number, name, type_name, encoding in rows:
            if not isinstance(name, str) or not isinstance(type_name, str):
                continue
            if encoding != "cdr":
                self._left_out.add(number)
                self._problems.add(
                    f"{self.name}: topic {printable(name)} is left out: its messages are "
                    f"{printable(encoding) or 'of no known encoding'}, and only those of ROS 2 "
                    "(cdr) are read"
                )
                continue
            definition = definitions.get(type_name, MessageDefinition())
            topics[number] = StoredTopic(name, type_name, definition)
        return topics

    def _count(self, connection: apsw.Connection) -> None:
        """How many messages of each topic, and their first and last time."""
        self.topics = dict.fromkeys(self._topics.values(), 0)
        self.count, self.start, self.end = 0, 2**63, -(2**63)
        unknown = 0
        clock = RecordingClock()
        for row in message_rows(connection, self._lose_rows):
            clock.see_one(row.topic, row.log_time)
            self.start, self.end = min(self.start, row.log_time), max(self.end, row.log_time)
            self.count += 1
            if row.topic in self._topics:
                self.topics[self._topics[row.topic]] += 1
            elif row.topic not in self._left_out:
                unknown += 1
        if unknown:
            self._problems.add(
                f"{self.name}: {counted_messages(unknown)} left out, because the table of topics "
                "does not name the topic"
            )
        names = {number: topic.name for number, topic in self._topics.items()}
        clock.report(self.name, names, self._problems)

    def _lose_rows(self, lost: LostRows) -> None:
        first, last, reason = lost
        if last is None:
            rows, messages = f"those after number {first - 1}", None
        else:
            rows, messages = f"numbers {first} to {last}", last - first + 1
        self._problems.add_loss(self.name, "part", first, f"rows: {rows}: {reason}", messages)

    def messages(self, topics: Collection[str], start: int, end: int) -> Iterator[StoredMessage]:
        wanted = {number for number, topic in self._topics.items() if topic.name in topics}
        try:
            with closing(self._place.connect()) as connection:
                for row, topic, log_time in self._rows_in_order(connection, wanted, start, end):
                    data = self._data(connection, row)
                    if data is not None:
                        yield StoredMessage(log_time, self._topics[topic], data)
        except SQLITE_ERRORS as error:
            raise RecordingError(
                f"cannot read {printable_name(self._path)} any more: {printable(error)}"
            ) from error

    def _rows_in_order(
        self, connection: apsw.Connection, wanted: Collection[int], start: int, end: int
    ) -> Iterator[MessageRow]:
        """By time of recording, and of the same time by their numbers."""
        ids, topics, times = array("q"), array("q"), array("q")
        for row in message_rows(connection, self._lose_rows):
            if row.topic in wanted and start <= row.log_time <= end:
                ids.append(row.id)
                topics.append(row.topic)
                times.append(row.log_time)
        if times:
            for at in np.argsort(np.frombuffer(times, np.int64), kind="stable"):
                yield MessageRow(ids[at], topics[at], times[at])

    def _data(self, connection: apsw.Connection, row: int) -> bytes | None:
        try:
            found = connection.execute(
                "SELECT data FROM messages WHERE rowid = ? AND length(data) <= ?",
                (row, LARGEST_PART),
            ).fetchone()
        except (*SQLITE_ERRORS, MemoryError) as error:
            self._lose(row, printable(error))
            return None
        if found is None or not isinstance(found[0], bytes):
            self._lose(row, "it has no data, or more than are read")
            return None
        return found[0]

    def _lose(self, row: int, reason: str) -> None:
        self._problems.add_loss(self.name, "message", row, f"row {row}: {reason}")


def _definitions(connection: apsw.Connection) -> dict[str, MessageDefinition]:
    """Of each type, where the file has them; Humble and older write none."""
    query = (
        "SELECT topic_type, encoding, encoded_message_definition FROM message_definitions "
        "WHERE length(encoded_message_definition) < 10000000"
    )
    try:
        rows = connection.execute(query).fetchall()
    except SQLITE_ERRORS:
        return {}
    return {
        name: MessageDefinition(encoding, text)
        for name, encoding, text in rows
        if isinstance(name, str) and isinstance(text, str) and encoding in ("ros2msg", "ros2idl")
    }
