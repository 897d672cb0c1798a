"""Messages of an SQLite file in order of recording, as rosbag2's plugin ``sqlite3`` writes it.

Rows are found by their number and read one at a time, so that a damaged one costs no other. No
index of the file is used.
"""

import os
import sqlite3
import urllib.parse
from array import array
from contextlib import closing
from pathlib import Path
from typing import Any, Collection, Iterator, NamedTuple

import numpy as np

from converter.errors import RecordingError
from converter.recordings.recorded_message import MessageDefinition
from converter.recordings.recording_clock import RecordingClock
from converter.recordings.recording_problems import RecordingProblems
from converter.recordings.storage_file import (
    LARGEST_PART,
    StorageFile,
    StoredMessage,
    StoredTopic,
    open_regular,
)
from trt_inference.printable import printable, printable_name

SQLITE_START = b"SQLite format 3\x00"
_LAST_ROW = 2**63 - 1
_ROWS = (
    "SELECT rowid, topic_id, timestamp FROM messages NOT INDEXED WHERE rowid >= ? ORDER BY rowid"
)
_COLUMNS = {
    "topics": {"id", "name", "type", "serialization_format"},
    "messages": {"topic_id", "timestamp", "data"},
}
_MOST_DAMAGES = 10_000  # in one file


class _Row(NamedTuple):
    """Where a message is, and when it was recorded, in nanoseconds."""

    id: int
    topic: int
    log_time: int


class SqliteFile(StorageFile):
    """
    Raises:
        RecordingError: the file cannot be opened, or is no bag.
    """

    def __init__(self, path: Path, problems: RecordingProblems) -> None:
        self.name = printable_name(path.name)
        self._path = path
        self._problems = problems
        _check_start(path)
        self._uri = _uri(path, self.name, problems)
        try:
            with closing(_connect(self._uri)) as connection:
                _check_tables(connection)
                self._topics = self._read_topics(connection)
                self._count(connection)
        except sqlite3.Error as error:
            raise RecordingError(
                f"cannot read {printable_name(path)} as a bag: {printable(error)}. If it is one, "
                "`sqlite3 FILE .recover | sqlite3 NEW.db3` may get messages out of it"
            ) from error

    def _read_topics(self, connection: sqlite3.Connection) -> dict[int, StoredTopic]:
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

    def _count(self, connection: sqlite3.Connection) -> None:
        """How many messages of each topic, and their first and last time."""
        self.topics = dict.fromkeys(self._topics.values(), 0)
        self.count, self.start, self.end = 0, 2**63, -(2**63)
        unknown = 0
        clock = RecordingClock()
        for row in self._rows(connection):
            clock.see_one(row.topic, row.log_time)
            self.start, self.end = min(self.start, row.log_time), max(self.end, row.log_time)
            self.count += 1
            if row.topic in self._topics:
                self.topics[self._topics[row.topic]] += 1
            elif row.topic not in self._left_out:
                unknown += 1
        if unknown:
            self._problems.add(
                f"{self.name}: {unknown} messages are left out, because the table of topics does "
                "not name theirs"
            )
        clock.report(
            self.name, {n: topic.name for n, topic in self._topics.items()}, self._problems
        )

    def _rows(self, connection: sqlite3.Connection) -> Iterator[_Row]:
        """Rows of messages in order of their numbers, without the data. Damaged parts of the table
        are reported and left out."""
        after = -(2**63) - 1
        for _ in range(_MOST_DAMAGES):
            try:
                for row in connection.execute(_ROWS, (after + 1,)):
                    after = _checked_number(row, after)
                    yield from self._sound(row)
                return
            except sqlite3.DatabaseError as error:
                reason = printable(error)
            row = _first_from(connection, after + 1)
            if row is not None:  # Python has not given the row before that which failed.
                after = row[0]
                yield from self._sound(row)
                continue
            behind = self._behind_damage(connection, after, reason)
            if behind is None:
                return
            after = behind

    def _sound(self, row: tuple[Any, ...]) -> Iterator[_Row]:
        if all(isinstance(value, int) for value in row):
            yield _Row(*row)
        else:
            self._lose(row[0], "its topic or time of recording is no number")

    def _behind_damage(self, connection: sqlite3.Connection, after: int, reason: str) -> int | None:
        """The number before that of the next row that can be read; None where there is none."""
        damaged, step, last = after, 1, _last_number(connection, after)
        while _first_from(connection, min(after + step, last)) is None:
            damaged, step = after + step, 2 * step
            if damaged >= last:
                self._problems.add_loss(
                    self.name, "part", after, f"the rows after number {after}: {reason}"
                )
                return None
        sound = min(after + step, last)
        while sound - damaged > 1:
            middle = (damaged + sound) // 2
            if _first_from(connection, middle) is not None:
                sound = middle
            else:
                damaged = middle
        rows = f"rows {after + 1} to {damaged}: {reason}"
        self._problems.add_loss(self.name, "part", after, rows, damaged - after)
        return damaged

    def _lose(self, row: int, reason: str) -> None:
        self._problems.add_loss(self.name, "message", row, f"row {row}: {reason}")

    def messages(self, topics: Collection[str], start: int, end: int) -> Iterator[StoredMessage]:
        wanted = {number for number, topic in self._topics.items() if topic.name in topics}
        try:
            with closing(_connect(self._uri)) as connection:
                for row, topic, log_time in self._rows_in_order(connection, wanted, start, end):
                    data = self._data(connection, row)
                    if data is not None:
                        yield StoredMessage(log_time, self._topics[topic], data)
        except sqlite3.Error as error:
            raise RecordingError(
                f"cannot read {printable_name(self._path)} any more: {printable(error)}"
            ) from error

    def _rows_in_order(
        self, connection: sqlite3.Connection, wanted: Collection[int], start: int, end: int
    ) -> Iterator[_Row]:
        """By time of recording, and of the same time by their numbers."""
        ids, topics, times = array("q"), array("q"), array("q")
        for row in self._rows(connection):
            if row.topic in wanted and start <= row.log_time <= end:
                ids.append(row.id)
                topics.append(row.topic)
                times.append(row.log_time)
        if times:
            for at in np.argsort(np.frombuffer(times, np.int64), kind="stable"):
                yield _Row(ids[at], topics[at], times[at])

    def _data(self, connection: sqlite3.Connection, row: int) -> bytes | None:
        try:
            found = connection.execute(
                "SELECT data FROM messages WHERE rowid = ? AND length(data) <= ?",
                (row, LARGEST_PART),
            ).fetchone()
        except (sqlite3.Error, MemoryError) as error:
            self._lose(row, printable(error))
            return None
        if found is None or not isinstance(found[0], bytes):
            self._lose(row, "it has no data, or more than are read")
            return None
        return found[0]


