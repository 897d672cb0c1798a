"""Bags with any bytes changed, cut out or put in: never anything but messages, problems and
``RecordingError``, and never more memory than the bag takes."""

import random
import resource
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Callable

import numpy as np
import pytest

from converter.errors import RecordingError
from converter.recordings.choose_image_topics import choose_image_topics
from converter.recordings.image_messages import decode_message, header_of
from converter.recordings.recordings import Recordings
from test.converter.recordings.bags import (
    START,
    BagMessage,
    compressed_message,
    detections_message,
    image_messages,
    storage_file,
    text_messages,
    write_bag,
    write_mcap,
)
from trt_inference.errors import ImageError
from trt_inference.images.image_reader import ImageReader

MEMORY = 512 * 2**20  # more than a process of these tests has when they begin


def messages() -> "list[BagMessage]":
    pixels = [np.full((6, 8, 3), number, np.uint8) for number in range(12)]
    found = detections_message([((1, 2, 3, 4), "cat", 0.5)] * 3)
    picture = compressed_message(b"\xff\xd8\xff no jpeg \xff\xd9")
    return [
        BagMessage("/found", START, found),
        BagMessage("/camera/compressed", START, picture),
        *image_messages(pixels),
        *text_messages(40, length=200),
    ]


def change_bytes(content: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 1, 3, 30))):
        content[chance.randrange(len(content))] = chance.randrange(256)


def flip_bit(content: bytearray, chance: random.Random) -> None:
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def cut_out(content: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(content))
    del content[start : start + chance.choice((1, 10, 1000, len(content)))]


def put_in(content: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(content))
    content[start:start] = chance.randbytes(chance.choice((1, 8, 5000)))


def overwrite(content: bytearray, chance: random.Random) -> None:
    """A few bytes with what lengths and counts become dangerous by."""
    start = chance.randrange(len(content))
    value = chance.choice((b"\xff" * 8, b"\0" * 8, b"\xff\xff\xff\x7f", b"\0\0\0\x80"))
    content[start : start + len(value)] = value


DAMAGES: "list[Callable[[bytearray, random.Random], None]]" = [
    change_bytes,
    flip_bit,
    cut_out,
    put_in,
    overwrite,
]


def read_all(path: Path) -> int:
    """All that can be done with a bag; the number of messages."""
    count = 0
    reader = ImageReader()
    try:
        with Recordings([path]) as recordings:
            with suppress(RecordingError):
                choose_image_topics(recordings, [])
            for message in recordings.messages({topic.name for topic in recordings.topics}):
                count += 1
                assert message.seconds >= 0
                for look in (header_of, lambda one: decode_message(one, reader)):
                    with suppress(ImageError):
                        look(message)
                with suppress(RecordingError):
                    recordings.deserialize(message)
            assert all(isinstance(problem, str) for problem in recordings.problems)
    except RecordingError as error:
        assert str(error)
    return count


def write_all(folder: Path) -> "dict[str, Path]":
    """A file of each kind, in a folder of its own with its metadata."""
    kinds = [
        ("sqlite3", "none"),
        ("sqlite3", "file"),
        ("sqlite3", "message"),
        ("mcap", "none"),
        ("mcap", "chunk"),
        ("mcap", "file"),
        ("mcap", "message"),
    ]
    bags = {f"{one}-{other}": (one, other) for one, other in kinds}
    files = {
        name: storage_file(write_bag(folder / name, messages(), *kind))
        for name, kind in bags.items()
    }
    for compression in ("none", "lz4", "zstd"):
        for is_chunked in (True, False):
            name = f"library-{compression}-{is_chunked}"
            (folder / name).mkdir()
            files[name] = write_mcap(
                folder / name / "bag.mcap",
                messages(),
                compression,
                chunk_bytes=500,
                is_indexed=is_chunked,
                is_chunked=is_chunked,
            )
    return files


@pytest.fixture
def little_memory():
    """So that what a length in a file claims is not taken from the machine."""
    limits = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, limits)


def fuzz(folder: Path, rounds: int, seed: int) -> "dict[str, int]":
    """Messages that were read of each kind, all damages together."""
    chance = random.Random(seed)
    counts = {}
    for name, file in write_all(folder).items():
        whole = file.read_bytes()
        assert read_all(file.parent) == len(messages())
        counts[name] = 0
        for _ in range(rounds):
            content = bytearray(whole)
            chance.choice(DAMAGES)(content, chance)
            file.write_bytes(content)
            counts[name] += read_all(chance.choice((file, file.parent)))
        file.write_bytes(whole)
    return counts


def test_damaged_bags_never_end_in_a_traceback(tmp_path: Path, little_memory: None) -> None:
    rounds = 15
    counts = fuzz(tmp_path, rounds, seed=0)
    written = rounds * len(messages())
    # Most damages cost a small part; of compressed files, what follows them.
    assert all(count > written // 5 for count in counts.values()), counts


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 5))
def test_many_damaged_bags_never_end_in_a_traceback(
    seed: int, tmp_path: Path, little_memory: None
) -> None:
    fuzz(tmp_path, 150, seed)


def test_damaged_metadata_costs_no_message(tmp_path: Path, little_memory: None) -> None:
    bag = write_bag(tmp_path / "bag", messages(), "mcap")
    metadata = bag / "metadata.yaml"
    whole = metadata.read_bytes()
    chance = random.Random(0)
    for _ in range(40):
        content = bytearray(whole)
        chance.choice(DAMAGES)(content, chance)
        metadata.write_bytes(content)
        assert read_all(bag) == len(messages())
    shutil.rmtree(bag)
