"""Damaged MCAP files: what is not damaged is read, and what is lost is told.

Where the text of a message stands in a file tells what a damage hits; nothing of ours decides it.
"""

import struct
from pathlib import Path
from typing import Iterable

import pytest
from mcap.opcode import Opcode
from mcap.stream_reader import StreamReader

from converter.errors import RecordingError
from converter.recordings.recordings import Recordings
from test.converter.recordings.bags import START, BagMessage, text_messages, write_bag, write_mcap
from test.converter.recordings.reading import Plain, plain, read_path

MAGIC = b"\x89MCAP0\r\n"


def text_of(message: BagMessage) -> bytes:
    return str(message.message.data).encode()


def spans(content: bytes, messages: Iterable[BagMessage]) -> "list[tuple[int, int]]":
    """Where the text of each message begins and ends in a file that is not compressed."""
    begins = [content.index(text_of(one)) for one in messages]
    return [(at, at + len(text_of(one))) for at, one in zip(begins, messages, strict=True)]


def chunks(content: bytes) -> "list[tuple[int, int]]":
    """Where each chunk record begins and ends, by the library of MCAP."""
    found, at = [], len(MAGIC)
    while content[at] != Opcode.FOOTER:
        end = at + 9 + struct.unpack_from("<Q", content, at + 1)[0]
        if content[at] == Opcode.CHUNK:
            found.append((at, end))
        at = end
    return found


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def read_or_nothing(path: Path) -> "tuple[list[Plain], tuple[str, ...]]":
    try:
        return read_path(path)
    except RecordingError as error:
        return [], (str(error),)


def one_in_each_chunk(tmp_path: Path, compression: str, count: int = 20) -> bytes:
    """A file of ``text_messages`` with its chunks one after the other."""
    file = tmp_path / "whole.mcap"
    write_mcap(file, text_messages(count), compression, chunk_bytes=1)
    return file.read_bytes()


@pytest.mark.parametrize("is_indexed", [True, False])
@pytest.mark.parametrize("chunk_bytes", [1, 300, 10**6])
def test_what_is_whole_before_a_cut_is_read(
    chunk_bytes: int, is_indexed: bool, tmp_path: Path
) -> None:
    """Wherever a file is cut: within a chunk that is not compressed too."""
    messages = text_messages(12)
    file = write_mcap(
        tmp_path / "whole.mcap", messages, chunk_bytes=chunk_bytes, is_indexed=is_indexed
    )
    content = file.read_bytes()
    where = spans(content, messages)
    head = content.index(bytes([Opcode.CHUNK]), len(MAGIC)) + 9 + 40  # to where records begin
    cuts = {at + step for span in where for at in span for step in (-1, 0, 1, 2)}
    for cut in sorted({*cuts, *range(head, len(content), 61)} - set(range(head))):
        found, problems = read_or_nothing(write(tmp_path / "cut.mcap", content[:cut]))
        # A message ends with a zero after its text.
        expected = [one for one, (_, end) in zip(messages, where, strict=True) if end < cut]
        assert found == plain(expected), cut
        assert problems, cut


@pytest.mark.parametrize("compression", ["lz4", "zstd"])
def test_whole_chunks_before_a_cut_are_read(compression: str, tmp_path: Path) -> None:
    content = one_in_each_chunk(tmp_path, compression)
    places = chunks(content)
    # The library puts a message after the last one into the next chunk.
    reader = StreamReader(str(tmp_path / "whole.mcap"), emit_chunks=True)
    assert sum(type(one).__name__ == "Chunk" for one in reader.records) == len(places) >= 20
    with_message = places[-20:]
    for number, (start, end) in enumerate(with_message):
        for cut in (start + 1, start + 30, end - 1, end, end + 1):
            found, problems = read_or_nothing(write(tmp_path / "cut.mcap", content[:cut]))
            whole = plain(text_messages(20)[: number + (cut >= end)])
            assert found[: len(whole)] == whole
            assert len(found) - len(whole) in (0, 1)  # of a chunk that is nearly whole
            assert found == plain(text_messages(20)[: len(found)])
            assert len(problems) == 1


