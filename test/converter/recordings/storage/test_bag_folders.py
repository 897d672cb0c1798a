"""What a path may lead to: folders with less or more than a bag, and what is no bag at all."""

import itertools
import os
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import zstandard

from converter.errors import RecordingError
from converter.recordings.recordings import Recordings
from test.converter.recordings.bags import (
    START,
    STORAGES,
    BagMessage,
    storage_file,
    text_messages,
    write_bag,
)
from test.converter.recordings.reading import plain, read_path
from test.full_disk import largest_file
from test.trt_inference.images.image_fields import encoded

TEXTS = text_messages(20)
# Each list has nine times the one before: 9 to the 10th texts.
LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in itertools.pairwise("abcdefghij")
)


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    return write_bag(tmp_path / "bag", TEXTS)


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("compression", ["none", "message", "file"])
def test_a_killed_recorder_leaves_no_metadata(
    storage: str, compression: str, tmp_path: Path
) -> None:
    """Nothing but metadata tells that messages are compressed one by one."""
    bag = write_bag(tmp_path / "bag", TEXTS, storage, compression)
    (bag / "metadata.yaml").unlink()
    found, problems = read_path(bag)
    assert found == plain(TEXTS)
    assert len(problems) == 1
    assert "has no metadata.yaml, as where the recorder was killed" in problems[0]
    assert "ros2 bag reindex" in problems[0]


def replace(bag: Path, old: str, new: str) -> None:
    file = bag / "metadata.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_files_that_are_gone_are_named(bag: Path) -> None:
    names = "relative_file_paths:\n"
    replace(bag, names, f"{names}  - gone_1.mcap\n  - gone_2.mcap\n")
    found, problems = read_path(bag)
    assert found == plain(TEXTS)
    assert len(problems) == 1
    assert problems[0].endswith("names gone_1.mcap, gone_2.mcap, which are not there")


def test_a_bag_whose_file_has_another_name_is_read(bag: Path) -> None:
    storage_file(bag).rename(bag / "renamed.mcap")
    found, problems = read_path(bag)
    assert found == plain(TEXTS)
    assert len(problems) == 1
    assert problems[0].endswith("names bag.mcap, which is not there")


def test_files_that_metadata_does_not_name_are_left_out_and_named(bag: Path) -> None:
    shutil.copy(storage_file(bag), bag / "other.mcap")
    found, problems = read_path(bag)
    assert found == plain(TEXTS)
    assert len(problems) == 1
    assert "does not name other.mcap, so it is left out" in problems[0]


def test_counts_that_differ_are_told(bag: Path) -> None:
    replace(bag, "message_count: 20", "message_count: 25")
    found, problems = read_path(bag)
    assert found == plain(TEXTS)
    assert problems == (f"{bag}: metadata.yaml tells of 25 messages, and 20 are there",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[",
        "just a text",
        "rosbag2_bagfile_information:\n",
        "rosbag2_bagfile_information: {relative_file_paths: 5}\n",
        "rosbag2_bagfile_information: {relative_file_paths: [[5], {}]}\n",
        "rosbag2_bagfile_information: {relative_file_paths: ['', ., .., /]}\n",
        "!!python/object/apply:os.abort []\n",
        "\0\x01\x02",
        "{a: " * 50_000,
        LAUGHS,
        "x" * 5_000_000,
    ],
)
def test_metadata_that_cannot_be_read_costs_nothing(text: str, bag: Path) -> None:
    (bag / "metadata.yaml").write_text(text)
    found, problems = read_path(bag)
    assert found == plain(TEXTS)
    assert len(problems) <= 1
    assert all("metadata.yaml" in problem and len(problem) < 1000 for problem in problems)


@pytest.mark.parametrize("name", ["../outside.mcap", "/outside.mcap", "a/../../outside.mcap"])
def test_metadata_does_not_lead_out_of_the_folder(name: str, bag: Path) -> None:
    write_bag(bag.parent / "other", text_messages(3, "/secret"))
    storage_file(bag.parent / "other").rename(bag.parent / "outside.mcap")
    replace(bag, "- bag.mcap", f"- {name}")
    found, _ = read_path(bag)
    assert found == plain(TEXTS)


def test_a_name_in_metadata_that_no_file_can_have_costs_nothing(bag: Path) -> None:
    replace(bag, "bag.mcap", "x" * 5000)
    found, problems = read_path(bag)
    assert found == plain(TEXTS)
    (problem,) = problems
    assert "which is not there" in problem
    assert len(problem) < 1000


def test_paths_of_old_metadata_are_found(bag: Path) -> None:
    """Before version 4 they begin with the folder."""
    replace(bag, "- bag.mcap", "- bag/bag.mcap")
    assert read_path(bag) == (plain(TEXTS), ())