def _check_start(path: Path) -> None:
    with open_regular(path) as stream:
        if stream.read(len(SQLITE_START)) != SQLITE_START:
            raise RecordingError(
                f"{printable_name(path)} is no SQLite file, or its first bytes are damaged: they "
                "are not those that such a file begins with"
            )


def _uri(path: Path, name: str, problems: RecordingProblems) -> str:
    """How SQLite opens the file. As it is, without waiting for anybody and without writing, except
    where a recorder has left its newest messages in a second file."""
    place = "file:" + urllib.parse.quote(os.fsencode(path.absolute()))
    as_it_is = f"{place}?mode=ro&immutable=1"
    beside = [Path(f"{path}{suffix}") for suffix in ("-wal", "-shm", "-journal")]
    if not beside[0].is_file() or not beside[0].stat().st_size:
        return as_it_is
    try:
        if any(file.exists() and not file.is_file() for file in beside):
            raise sqlite3.OperationalError("what is beside it are no regular files")
        with closing(_connect(f"{place}?mode=ro")) as connection:
            connection.execute("SELECT name FROM sqlite_master LIMIT 1").fetchone()
    except sqlite3.Error as error:
        problems.add(
            f"{name}: the newest messages may be in {name}-wal, which cannot be read here "
            f"({printable(error)}): copy the folder to where you may write, and read it there"
        )
        return as_it_is
    return f"{place}?mode=ro"


def _connect(uri: str) -> sqlite3.Connection:
    # A generator may be closed by another thread than that which it ran in.
    connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    # With the first, SQLite reads a file that is shorter than it should be.
    for pragma in ("writable_schema = ON", "cell_size_check = ON", "trusted_schema = OFF"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _check_tables(connection: sqlite3.Connection) -> None:
    """
    Raises:
        sqlite3.OperationalError: there are no tables of a bag, but perhaps views or virtual
            tables, which would run what the file tells.
    """
    rows = connection.execute("SELECT name, type, sql FROM sqlite_master")
    found = {row[0]: row[1:] for row in rows}
    for table, needed in _COLUMNS.items():
        kind, sql = found.get(table, ("", ""))
        is_plain = kind == "table" and str(sql).upper().startswith("CREATE TABLE")
        columns = connection.execute(f"PRAGMA table_xinfo({table})") if is_plain else ()
        # Number, name, type, …, and whether it is computed or hidden.
        if not needed <= {column[1] for column in columns if not column[-1]}:
            raise sqlite3.OperationalError(f"it has no table {table} as bags have it")


def _checked_number(row: tuple[Any, ...], after: int) -> int:
    """The number of a row. Pages of a damaged file may lead in circles.

    Raises:
        sqlite3.DatabaseError: it is not greater than the one before.
    """
    if row[0] <= after:
        raise sqlite3.DatabaseError("the order of its rows is damaged")
    return int(row[0])


def _definitions(connection: sqlite3.Connection) -> dict[str, MessageDefinition]:
    """Of each type, where the file has them; Humble and older write none."""
    query = (
        "SELECT topic_type, encoding, encoded_message_definition FROM message_definitions "
        "WHERE length(encoded_message_definition) < 10000000"
    )
    try:
        rows = connection.execute(query).fetchall()
    except sqlite3.Error:
        return {}
    return {
        name: MessageDefinition(encoding, text)
        for name, encoding, text in rows
        if encoding in ("ros2msg", "ros2idl") and isinstance(text, str)
    }


def _first_from(connection: sqlite3.Connection, number: int) -> tuple[Any, ...] | None:
    """The first row of at least that number; None where there is none, or it cannot be read."""
    try:
        # A damaged page that SQLite keeps in memory is not checked again.
        connection.execute("PRAGMA shrink_memory")
        row = connection.execute(f"{_ROWS} LIMIT 1", (number,)).fetchone()
    except (sqlite3.Error, OverflowError):
        return None
    return row if row is not None and row[0] >= number else None


def _last_number(connection: sqlite3.Connection, after: int) -> int:
    """Of the last row, beyond ``after``; the greatest that there can be where it is not known."""
    try:
        row = connection.execute("SELECT max(rowid) FROM messages NOT INDEXED").fetchone()
    except sqlite3.Error:
        return _LAST_ROW
    return row[0] if isinstance(row[0], int) and row[0] > after else _LAST_ROW