@pytest.mark.parametrize("compression", ["none", "lz4", "zstd"])
def test_a_damaged_chunk_costs_its_own_messages(compression: str, tmp_path: Path) -> None:
    content = one_in_each_chunk(tmp_path, compression)
    places = chunks(content)[-20:]
    for hit in (0, 7, 19):
        start, end = places[hit]
        for at in (end - 3, (start + end) // 2, end - 20):
            damaged = bytearray(content)
            damaged[at] ^= 0x55
            found, problems = read_path(write(tmp_path / "damaged.mcap", bytes(damaged)))
            messages = text_messages(20)
            del messages[hit]
            assert found == plain(messages)
            assert len(problems) == 1
            assert f"1 chunk cannot be read, with 1 message (at byte {start + 9}" in problems[0]


def test_several_damaged_chunks_are_told_in_one_sentence(tmp_path: Path) -> None:
    damaged = bytearray(one_in_each_chunk(tmp_path, "zstd"))
    for _, end in chunks(bytes(damaged))[-20:-10]:
        damaged[end - 3] ^= 0x55
    with Recordings([write(tmp_path / "damaged.mcap", bytes(damaged))]) as recordings:
        assert recordings.problems == ()  # they are met when they are read
        for _ in range(2):  # and counted once
            found = list(recordings.messages(["/texts"]))
            assert len(found) == 10
            assert len(recordings.problems) == 1
            assert (
                "10 chunks cannot be read, with 10 messages (the first: at byte"
                in (recordings.problems[0])
            )


@pytest.mark.parametrize("is_chunked", [True, False])
@pytest.mark.parametrize("length", [0, 5, 500, 2**20, 2**40, 2**63, 2**64 - 1])
def test_a_damaged_length_costs_little(length: int, is_chunked: bool, tmp_path: Path) -> None:
    """It is found again where the next record begins."""
    messages = text_messages(30)
    file = write_mcap(tmp_path / "whole.mcap", messages, chunk_bytes=1, is_chunked=is_chunked)
    content = bytearray(file.read_bytes())
    start, _ = spans(content, messages)[11]
    opcode = Opcode.CHUNK if is_chunked else Opcode.MESSAGE
    before_text = (9 + 40 if is_chunked else 0) + 9 + 22 + 8  # chunk, message, CDR
    assert content[start - before_text] == opcode
    struct.pack_into("<Q", content, start - before_text + 1, length)
    found, problems = read_path(write(tmp_path / "damaged.mcap", bytes(content)))
    sound = plain(messages)
    # The message is within a chunk, and can be read there. Without one, it is not known how much
    # of what follows is of it.
    assert [one for one in found if one in sound] == (
        sound if is_chunked else [*sound[:11], *sound[12:]]
    )
    assert len(found) <= len(messages)
    assert any("part cannot be read" in problem for problem in problems)


@pytest.mark.parametrize("opcode", [0x00, 0x02, 0x0F, 0x10, 0x7F, 0xFF])
def test_a_damaged_opcode_costs_its_own_record(opcode: int, tmp_path: Path) -> None:
    content = bytearray(one_in_each_chunk(tmp_path, "zstd"))
    content[chunks(content)[-10][0]] = opcode
    found, _ = read_path(write(tmp_path / "damaged.mcap", bytes(content)))
    messages = text_messages(20)
    del messages[10]
    assert found == plain(messages)


@pytest.mark.parametrize("fill", [b"\0", b"\xff", b"\x05", b"\x06\0\0\0\0\0\0\0\0"])
def test_what_is_overwritten_costs_what_is_there(fill: bytes, tmp_path: Path) -> None:
    """As where a disk has lost some of its blocks."""
    content = bytearray(one_in_each_chunk(tmp_path, "none", 60))
    messages = text_messages(60)
    where = spans(content, messages)
    start, end = where[20][0] + 5, where[29][0] + 5
    content[start:end] = (fill * (end - start))[: end - start]
    found, problems = read_path(write(tmp_path / "damaged.mcap", bytes(content)))
    assert found == plain([*messages[:20], *messages[30:]])
    assert problems


def test_messages_index_with_wrong_times_does_not_move_messages(tmp_path: Path) -> None:
    content = bytearray(one_in_each_chunk(tmp_path, "zstd"))
    _, end = chunks(content)[-5]
    assert content[end] == Opcode.MESSAGE_INDEX
    content[end + 9 + 6 + 7] = 0x7F  # the highest byte of a time
    with Recordings([write(tmp_path / "damaged.mcap", bytes(content))]) as recordings:
        assert recordings.seconds == pytest.approx(0.019)
        assert len(list(recordings.messages(["/texts"]))) == 20


def test_an_index_of_a_channel_that_is_not_there_costs_no_message(tmp_path: Path) -> None:
    content = bytearray(one_in_each_chunk(tmp_path, "zstd"))
    _, end = chunks(content)[-5]
    content[end + 9 : end + 11] = b"\xff\xff"
    assert read_path(write(tmp_path / "damaged.mcap", bytes(content))) == (
        plain(text_messages(20)),
        (),
    )


def test_channels_of_other_kinds_are_left_out_and_named(tmp_path: Path) -> None:
    """As a file that foxglove writes beside images of ROS 2."""
    from mcap.writer import Writer

    file = tmp_path / "mixed.mcap"
    messages = text_messages(5)
    with file.open("wb") as stream:
        writer = Writer(stream)
        writer.start()
        json = writer.register_schema("Thing", "jsonschema", b"{}")
        foreign = [
            writer.register_channel("/json", "json", json),
            writer.register_channel("/protobuf", "protobuf", json),
            writer.register_channel("/none", "", 0),
            writer.register_channel("/ros1\x1b[2J", "ros1", json),
            writer.register_channel("/untyped", "cdr", 0),
        ]
        schema = writer.register_schema("std_msgs/msg/String", "ros2msg", b"string data\n")
        texts = writer.register_channel("/texts", "cdr", schema)
        for number, one in enumerate(messages):
            writer.add_message(foreign[number], one.log_time, b"{}", one.log_time)
            writer.add_message(texts, one.log_time, one.data, one.log_time)
        writer.finish()
    found, problems = read_path(file)
    assert found == plain(messages)
    assert len(problems) == 5
    for name in ("/json", "/protobuf", "/none", r"/ros1\x1b[2J"):
        (problem,) = (one for one in problems if f"topic {name} is left out" in one)
        assert "only those of ROS 2 (cdr) are read" in problem
    assert any(
        "topic /untyped is left out: the file does not tell the type" in one for one in problems
    )


def test_a_file_without_its_first_bytes_is_refused(tmp_path: Path) -> None:
    content = one_in_each_chunk(tmp_path, "none")
    with pytest.raises(RecordingError, match=r"broken\.mcap is empty"):
        Recordings([write(tmp_path / "broken.mcap", b"")])
    for broken in (b"\x89MCAP", b"\0" * 8 + content[8:], content[8:]):
        with pytest.raises(RecordingError, match="no MCAP file, or its first bytes"):
            Recordings([write(tmp_path / "broken.mcap", broken)])


def test_a_file_of_which_nothing_can_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no message that can be read"):
        Recordings([write(tmp_path / "empty.mcap", MAGIC)])
    with pytest.raises(RecordingError, match="no message that can be read"):
        Recordings([write_mcap(tmp_path / "none.mcap", [])])
    one = write_mcap(tmp_path / "one.mcap", text_messages(5), is_indexed=False)
    damaged = bytearray(one.read_bytes())
    damaged[damaged.index(b"/texts-000003")] ^= 1
    with pytest.raises(RecordingError, match=r"can be read\.\n  .*1 chunk .* its checksum differs"):
        Recordings([write(one, bytes(damaged))])


def test_a_killed_recorder_leaves_all_but_the_end(tmp_path: Path) -> None:
    """A folder without metadata, with a file that ends behind a chunk."""
    bag = write_bag(tmp_path / "bag", text_messages(2000, length=5000), compression="chunk")
    file = bag / "bag.mcap"
    content = file.read_bytes()
    place = chunks(content)
    assert len(place) > 5
    file.write_bytes(content[: place[-1][0]])
    (bag / "metadata.yaml").unlink()
    found, problems = read_path(bag)
    assert found == plain(text_messages(len(found), length=5000))
    assert 1600 < len(found) < 2000
    assert len(problems) == 2
    assert "has no metadata.yaml" in problems[0]
    assert "lacks the end that a recorder writes" in problems[1]


def hostile_chunk(size: int, data: bytes, name: bytes = b"zstd") -> bytes:
    fields = struct.pack("<QQQII", START, START, size, 0, len(name)) + name
    content = fields + struct.pack("<Q", len(data)) + data
    return struct.pack("<BQ", Opcode.CHUNK, len(content)) + content


def test_a_chunk_of_zeros_costs_no_time(tmp_path: Path) -> None:
    """Of 200 MiB, where each record would have nine bytes; it ends at the first."""
    import lz4.frame

    size = 200 * 2**20
    zeros = hostile_chunk(size, lz4.frame.compress(bytes(size)), b"lz4")
    whole = one_in_each_chunk(tmp_path, "lz4")
    at = chunks(whole)[-10][0]
    found, problems = read_path(write(tmp_path / "zeros.mcap", whole[:at] + zeros + whole[at:]))
    assert found == plain(text_messages(20))
    assert "1 chunk cannot be read" in problems[0]
    assert "a record of kind 0 and 0 bytes" in problems[0]


@pytest.mark.parametrize("size", [2**31, 100 * 10**9, 2**63, 2**64 - 1])
def test_chunks_that_claim_to_be_huge_are_left_out(size: int, tmp_path: Path) -> None:
    import zstandard

    whole = one_in_each_chunk(tmp_path, "zstd")
    at = chunks(whole)[-10][0]
    bomb = zstandard.compress(b"\0" * 2**24)
    for claimed, data in ((size, b""), (size, bomb), (100, bomb)):
        content = whole[:at] + hostile_chunk(claimed, data) + whole[at:]
        found, problems = read_path(write(tmp_path / "hostile.mcap", content))
        assert found == plain(text_messages(20))
        assert len(problems) == 1
