"""Damaged SQLite files: rows that are not damaged are read, on both sides of the damage.

A page that holds the text of a message tells what a damage hits. Small messages lie in pages that
the first page of their table names, so that each is lost alone.
"""

import os
import re
import sqlite3
import stat
import struct
from pathlib import Path

import pytest

from converter.errors import RecordingError
from converter.recordings.recordings import Recordings
from test.converter.recordings.bags import (
    START,
    BagMessage,
    new,
    storage_file,
    text_messages,
    write_bag,
)
from test.converter.recordings.reading import Plain, plain, read_path

PAGE = 4096


def written(folder: Path, messages: "list[BagMessage]") -> "tuple[Path, bytes]":
    """A bag's file in a place of its own, and what is in it."""
    file = storage_file(write_bag(folder / "bag", messages, "sqlite3"))
    alone = file.rename(folder / "alone.db3")
    return alone, alone.read_bytes()


def pages_with(content: bytes, messages: "list[BagMessage]") -> "list[int]":
    """The page of each message's text, counted from 0; of texts that lie within one page."""
    return [content.index(one.message.data.encode()) // PAGE for one in messages]


def leaf_pages(content: bytes, messages: "list[BagMessage]") -> "list[int]":
    pages = pages_with(content, messages)
    assert all(content[page * PAGE] == 13 for page in pages)  # leaves of a table
    return pages


def test_a_file_that_is_cut_gives_what_is_before_the_cut(tmp_path: Path) -> None:
    messages = text_messages(2000)
    file, content = written(tmp_path, messages)
    pages = leaf_pages(content, messages)
    for cut in range(max(pages) - 12, max(pages) + 1, 3):
        for bytes_more in (0, 100, 2000, 3000, 4095):
            file.write_bytes(content[: cut * PAGE + bytes_more])
            found, problems = read_path(file)
            expected = [one for one, page in zip(messages, pages, strict=True) if page < cut]
            assert found == plain(expected)
            assert 500 < len(found) < 2000
            assert f"(rows: those after number {len(found)}:" in problems[0]


@pytest.mark.parametrize("kept_bytes", [0, 100])
@pytest.mark.parametrize("fill", [b"\0", b"\xff", b"\x0d"])
def test_a_page_that_is_overwritten_costs_its_own_messages(
    fill: bytes, kept_bytes: int, tmp_path: Path
) -> None:
    """All of it, or all but its beginning, where SQLite finds no fault in some."""
    messages = text_messages(2000)
    file, content = written(tmp_path, messages)
    pages = leaf_pages(content, messages)
    for lost in ([pages[700]], [pages[0]], [pages[-1]], [pages[-70]], [pages[300], pages[900]]):
        damaged = bytearray(content)
        for page in lost:
            damaged[page * PAGE + kept_bytes : (page + 1) * PAGE] = fill * (PAGE - kept_bytes)
        file.write_bytes(damaged)
        found, problems = read_path(file)
        kept = [one for one, page in zip(messages, pages, strict=True) if page not in lost]
        assert found == plain(kept)
        assert len(problems) == 1
        assert "cannot be read" in problems[0]
        if lost == [pages[700]]:
            rows = [number + 1 for number, page in enumerate(pages) if page in lost]
            assert f"(rows: numbers {rows[0]} to {rows[-1]}:" in problems[0]


@pytest.mark.parametrize("count", [2_000, pytest.param(20_000, marks=pytest.mark.long)])
def test_many_damaged_pages_cost_their_own_messages(tmp_path: Path, count: int) -> None:
    """Every second one, from the first on."""
    messages = text_messages(count)
    file, content = written(tmp_path, messages)
    pages = leaf_pages(content, messages)
    damaged = bytearray(content)
    lost = set(sorted(set(pages))[:-1:2])
    for page in lost:
        damaged[page * PAGE : (page + 1) * PAGE] = b"\xff" * PAGE
    file.write_bytes(damaged)
    found, problems = read_path(file)
    kept = [one for one, page in zip(messages, pages, strict=True) if page not in lost]
    assert found == plain(kept)
    (told,) = re.findall(r"parts cannot be read, with (\d+) messages \(", problems[0])
    assert int(told) == len(messages) - len(found)


def test_a_damaged_image_costs_no_other(tmp_path: Path) -> None:
    """Of a long message most pages are in a list of their own, where one names the next."""
    messages = [
        one._replace(message=new("std_msgs/msg/String", data=f"{number:06d}," * 7000))
        for number, one in enumerate(text_messages(50))
    ]
    file, content = written(tmp_path, messages)
    damaged = bytearray(content)
    page = content.index(b"000020," * 500) // PAGE
    damaged[page * PAGE : page * PAGE + 4] = struct.pack(">I", 2**31)  # the next page
    file.write_bytes(damaged)
    found, problems = read_path(file)
    assert found == plain([*messages[:20], *messages[21:]])
    assert len(problems) == 1
    assert "1 message cannot be read (row 21: " in problems[0]


def test_the_end_of_a_message_is_never_made_up(tmp_path: Path) -> None:
    """SQLite takes zeros for what a cut has left of a page."""
    messages = [
        one._replace(message=new("std_msgs/msg/String", data=f"{number:06d}," * 7000))
        for number, one in enumerate(text_messages(50))
    ]
    file, content = written(tmp_path, messages)
    for cut in range(len(content) // 2, len(content), 17 * 1009):
        file.write_bytes(content[:cut])
        found, problems = read_path(file)
        assert found == plain(messages)[: len(found)], cut
        assert len(found) > 20
        assert problems


def test_pages_that_lead_in_circles_give_each_message_once(tmp_path: Path) -> None:
    messages = text_messages(2000)
    file, content = written(tmp_path, messages)
    pages = leaf_pages(content, messages)
    damaged = bytearray(content)
    third, other = (struct.pack(">I", sorted(set(pages))[at] + 1) for at in (3, 20))
    (root,) = (at for at in range(0, len(content), PAGE) if content[at] == 5)
    at = content.index(other, root, root + PAGE)
    damaged[at : at + 4] = third
    file.write_bytes(damaged)
    found, problems = read_path(file)
    lost = sorted(set(pages))[20]
    kept = [one for one, page in zip(messages, pages, strict=True) if page != lost]
    assert found == plain(kept)
    assert len(problems) == 1


def test_a_damaged_index_costs_nothing(tmp_path: Path) -> None:
    file, content = written(tmp_path, text_messages(2000))
    damaged = bytearray(content)
    indexes = [at for at in range(0, len(content), PAGE) if content[at] in (2, 10)]
    assert len(indexes) > 3
    for at in indexes:
        damaged[at : at + PAGE] = b"\xff" * PAGE
    file.write_bytes(damaged)
    assert read_path(file) == (plain(text_messages(2000)), ())


def change(file: Path, *statements: str) -> None:
    connection = sqlite3.connect(file)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.parametrize("value", ["NULL", "'text'", "x'00'", "1.5", "1e300"])
def test_rows_of_other_types_are_left_out(value: str, tmp_path: Path) -> None:
    for column in ("topic_id", "timestamp", "data"):
        folder = tmp_path / column
        folder.mkdir()
        file, _ = written(folder, text_messages(5))
        change(
            file,
            "CREATE TABLE loose (id INTEGER PRIMARY KEY, topic_id, timestamp, data)",
            "INSERT INTO loose SELECT * FROM messages",
            "DROP TABLE messages",
            "ALTER TABLE loose RENAME TO messages",
            f"UPDATE messages SET {column} = {value} WHERE id = 3",
        )
        found, problems = read_path(file)
        sound = text_messages(5)
        if column == "data" and value == "x'00'":  # bytes, if not those of a message
            assert len(found) == 5
        else:
            assert found == plain([*sound[:2], *sound[3:]])
            assert len(problems) == 1
            assert "cannot be read" in problems[0]
            assert "row 3: " in problems[0] or "numbers 3 to 3: " in problems[0]


def test_negative_times_and_numbers_are_taken(tmp_path: Path) -> None:
    messages = text_messages(5)
    file, _ = written(tmp_path, messages)
    change(
        file,
        "UPDATE messages SET timestamp = -5 WHERE id = 3",
        "UPDATE messages SET id = -7 WHERE id = 2",
    )
    with Recordings([file]) as recordings:
        found = list(recordings.messages(["/texts"]))
    assert [one.log_time - START for one in found[1:]] == [0, 10**6, 3 * 10**6, 4 * 10**6]
    assert found[0].log_time == -5
    assert found[0].seconds == 0
    assert found[1].seconds == pytest.approx((START + 5) / 1e9)


def test_messages_without_a_topic_are_counted(tmp_path: Path) -> None:
    file, _ = written(tmp_path, [*text_messages(5), *text_messages(7, "/other")])
    change(file, "DELETE FROM topics WHERE name = '/other'")
    found, problems = read_path(file)
    assert found == plain(text_messages(5))
    assert (
        "7 messages are left out, because the table of topics does not name the topic"
        in problems[0]
    )


def test_topics_that_are_not_cdr_are_left_out_and_named(tmp_path: Path) -> None:
    file, _ = written(tmp_path, [*text_messages(5), *text_messages(7, "/other")])
    change(file, "UPDATE topics SET serialization_format = 'json' WHERE name = '/other'")
    found, problems = read_path(file)
    assert found == plain(text_messages(5))
    assert len(problems) == 1
    assert "topic /other is left out: its messages are json" in problems[0]


def test_old_bags_without_definitions_are_read(tmp_path: Path) -> None:
    """As Foxy and Humble write them."""
    file, _ = written(tmp_path, text_messages(5))
    change(
        file,
        "DROP TABLE message_definitions",
        "DROP TABLE schema",
        "ALTER TABLE topics DROP COLUMN type_description_hash",
        "ALTER TABLE topics DROP COLUMN offered_qos_profiles",
    )
    assert read_path(file) == (plain(text_messages(5)), ())


@pytest.mark.parametrize(
    "statements",
    [
        ["DROP TABLE messages"],
        ["DROP TABLE topics"],
        ["ALTER TABLE messages RENAME TO real", "CREATE VIEW messages AS SELECT * FROM real"],
        [
            "DROP TABLE messages",
            "CREATE VIEW messages AS WITH RECURSIVE endless(n) AS (SELECT 1 UNION ALL SELECT n + 1 "
            "FROM endless) SELECT n AS id, 1 AS topic_id, n AS timestamp, x'00' AS data FROM "
            "endless",
        ],
        [
            "DROP TABLE messages",
            "CREATE TABLE messages (id INTEGER PRIMARY KEY, topic_id, data, timestamp AS "
            "(length(zeroblob(1000000000))))",
            "INSERT INTO messages (topic_id) VALUES (1), (1), (1), (1)",
        ],
        ["DROP TABLE messages", "CREATE VIRTUAL TABLE messages USING fts5(data)"],
        ["DROP TABLE messages", "CREATE TABLE messages (id INTEGER)"],
    ],
)
def test_what_is_no_table_of_a_bag_is_refused(statements: "list[str]", tmp_path: Path) -> None:
    file, _ = written(tmp_path, text_messages(5))
    change(file, *statements)
    with pytest.raises(RecordingError, match=r"cannot read .* as a bag"):
        Recordings([file])


def with_log(folder: Path) -> Path:
    """A bag whose recorder was killed while its newest messages were in SQLite's log alone."""
    file, _ = written(folder, text_messages(50))
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    for number, one in enumerate(text_messages(80)[50:], 51):
        values = (number, one.log_time, one.data)
        connection.execute("INSERT INTO messages VALUES (?, 1, ?, ?)", values)
    connection.commit()
    killed = folder / "killed"
    killed.mkdir()
    for suffix in ("", "-wal"):
        (killed / f"alone.db3{suffix}").write_bytes(Path(f"{file}{suffix}").read_bytes())
    connection.close()
    return killed / "alone.db3"


def test_the_log_beside_the_file_is_read_and_kept(tmp_path: Path) -> None:
    file = with_log(tmp_path)
    log = Path(f"{file}-wal")
    before = file.read_bytes(), log.read_bytes()
    for _ in range(2):
        assert read_path(file) == (plain(text_messages(80)), ())
    assert (file.read_bytes(), log.read_bytes()) == before
    assert set(file.parent.iterdir()) == {file, log}


@pytest.mark.parametrize("end", ["-shm", "-journal"])
def test_a_log_that_cannot_be_read_is_told(end: str, tmp_path: Path) -> None:
    """FIFOs, which SQLite could wait for."""
    file = with_log(tmp_path)
    os.mkfifo(f"{file}{end}")
    found, problems = read_path(file)
    assert found == plain(text_messages(50))
    assert "the newest messages may be in alone.db3-wal, which cannot be read here" in problems[0]
    assert "copy the folder" in problems[0]


def test_a_file_without_its_first_bytes_is_refused(tmp_path: Path) -> None:
    file, content = written(tmp_path, text_messages(5))
    file.write_bytes(b"")
    with pytest.raises(RecordingError, match=r"alone\.db3 is empty"):
        Recordings([file])
    for broken in (b"SQLite format 3", b"\0" * 100 + content[100:]):
        file.write_bytes(broken)
        with pytest.raises(RecordingError, match="no SQLite file, or its first bytes"):
            Recordings([file])
    file.write_bytes(content[:16] + b"\xff" * 84 + content[100:])
    with pytest.raises(RecordingError, match=r"sqlite3 FILE \.recover"):
        Recordings([file])


def test_names_of_files_are_taken_as_they_are(tmp_path: Path) -> None:
    """SQLite opens files by URIs, in which some characters mean something."""
    file, _ = written(tmp_path, text_messages(5))
    for name in ("a?mode=rwc&x.db3", "a#b.db3", "a%20b.db3", "a b.db3", os.fsdecode(b"\xff.db3")):
        file = file.rename(tmp_path / name)
        assert read_path(file) == (plain(text_messages(5)), ())
        assert [one.name for one in tmp_path.iterdir() if one.is_file()] == [name]
    assert stat.S_ISREG(file.stat().st_mode)


def test_messages_are_read_while_more_are_recorded(tmp_path: Path) -> None:
    """Nothing that another process holds is waited for."""
    file, _ = written(tmp_path, text_messages(5))
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    found: list[Plain] = read_path(file)[0]
    connection.close()
    assert found == plain(text_messages(5))
