"""Results, labels and headers that were damaged: whatever the bytes are, the rest goes on."""

import random
from pathlib import Path
from typing import Any, List

import numpy as np
import pytest

from converter.errors import RecordingError
from test.converter.recordings.bags import START, BagMessage, new
from test.converter.replay.recorded_robot import (
    IMAGES,
    image_of,
    label_info,
    look_at,
    recorded,
    result_of,
)

IMAGES_EACH = 12


def described() -> BagMessage:
    info = new(
        "vision_msgs/msg/VisionInfo",
        header=label_info({}).message.header,
        method="shapes",
        database_location="",
        database_version=1,
    )
    return BagMessage("/detector/vision_info", START, info)


def damaged(message: BagMessage, chance: random.Random) -> BagMessage:
    """Some bytes are others, or the end is missing."""
    data = bytearray(message.data)
    for _ in range(chance.choice([1, 3, 40])):
        data[chance.randrange(len(data))] = chance.choice([0, 1, 127, 255, chance.randrange(256)])
    if chance.random() < 0.3:
        del data[chance.randrange(len(data)) :]
    return message._replace(message=bytes(data), type=message.message_type)


@pytest.mark.parametrize("seed", range(25))
def test_damage_never_ends_in_a_traceback(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    messages: List[BagMessage] = [label_info({0: "cat", 1: "dog"}), described()]
    messages += map(result_of, range(IMAGES_EACH))
    messages = [damaged(one, chance) if chance.random() < 0.5 else one for one in messages]
    bag = recorded(tmp_path / "bag", [*map(image_of, range(IMAGES_EACH)), *messages])
    try:
        looked = look_at(bag)
    except RecordingError as error:
        assert "stamp" in str(error)
        return
    for number in range(IMAGES_EACH):
        result = looked.results[IMAGES, number]
        if result is not None:
            found: Any = result.published
            assert found.xyxy.shape == (len(found), 4)
            assert np.isfinite(found.xyxy).all()
            assert np.isfinite(found.scores).all()
    assert all("\n" not in note and "\x00" not in note for note in looked.notes)
