"""The rows of a bag's table of messages, on both sides of damaged pages.

A row is found by its number, and no index is used. SQLite ends at a damaged page; the next row
that can be read is searched for by its number: pages further up in the tree of the table tell where
it is.
"""

from typing import Any, Callable, Iterator, NamedTuple

import apsw

from converter.recordings.sqlite_files.sqlite_connection import SQLITE_ERRORS
from trt_inference.printable import printable

_FIRST, _LAST = -(2**63), 2**63 - 1  # numbers that rows can have
_FIRST_WRITTEN = 1  # that recorders give
_ROWS = (
    "SELECT rowid, topic_id, timestamp FROM messages NOT INDEXED WHERE rowid >= ? ORDER BY rowid"
)
_MOST_DAMAGES = 10_000  # in one file


class MessageRow(NamedTuple):
    """Where a message is, and when it was recorded, in nanoseconds."""

    id: int
    topic: int
    log_time: int


class LostRows(NamedTuple):
    """Rows that cannot be read, by their numbers; ``last`` is None for all that follow."""

    first: int
    last: int | None
    reason: str


def message_rows(
    connection: apsw.Connection, report: Callable[[LostRows], None]
) -> Iterator[MessageRow]:
    """In order of their numbers, without the data. What cannot be read is reported."""
    following = _FIRST
    for _ in range(_MOST_DAMAGES):
        try:
            for row in connection.execute(_ROWS, (following,)):
                # Pages of a damaged file may lead in circles.
                if row[0] < following:
                    raise apsw.CorruptError("the order of its rows is damaged")
                yield from _sound(row, report)
                following = row[0] + 1
                if row[0] == _LAST:
                    return
            return
        except SQLITE_ERRORS as error:
            lost = _behind_damage(connection, following, printable(error))
        report(lost)
        if lost.last is None:
            return
        following = lost.last + 1
    report(LostRows(following, None, "too much of the table is damaged"))


def _sound(row: tuple[Any, ...], report: Callable[[LostRows], None]) -> Iterator[MessageRow]:
    if all(isinstance(value, int) for value in row):
        yield MessageRow(*row)
    else:
        report(LostRows(row[0], row[0], "its topic or time of recording is no number"))


def _behind_damage(connection: apsw.Connection, first: int, reason: str) -> LostRows:
    """Those from ``first`` to the next that can be read. It is looked for in steps that begin
    small, so that others behind it are not passed over."""
    first = max(first, _FIRST_WRITTEN)
    lost, step, end = first, 1, _last_number(connection, first)
    while (found := _next_number(connection, min(lost + step, end))) is None:
        lost, step = lost + step, 2 * step
        if lost >= end:
            return LostRows(first, None, reason)
    sound = min(lost + step, end)
    while sound - lost > 1:
        middle = (lost + sound) // 2
        earlier = _next_number(connection, middle)
        if earlier is None:
            lost = middle
        else:
            sound, found = middle, earlier
    return LostRows(first, found - 1, reason)


def _next_number(connection: apsw.Connection, number: int) -> int | None:
    """Of the first row from ``number`` on; None where there is none, or it cannot be read."""
    try:
        row = connection.execute(f"{_ROWS} LIMIT 1", (number,)).fetchone()
    except SQLITE_ERRORS:
        return None
    return int(row[0]) if row is not None and row[0] >= number else None


def _last_number(connection: apsw.Connection, first: int) -> int:
    """Of the last row, beyond ``first``; the greatest that there can be where it is not known."""
    try:
        row = connection.execute("SELECT max(rowid) FROM messages NOT INDEXED").fetchone()
    except SQLITE_ERRORS:
        return _LAST
    return row[0] if row and isinstance(row[0], int) and row[0] > first else _LAST