def test_nothing_is_waited_for(bag: Path) -> None:
    """FIFOs that nobody writes into, where files may be."""
    os.mkfifo(bag / "other.mcap")
    os.mkfifo(bag.parent / "alone.mcap")
    replace(bag, "relative_file_paths:\n", "relative_file_paths:\n  - other.mcap\n")
    assert read_path(bag)[0] == plain(TEXTS)
    (bag / "metadata.yaml").unlink()
    os.mkfifo(bag / "metadata.yaml")
    found, problems = read_path(bag)
    assert found == plain(TEXTS)
    assert any("no regular file" in problem for problem in problems)
    with pytest.raises(RecordingError, match="no regular file"):
        Recordings([bag.parent / "alone.mcap"])


def test_links_are_followed(bag: Path) -> None:
    """To a larger disk, as some keep their bags."""
    moved = storage_file(bag).rename(bag.parent / "elsewhere")
    (bag / "bag.mcap").symlink_to(moved)
    assert read_path(bag) == (plain(TEXTS), ())
    moved.unlink()
    with pytest.raises(RecordingError, match=r"cannot read .*bag\.mcap: No such file"):
        Recordings([bag])


def test_one_file_that_cannot_be_read_costs_no_other(bag: Path) -> None:
    (bag / "metadata.yaml").unlink()
    (bag / "broken.mcap").write_bytes(b"nothing")
    (bag / "empty.db3").touch()
    found, problems = read_path(bag)
    assert found == plain(TEXTS)
    assert len(problems) == 3
    assert "broken.mcap is no MCAP file" in problems[1]
    assert "empty.db3 is empty" in problems[2]


def test_what_is_no_bag_is_refused(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "one.jpg").write_bytes(encoded(".jpg", np.zeros((4, 4, 3), np.uint8)))
    (tmp_path / "video.mp4").touch()
    (tmp_path / "old.bag").touch()
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "one.bag").touch()
    for path, told in [
        (pictures, r"pictures is no bag: there is no file \.mcap or \.db3 in it"),
        (pictures / "one.jpg", r"one\.jpg is no bag: give a folder as `ros2 bag record` writes"),
        (tmp_path / "video.mp4", r"video\.mp4 is no bag"),
        (tmp_path / "missing", "missing does not exist"),
        (tmp_path / "old.bag", "is a bag of ROS 1: convert it with .*rosbags-convert"),
        (tmp_path / "old", "has bags of ROS 1 alone: convert it with rosbags-convert"),
        (tmp_path / "a\x1b[2J", r"a\\x1b\[2J does not exist"),
        (tmp_path / ("x" * 5000), "cannot read|does not exist"),
    ]:
        with pytest.raises(RecordingError, match=told):
            Recordings([path])
    with pytest.raises(RecordingError, match="give the path of a bag"):
        Recordings([])


@pytest.mark.parametrize("storage", STORAGES)
def test_a_bag_without_messages_is_refused(storage: str, tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", [], storage)
    with pytest.raises(RecordingError, match="bag has no message that can be read"):
        Recordings([bag])


def test_a_compressed_file_that_is_cut_gives_what_is_before_the_cut(tmp_path: Path) -> None:
    """Of texts that cannot be compressed, so that little waits for what follows."""
    chance = np.random.default_rng(0)
    texts = [
        BagMessage("/t", START + n, b"\0\1\0\0" + chance.bytes(50_000), "std_msgs/msg/String")
        for n in range(40)
    ]
    for storage in STORAGES:
        bag = write_bag(tmp_path / storage, texts, storage, "file")
        file = storage_file(bag)
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        found, problems = read_path(bag)
        assert found == plain(texts)[: len(found)]
        assert 14 <= len(found) <= 20
        assert any("can be decompressed up to byte" in problem for problem in problems)


def test_a_compressed_file_that_holds_no_bag_is_called_by_its_own_name(tmp_path: Path) -> None:
    plain_one = storage_file(write_bag(tmp_path / "bag", TEXTS, "mcap")).read_bytes()
    for name, content, told in [
        ("plain.mcap.zstd", plain_one, r"cannot decompress .*plain\.mcap\.zstd: zstd"),
        ("text.mcap.zst", zstandard.compress(b"text" * 20), r"in .*text\.mcap\.zst: .*no MCAP"),
    ]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(RecordingError, match=told):
            Recordings([tmp_path / name])


def test_a_full_disk_is_an_error_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bag = write_bag(tmp_path / "bag", text_messages(200, length=5000), "mcap", "file")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    with largest_file(100_000):
        with pytest.raises(RecordingError, match="Decompress it where there is room"):
            Recordings([bag])
    assert not list((tmp_path / "temporary").iterdir())


def test_a_disk_is_not_filled_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bag = write_bag(tmp_path / "bag", TEXTS, "mcap", "file")
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=2**29))
    with pytest.raises(RecordingError, match="less than 1024 MiB would be left"):
        Recordings([bag])


def test_reading_goes_on_in_another_thread_after_the_first_has_ended(bag: Path) -> None:
    with Recordings([bag]) as recordings:
        messages = recordings.messages(["/texts"])
        found = [next(messages)]
        thread = threading.Thread(target=lambda: found.extend(messages))
        thread.start()
        thread.join()
    assert len(found) == 20
