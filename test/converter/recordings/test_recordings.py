"""Whole bags of all storages and compressions: each message is read, in order of recording."""

import itertools
import random
import threading
from pathlib import Path

import pytest
from rosbags.highlevel import AnyReader

from converter.errors import RecordingError
from converter.recordings.recordings import Recordings
from test.converter.recordings.bags import (
    COMPRESSIONS,
    PERIOD,
    START,
    STORAGES,
    BagMessage,
    classification_message,
    detections_message,
    storage_file,
    text_messages,
    write_bag,
    write_mcap,
)
from test.converter.recordings.reading import plain, read, read_path

WAYS = [
    (storage, compression, version)
    for storage, compression, version in itertools.product(STORAGES, COMPRESSIONS, (8, 9))
    if (storage, compression) != ("sqlite3", "chunk")  # SQLite has no chunks
]


def mixed(count: int = 40) -> "list[BagMessage]":
    """Two topics of texts, large and small, whose times alternate, and results."""
    large = text_messages(count, "/large", 70_000)
    small = text_messages(3 * count, "/small", start=START + 500_000)
    found = detections_message([((1, 2, 3, 4), "cat", 0.5)])
    said = classification_message([("dog", 0.25)])
    results = [BagMessage("/found", START, found), BagMessage("/said", START + 1, said)]
    return sorted([*large, *small, *results], key=lambda one: one.log_time)


@pytest.mark.parametrize(("storage", "compression", "version"), WAYS)
def test_all_messages_are_read_as_rosbags_reads_them(
    storage: str, compression: str, version: int, tmp_path: Path
) -> None:
    written = mixed()
    bag = write_bag(tmp_path / "bag", written, storage, compression, version)
    with AnyReader([bag]) as reader:
        theirs = [(one.topic, time, bytes(data)) for one, time, data in reader.messages()]
    found, problems = read_path(bag)
    assert found == theirs == plain(written)
    assert problems == ()


@pytest.mark.parametrize("compression", ["none", "lz4", "zstd"])
@pytest.mark.parametrize("is_chunked", [True, False])
@pytest.mark.parametrize("is_indexed", [True, False])
def test_files_of_the_mcap_library_are_read(
    compression: str, is_chunked: bool, is_indexed: bool, tmp_path: Path
) -> None:
    file = write_mcap(
        tmp_path / "bag.mcap",
        mixed(),
        compression,
        chunk_bytes=100_000,
        is_indexed=is_indexed,
        is_chunked=is_chunked,
    )
    assert read_path(file) == (plain(mixed()), ())


