"""Opens an SQLite file of a bag: damaged, cut, being written, or with a log beside it.

By APSW, which rosbags needs too: it brings a newer SQLite than Python has on many machines. That of
Debian 12, 3.40, takes zeros for what a cut has left of a page, and gives messages with a wrong end.
"""

import os
import urllib.parse
from contextlib import closing
from pathlib import Path

import apsw

from converter.recordings.sqlite_files.sqlite_whole_pages import ends_within_page, whole_pages
from converter.recordings.storage.recording_problems import RecordingProblems
from converter.recordings.storage.storage_file import check_beginning, open_regular
from trt_inference.printable import printable, printable_name

_SQLITE_START = b"SQLite format 3\x00"
# The second: of texts, names and even messages of errors from a damaged file.
SQLITE_ERRORS = (apsw.Error, UnicodeDecodeError)
_LOG, _LOG_MEMORY, _JOURNAL = "-wal", "-shm", "-journal"
_COLUMNS = {
    "topics": {"id", "name", "type", "serialization_format"},
    "messages": {"topic_id", "timestamp", "data"},
}


class SqlitePlace:
    """How a file is opened. As it is, without waiting for anybody and without writing, except where
    a recorder has left its newest messages in a log beside it.

    Raises:
        RecordingError: it is no SQLite file.
    """

    def __init__(self, path: Path, problems: RecordingProblems) -> None:
        with open_regular(path) as stream:
            check_beginning(stream, path, _SQLITE_START, "SQLite")
            self._is_cut = ends_within_page(stream)
        self._path = path
        self._has_log = False
        self._left_behind: Path | None = None
        if _size(Path(f"{path}{_LOG}")):
            self._has_log = self._can_read_log(problems)

    def connect(self) -> apsw.Connection:
        """A connection that reads. Any thread may close it."""
        name = "file:" + urllib.parse.quote(os.fsencode(self._path.absolute()))
        how = "?mode=ro" if self._has_log else "?mode=ro&immutable=1"
        flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        vfs = whole_pages() if self._is_cut and not self._has_log else None
        connection = apsw.Connection(name + how, flags=flags, vfs=vfs)
        # With the first, SQLite reads a file that is shorter than it should be.
        for pragma in ("writable_schema = ON", "cell_size_check = ON", "trusted_schema = OFF"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def close(self) -> None:
        """Remove the file that SQLite leaves where it has read a log."""
        if self._left_behind is not None:
            self._left_behind.unlink(missing_ok=True)

    def _can_read_log(self, problems: RecordingProblems) -> bool:
        beside = [Path(f"{self._path}{end}") for end in (_LOG, _LOG_MEMORY, _JOURNAL)]
        was_there = beside[1].exists()
        try:
            if any(file.exists() and not file.is_file() for file in beside):
                raise apsw.CantOpenError("what is beside it are no regular files")
            self._has_log = True
            with closing(self.connect()) as connection:
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except SQLITE_ERRORS as error:
            name = printable_name(self._path.name)
            problems.add(
                f"{name}: the newest messages may be in {name}{_LOG}, which cannot be read here "
                f"({printable(error)}): copy the folder to where you may write, and read it there"
            )
            return False
        if not was_there:
            self._left_behind = beside[1]
        return True


def _size(file: Path) -> int:
    """Of a regular file, in bytes; 0 where there is none."""
    try:
        return file.stat().st_size if file.is_file() else 0
    except OSError:
        return 0


def check_tables(connection: apsw.Connection) -> None:
    """
    Raises:
        one of ``SQLITE_ERRORS``: there are no tables of a bag, but perhaps views or virtual
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
            raise apsw.SQLError(f"it has no table {table} as bags have it")
