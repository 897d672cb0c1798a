"""The memory that reading takes does not grow with the bag."""

import subprocess
import sys
from pathlib import Path
from typing import Iterator

import numpy as np
import pytest

from test.converter.recordings.bags import (
    PERIOD,
    START,
    BagMessage,
    image_message,
    write_bag,
    write_mcap,
)

SIZE = (240, 320, 3)  # 230 kB

# Reads all images, decodes them, and prints the most memory that the process has taken beyond that
# after the first hundred, in MiB, and the number of images.
PROGRAM = """
import itertools, re, sys
from pathlib import Path
from converter.recordings.image_messages import decode_message
from converter.recordings.recordings import Recordings
from trt_inference.images.image_reader import ImageReader

def peak():  # getrusage counts what the process was before this program, too
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", status).group(1)) / 1024

reader, count = ImageReader(), 0
with Recordings([Path(sys.argv[1])]) as recordings:
    messages = recordings.messages(["/camera"])
    for message in itertools.islice(messages, 100):
        decode_message(message, reader)
        count += 1
    before = peak()
    for message in messages:
        decode_message(message, reader)
        count += 1
    assert not recordings.problems
print(peak() - before, count)
"""


def images(count: int) -> Iterator[BagMessage]:
    """Noise, which cannot be compressed; each begins with its number."""
    pixels = np.random.default_rng(0).integers(0, 256, SIZE, np.uint8)
    for number in range(count):
        pixels[0, :4, 0] = np.frombuffer(number.to_bytes(4, "little"), np.uint8)
        time = START + number * PERIOD
        yield BagMessage("/camera", time, image_message(pixels, time))


def growth(path: Path, count: int) -> float:
    answer = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)], check=True, capture_output=True, text=True
    )
    more, read = answer.stdout.split()
    assert int(read) == count
    return float(more)


def check_flat(folder: Path, count: int) -> None:
    """With less than a tenth of the images in memory at once."""
    most = count * np.prod(SIZE) / 2**20 / 10
    for storage, compression in [("mcap", "none"), ("mcap", "chunk"), ("sqlite3", "none")]:
        bag = write_bag(folder / f"{storage}-{compression}", images(count), storage, compression)
        assert growth(bag, count) < most
        for file in bag.iterdir():
            file.unlink()
    for is_chunked in (True, False):
        file = write_mcap(folder / "bag.mcap", images(count), "lz4", is_chunked=is_chunked)
        assert growth(file, count) < most
        file.unlink()


def test_memory_stays_flat(tmp_path: Path) -> None:
    check_flat(tmp_path, 400)


@pytest.mark.long
def test_memory_stays_flat_over_ten_thousand_images(tmp_path: Path) -> None:
    check_flat(tmp_path, 10_000)
