"""What is planted among the recorded results of a bag, the command finds: all of it, and no more.

What must be found follows from the pictures and from what was edited; no box is compared here.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from test.color_bundle import CELL, COLORS, picture, write_color_bundle
from test.converter.command_line import run_here
from test.converter.recordings.bags import (
    PERIOD,
    START,
    BagMessage,
    detections_message,
    image_message,
    write_bag,
)

IMAGES, EVERY = 300, 3  # a third of them is edited
NAMES = tuple(COLORS)
Found = list[tuple[tuple[float, ...], str, float]]  # box, label, score


def scene(number: int) -> tuple[np.ndarray, Found]:
    """Cells of the three colors in rows that do not touch, and what the bundle finds in it."""
    pixels, found = picture("red", (0, 0)), []
    pixels[:] = 128
    for index in range(3):
        row, column = 2 * index, (number + 3 * index) % 7
        color = NAMES[(number + index) % 3]
        box = (CELL * column, CELL * row, CELL * (column + 1), CELL * (row + 1))
        pixels[box[1] : box[3], box[0] : box[2]] = COLORS[color]
        found.append((tuple(map(float, box)), color, 1.0))
    return pixels, found


def delete(found: Found) -> None:
    found.pop(1)


def add(found: Found) -> None:
    found.insert(0, ((40.0, 50.0, 56.0, 62.0), "green", 0.75))


def rename(found: Found) -> None:
    box, label, score = found[2]
    found[2] = (box, NAMES[(NAMES.index(label) + 1) % 3], score)


def shift(found: Found) -> None:
    (x1, y1, x2, y2), label, score = found[0]
    found[0] = ((x1 + 2, y1, x2 + 2, y2), label, score)


def fade(found: Found) -> None:
    found[1] = (*found[1][:2], 0.75)


def swap(found: Found) -> None:
    (one, label, score), (other, other_label, other_score) = found[:2]
    found[:2] = [(one, other_label, score), (other, label, other_score)]


def duplicate(found: Found) -> None:
    found.append(found[1])


EDITS: list[tuple[Callable[[Found], None], dict[str, int]]] = [
    (delete, {"new": 1}),
    (add, {"lost": 1}),
    (rename, {"other class": 1}),
    (shift, {"moved": 1}),
    (fade, {"score shifted": 1}),
    (swap, {"other class": 2}),
    (duplicate, {"lost": 1}),
]


def messages(is_edited: bool) -> Iterator[BagMessage]:
    chance = random.Random(1)
    for number in range(IMAGES):
        stamp = START + number * PERIOD
        pixels, found = scene(number)
        if is_edited and number % EVERY == 0:
            EDITS[number // EVERY % len(EDITS)][0](found)
        chance.shuffle(found)
        yield BagMessage("/camera/image_raw", stamp, image_message(pixels, stamp))
        yield BagMessage("/detector/detections", stamp + 1, detections_message(found, stamp))


def stamp_of(number: int) -> str:
    seconds, nanoseconds = divmod(START + number * PERIOD, 10**9)
    return f"{seconds}.{nanoseconds:09d}"


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
@pytest.mark.parametrize("is_edited", [False, True])
def test_the_images_whose_results_were_edited_are_found_and_named(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    storage: str,
    is_edited: bool,
) -> None:
    monkeypatch.setattr("converter.replay.pipeline.bare_rate._SECONDS", 0.01)
    bag = write_bag(tmp_path / "drive", messages(is_edited), storage)
    bundle, output = write_color_bundle(tmp_path / "colors"), tmp_path / "out"
    limits = ("--fail-if-lost", "0", "--fail-if-new", "0", "--worst", str(IMAGES))
    same = (bag, "--bundle", bundle, "--output", output, "--recorded")
    result = run_here(capsys, "replay", *same, *limits)
    assert result.exit_code == int(is_edited), result.output
    found = json.loads((output / "replay.json").read_text("utf-8"))
    planted = range(0, IMAGES, EVERY) if is_edited else ()
    kinds = {stamp_of(number): EDITS[number // EVERY % len(EDITS)][1] for number in planted}
    assert found["images"] == {"compared": IMAGES, "differing": len(kinds)}
    assert {
        one["name"].rpartition("/")[2]: Counter(text.split(":")[0] for text in one["differences"])
        for one in found["worst"]
    } == kinds
