"""The boxes of both sides in COCO's form, read back with pycocotools."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from converter.replay.differences.difference import ComparedImage
from converter.replay.files.coco_results import coco_results
from converter.replay.labelled.labelled_accuracy import LabelledAccuracy
from test.converter.replay.planted_results import LABELS, NOON, boxes, compared, recorded_image
from test.full_disk import largest_file

FRONT, REAR = "/front/image", "/rear/image"
ONE = boxes((10, 20, 40, 60, 0.75, 1))
TWO = boxes((10, 20, 42, 60, 0.5, 1), (50.5, 0, 70, 30, 0.25, 2))
IMAGES = (
    compared(recorded_image(NOON, FRONT), ONE, TWO),
    compared(recorded_image(NOON, REAR), None, ONE),
    compared(recorded_image(NOON + 1, FRONT), TWO, boxes()),
)


def written(
    folder: Path, images: tuple[ComparedImage, ...] = IMAGES, labels: list[str] = LABELS
) -> Path:
    file = folder / "detections.json"
    with coco_results(file, labels) as results:
        for image in images:
            results.add(image)
    assert list(folder.iterdir()) == [file]
    return file


def opened(file: Path) -> COCO:
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(file))


def rows(annotations: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    return [
        (one["image_id"], one["category_id"], one["bbox"], one["area"], one["score"])
        for one in annotations
    ]


def test_pycocotools_reads_the_boxes_of_both_sides(tmp_path: Path) -> None:
    coco = opened(written(tmp_path))
    one = (2, [10, 20, 30, 40], 1200, 0.75)
    two = [(2, [10, 20, 32, 40], 1280, 0.5), (3, [50.5, 0, 19.5, 30], 585, 0.25)]
    assert rows(coco.loadAnns(coco.getAnnIds())) == [(1, *two[0]), (1, *two[1]), (2, *one)]
    with contextlib.redirect_stdout(io.StringIO()):
        baseline = coco.loadRes(coco.dataset["baseline_annotations"])
    assert rows(baseline.loadAnns(baseline.getAnnIds())) == [
        (1, *one),
        (3, *two[0]),
        (3, *two[1]),
    ]


def test_images_have_their_names_sizes_and_whether_the_baseline_has_a_result(
    tmp_path: Path,
) -> None:
    coco = opened(written(tmp_path))
    assert coco.loadImgs([2]) == [
        {
            "id": 2,
            "file_name": "rear/image/1764590400.000000000.jpg",
            "width": 100,
            "height": 80,
            "topic": REAR,
            "timestamp": "1764590400.000000000",
            "has_baseline": False,
        }
    ]
    assert [one["id"] for one in coco.loadImgs(coco.getImgIds())] == [1, 2, 3]
    assert [one["has_baseline"] for one in coco.loadImgs([1, 3])] == [True, True]


def test_categories_are_the_labels_and_those_that_come_up_later(tmp_path: Path) -> None:
    labels = ["person"]
    file = tmp_path / "detections.json"
    with coco_results(file, labels) as results:
        results.add(IMAGES[0])
        labels += ["dog", "7"]
    categories = opened(file).loadCats([1, 2, 3])
    assert [one["name"] for one in categories] == ["person", "dog", "7"]


def test_the_baseline_can_be_judged_by_the_candidate(tmp_path: Path) -> None:
    """What the one finds 10 pixels of 100 beside the other, IoU 90 / 110, is right up to 0.8."""
    here, there = boxes((0, 0, 100, 10, 0.9, 0)), boxes((10, 0, 110, 10, 0.9, 0))
    images = tuple(compared(recorded_image(NOON + one), here, there) for one in range(3))
    with contextlib.redirect_stdout(io.StringIO()):
        coco = opened(written(tmp_path, images))
        evaluation = COCOeval(coco, coco.loadRes(coco.dataset["baseline_annotations"]), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    assert evaluation.stats[1] == pytest.approx(1.0)
    assert evaluation.stats[0] == pytest.approx(0.7)


def test_the_file_can_be_corrected_and_given_as_labels(tmp_path: Path) -> None:
    """Its names are those that --labels-coco looks for, of all cameras."""
    file = written(tmp_path)
    accuracy = LabelledAccuracy(file, LABELS, [FRONT, REAR])
    for image in IMAGES:
        accuracy.add(image)
    assert accuracy.labelled == 2
    measured = accuracy.accuracy()
    assert measured is not None
    assert measured[1].map_50 == pytest.approx(1.0), "the candidate is not its own truth"
    assert measured[0].map_50 < 0.9


def test_a_recording_in_which_nothing_is_found_gives_a_file_too(tmp_path: Path) -> None:
    content = json.loads(written(tmp_path, ()).read_text("utf-8"))
    assert content["images"] == content["annotations"] == content["baseline_annotations"] == []
    assert len(content["categories"]) == 3


def test_numbers_that_json_does_not_have_are_left_out(tmp_path: Path) -> None:
    odd = boxes((np.nan, 0, 1, 1, 0.5, 0), (0, 0, np.inf, 1, 0.5, 0), (1, 2, 3, 4, 0.5, 0))
    file = written(tmp_path, (compared(recorded_image(), odd, odd),))
    content = json.loads(file.read_text("utf-8"), parse_constant=pytest.fail)
    assert [one["bbox"] for one in content["annotations"]] == [[1, 2, 2, 2]]


def test_foreign_text_stays_as_it_is(tmp_path: Path) -> None:
    labels = ['a"b\n', "ü\x1b[2J", "\udc80"]
    image = compared(recorded_image(topic='/"\n\udcff'), ONE, ONE)
    content = json.loads(written(tmp_path, (image,), labels).read_text("ascii"))
    assert [one["name"] for one in content["categories"]] == labels
    assert content["images"][0]["topic"] == '/"\n\udcff'


def test_an_error_meanwhile_leaves_nothing_beside_the_file(tmp_path: Path) -> None:
    file = tmp_path / "detections.json"
    with pytest.raises(KeyboardInterrupt), coco_results(file, LABELS) as results:
        results.add(IMAGES[0])
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == [file]


def test_a_full_disk_is_an_error(tmp_path: Path) -> None:
    images = tuple(compared(recorded_image(NOON + one), TWO, TWO) for one in range(2000))
    with pytest.raises(OSError, match="large"), largest_file(100_000):
        written(tmp_path, images)