@pytest.mark.parametrize("storage", STORAGES)
def test_a_single_file_is_read_without_its_folder(storage: str, tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", mixed(), storage)
    file = storage_file(bag).rename(tmp_path / f"alone{storage_file(bag).suffix}")
    assert read_path(file) == (plain(mixed()), ())


def test_compressed_single_files_are_read(tmp_path: Path) -> None:
    for storage in STORAGES:
        bag = write_bag(tmp_path / storage, mixed(), storage, "file")
        assert storage_file(bag).suffix == ".zstd"
        assert read_path(storage_file(bag)) == (plain(mixed()), ())


def test_metadata_stands_for_its_folder(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", mixed())
    assert read_path(bag / "metadata.yaml") == (plain(mixed()), ())


@pytest.mark.parametrize("storage", STORAGES)
def test_topics_have_type_and_number_of_messages(storage: str, tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", mixed(), storage)
    with Recordings([bag]) as recordings:
        assert [tuple(topic) for topic in recordings.topics] == [
            ("/found", "vision_msgs/msg/Detection2DArray", 1),
            ("/large", "std_msgs/msg/String", 40),
            ("/said", "vision_msgs/msg/Classification", 1),
            ("/small", "std_msgs/msg/String", 120),
        ]
        assert recordings.seconds == pytest.approx(0.1195)  # from 0 to 0.5 + 119 ms


@pytest.mark.parametrize("storage", STORAGES)
def test_only_topics_that_are_asked_for_are_read(storage: str, tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", mixed(), storage)
    with Recordings([bag]) as recordings:
        assert {one.topic for one in recordings.messages(["/said", "/other"])} == {"/said"}
        assert list(recordings.messages([])) == []


@pytest.mark.parametrize("storage", STORAGES)
def test_messages_come_in_order_of_recording_however_they_were_written(
    storage: str, tmp_path: Path
) -> None:
    written = mixed()
    random.Random(0).shuffle(written)
    bag = write_bag(tmp_path / "bag", written, storage)
    found, problems = read_path(bag)
    assert found == plain(written)
    assert any("/large go backwards" in problem for problem in problems)


def test_chunks_that_overlap_are_merged(tmp_path: Path) -> None:
    """As of a recorder that writes each topic into chunks of its own."""
    early, late = text_messages(50, "/a"), text_messages(50, "/b", start=START + 10)
    file = write_mcap(tmp_path / "bag.mcap", [*early, *late], chunk_bytes=500)
    assert read_path(file) == (plain([*early, *late]), ())


@pytest.mark.parametrize("storage", STORAGES)
def test_messages_of_the_same_time_keep_their_order(storage: str, tmp_path: Path) -> None:
    written = [one._replace(log_time=START) for one in text_messages(300)]
    bag = write_bag(tmp_path / "bag", written, storage)
    assert read_path(bag)[0] == plain(written)


def split(folder: Path, parts: "list[list[BagMessage]]", storage: str) -> Path:
    """A bag of several files, as ``ros2 bag record`` with a limit writes it."""
    folder.mkdir()
    for number, part in enumerate(parts):
        one = write_bag(folder / "one", part, storage)
        file = storage_file(one)
        file.rename(folder / f"bag_{number}{file.suffix}")
        (one / "metadata.yaml").unlink()
        one.rmdir()
    names = "".join(f"    - bag_{number}{file.suffix}\n" for number in range(len(parts)))
    count = sum(map(len, parts))
    (folder / "metadata.yaml").write_text(
        f"rosbag2_bagfile_information:\n  version: 5\n  message_count: {count}\n"
        f"  relative_file_paths:\n{names}"
    )
    return folder


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("has_metadata", [True, False])
def test_split_files_are_read_in_order(storage: str, has_metadata: bool, tmp_path: Path) -> None:
    """Twelve, so that bag_10 must not come before bag_2, and times overlap from file to file."""
    written = mixed()
    step = len(written) // 12 + 1
    parts = [written[at : at + step] for at in range(0, len(written), step)]
    parts[3][-1], parts[4][0] = parts[4][0], parts[3][-1]
    bag = split(tmp_path / "bag", parts, storage)
    if not has_metadata:
        (bag / "metadata.yaml").unlink()
    found, problems = read_path(bag)
    assert found == plain(written)
    assert len(problems) == (0 if has_metadata else 1)


def test_files_of_which_none_precedes_the_others_are_merged(tmp_path: Path) -> None:
    parts = [text_messages(30, f"/{number}", start=START + number) for number in range(5)]
    bag = split(tmp_path / "bag", parts, "mcap")
    assert read_path(bag)[0] == plain(itertools.chain(*parts))


def test_bags_follow_one_another(tmp_path: Path) -> None:
    """The second was recorded before the first, an hour apart, with other storage."""
    first = write_bag(tmp_path / "first", text_messages(11), "mcap")
    earlier = text_messages(21, start=START - 3600 * 10**9)
    second = write_bag(tmp_path / "second", earlier, "sqlite3")
    with Recordings([first, second]) as recordings:
        found = list(recordings.messages(["/texts"]))
        assert recordings.seconds == pytest.approx(0.03)
        assert recordings.topics[0].messages == 32
        assert recordings.problems == ()
    assert [one.log_time for one in found[:11]] == [START + i * 10**6 for i in range(11)]
    expected = [i / 1000 for i in range(11)] + [0.01 + i / 1000 for i in range(21)]
    assert [one.seconds for one in found] == pytest.approx(expected)


@pytest.mark.parametrize("storage", STORAGES)
def test_an_excerpt_begins_and_ends_where_it_should(storage: str, tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", text_messages(1000, length=5000), storage)
    with Recordings([bag, bag]) as recordings:
        names = ["/texts"]
        all_of_them = [one.seconds for one in recordings.messages(names)]
        assert len(all_of_them) == 2000
        for start, end in [
            (0.0, 0.5),
            (0.25, 0.75),
            (0.5, 1.25),
            (0.999, None),
            (0.3, 0.3),
            (9, 10),
        ]:
            found = [one.seconds for one in recordings.messages(names, start, end)]
            expected = [one for one in all_of_them if start <= one and (end is None or one < end)]
            assert found == expected
        assert len(list(recordings.messages(names, 0.25, 0.75))) == 500
        assert len(list(recordings.messages(names, 0, float("inf")))) == 2000


@pytest.mark.parametrize(("storage", "compression", "version"), WAYS[::2])
def test_two_threads_iterate_at_once(
    storage: str, compression: str, version: int, tmp_path: Path
) -> None:
    written = mixed()
    bag = write_bag(tmp_path / "bag", written, storage, compression, version)
    found: list[list] = []
    with Recordings([bag]) as recordings:
        threads = [
            threading.Thread(target=lambda: found.append(read(recordings))) for _ in range(2)
        ]
        first = recordings.messages(["/small"])
        next(first)  # a third one that has begun, and ends in another thread
        for thread in threads:
            thread.start()
        assert len(list(first)) == 119
        for thread in threads:
            thread.join()
    assert found == [plain(written)] * 2


def test_what_was_decompressed_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    bag = write_bag(tmp_path / "bag", text_messages(3), "mcap", "file")
    with Recordings([bag]):
        assert list((tmp_path / "temporary").iterdir())
    assert not list((tmp_path / "temporary").iterdir())
    with pytest.raises(RecordingError):
        Recordings([bag, tmp_path / "missing"])
    assert not list((tmp_path / "temporary").iterdir())


def test_times_that_jump_are_told(tmp_path: Path) -> None:
    """A clock that begins in 1970, is set, and is set back by 5 s."""
    times = [10**9, 2 * 10**9, START, START + PERIOD, START + PERIOD - 5 * 10**9]
    written = [one._replace(log_time=at) for one, at in zip(text_messages(5), times, strict=True)]
    for storage in STORAGES:
        found, problems = read_path(write_bag(tmp_path / storage, written, storage))
        assert found == plain(written)
        assert len(problems) == 2
        assert "/texts go backwards once, by up to 5 s" in problems[0]
        hours = (START - 2 * 10**9) / 3600e9
        assert f"/texts jump ahead once, by up to {hours:.4g} hours" in problems[1]
