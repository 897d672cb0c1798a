"""Annotations of the truth in a bag of the demo."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from converter.replay.labelled.labelled_accuracy import LabelledAccuracy
from examples.shapes import truth_of_bag
from examples.shapes.drawing import CLASS_NAMES
from test.converter.recordings.bags import (
    PERIOD,
    START,
    BagMessage,
    compressed_message,
    detections_message,
    write_bag,
)
from test.converter.replay.planted_results import boxes, compared, recorded_image

IMAGES, TRUTH = "/image/compressed", "/ground_truth"
JPEG = cv2.imencode(".jpg", np.zeros((80, 100, 3), np.uint8))[1].tobytes()
FIRST, SECOND, NOT_RECORDED = START, START + PERIOD, START + 2 * PERIOD


def truth(stamp: int, *found: tuple[tuple[float, ...], str]) -> BagMessage:
    message = detections_message([(box, label, 1.0) for box, label in found], stamp)
    return BagMessage(TRUTH, stamp, message)


def run(bag: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["truth_of_bag", str(bag), str(file)])
    return truth_of_bag.main()


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    """Two images, and the truth of a third that was lost."""
    images = [
        BagMessage(IMAGES, stamp, compressed_message(JPEG, stamp)) for stamp in (FIRST, SECOND)
    ]
    truths = [
        truth(FIRST, ((10, 20, 40, 60), CLASS_NAMES[2]), ((50, 0, 70, 30), CLASS_NAMES[0])),
        truth(SECOND),
        truth(NOT_RECORDED, ((1, 2, 3, 4), CLASS_NAMES[1])),
    ]
    return write_bag(tmp_path / "bag", [*images, *truths])


def test_the_truth_has_the_highest_accuracy_in_the_images_of_the_bag(
    bag: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "labels.json"
    assert run(bag, file, monkeypatch) == 0
    content = json.loads(file.read_text("utf-8"))
    assert [(one["width"], one["height"]) for one in content["images"]] == [(100, 80)] * 2
    assert [one["bbox"] for one in content["annotations"]] == [[10, 20, 30, 40], [50, 0, 20, 30]]
    accuracy = LabelledAccuracy(file, CLASS_NAMES, [IMAGES])
    found = boxes((10, 20, 40, 60, 0.9, 2), (50, 0, 70, 30, 0.8, 0))
    accuracy.add(compared(recorded_image(FIRST, IMAGES), boxes(), found))
    accuracy.add(compared(recorded_image(SECOND, IMAGES), boxes(), boxes()))
    measured = accuracy.accuracy()
    assert measured is not None
    assert accuracy.labelled == 2
    assert [side.map_50_95 for side in measured] == pytest.approx([0, 1])


def test_another_bag_is_an_error_that_names_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bag = write_bag(tmp_path / "bag", [truth(FIRST)])
    assert run(bag, tmp_path / "labels.json", monkeypatch) == 1
    assert f"has no {IMAGES}" in capsys.readouterr().err
    assert run(tmp_path / "missing", tmp_path / "labels.json", monkeypatch) == 1
    assert "missing" in capsys.readouterr().err
    assert not (tmp_path / "labels.json").exists()
