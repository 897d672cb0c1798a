"""mAP of both sides on the annotated images of a recording, beside pycocotools itself."""

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

from converter.comparison.accuracy import Accuracy
from converter.errors import DatasetError
from converter.recordings.recorded_image import RecordedImage
from converter.replay.differences.difference import ComparedImage
from converter.replay.labelled.labelled_accuracy import LabelledAccuracy
from converter.replay.sides.side import SideResult
from test.converter.replay.planted_results import (
    LABELS,
    NOON,
    TOPIC,
    boxes,
    compared,
    recorded_image,
)
from trt_inference.inference.detections import Detections
from trt_inference.inference.results import Classification

STEP = 10**8
# The ids are none of COCO's, and in another order than the labels.
CATEGORIES = {"person": 31, "dog": 7, "traffic light": 12}
TRUTH = [(10, 10, 30, 40, 0), (50, 20, 80, 60, 1), (5, 50, 15, 70, 2)]
NOTHING = boxes()


def image(number: int) -> RecordedImage:
    return recorded_image(NOON + number * STEP)


def annotated(
    folder: Path,
    names: list[str],
    truth: list[tuple[float, float, float, float, int]] = TRUTH,
    **extra: Any,
) -> Path:
    """A file with the same boxes in each image."""
    content = {
        "images": [{"id": 100 + number, "file_name": name} for number, name in enumerate(names)],
        "categories": [{"id": number, "name": name} for name, number in CATEGORIES.items()],
        "annotations": [
            {
                "image_id": 100 + number,
                "category_id": CATEGORIES[LABELS[class_id]],
                "bbox": [x1, y1, x2 - x1, y2 - y1],
            }
            for number in range(len(names))
            for x1, y1, x2, y2, class_id in truth
        ],
        **extra,
    }
    file = folder / "labels.json"
    file.write_text(json.dumps(content), "utf-8")
    return file


def names_of(count: int) -> list[str]:
    return [f"{image(number).name}.jpg" for number in range(count)]


def noisy(seed: int) -> Detections:
    """Some of the truth, moved, with some boxes that nothing is in; 30 with any score."""
    generator = np.random.default_rng(seed)
    rows = []
    for _ in range(30):
        x1, y1, x2, y2, class_id = TRUTH[generator.integers(3)]
        shift = generator.normal(0, 4, 4)
        score = generator.uniform(0.002, 1)
        other = generator.integers(3) if generator.uniform() < 0.3 else class_id
        rows.append((x1 + shift[0], y1 + shift[1], x2 + shift[2], y2 + shift[3], score, other))
    return boxes(*sorted(rows, key=lambda row: -row[4]))


def by_pycocotools(file: Path, found: dict[int, Detections]) -> Accuracy:
    """Of the images that are keys of ``found``, by their ids."""
    rows = [
        {
            "image_id": image_id,
            "category_id": CATEGORIES[LABELS[class_id]],
            "bbox": [x1, y1, x2 - x1, y2 - y1],
            "score": score,
        }
        for image_id, detections in found.items()
        for (x1, y1, x2, y2), score, class_id in zip(
            detections.xyxy.tolist(),
            detections.scores.tolist(),
            detections.class_ids.tolist(),
            strict=True,
        )
        if score >= 0.01
    ]
    content = json.loads(file.read_text("utf-8"))
    for number, entry in enumerate(content["annotations"], start=1):
        entry.update(id=number, iscrowd=0, area=entry["bbox"][2] * entry["bbox"][3])
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {"info": {}, **content}
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(rows), "bbox")
        evaluation.params.imgIds = sorted(found)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return Accuracy(len(found), float(evaluation.stats[1]), float(evaluation.stats[0]))


def with_pool(which: RecordedImage, before: Detections, after: Detections) -> ComparedImage:
    """Published is only what has a score of at least 0.5."""
    sides = [SideResult(side[side.scores >= 0.5], side) for side in (before, after)]
    return ComparedImage(which, sides[0], sides[1], None)


def test_both_sides_have_the_map_that_pycocotools_gives(tmp_path: Path) -> None:
    file = annotated(tmp_path, names_of(4))
    accuracy = LabelledAccuracy(file, LABELS, [TOPIC])
    befores = {100 + number: noisy(number) for number in range(4)}
    afters = {100 + number: noisy(50 + number) for number in range(4)}
    for number in range(6):  # two of them are not annotated
        before, after = (side.get(100 + number, noisy(9)) for side in (befores, afters))
        accuracy.add(with_pool(image(number), before, after))
    assert accuracy.labelled == 4
    measured = accuracy.accuracy()
    expected = by_pycocotools(file, befores), by_pycocotools(file, afters)
    assert measured == expected
    assert 0.05 < expected[0].map_50_95 < expected[0].map_50 < 1
    assert expected[0] != expected[1]


def test_what_is_annotated_counts_only_where_it_was_replayed(tmp_path: Path) -> None:
    """Otherwise each --limit or --every would lower mAP."""
    file = annotated(tmp_path, names_of(4))
    accuracy = LabelledAccuracy(file, LABELS, [TOPIC])
    accuracy.add(with_pool(image(2), noisy(1), noisy(2)))
    measured = accuracy.accuracy()
    assert measured == (
        by_pycocotools(file, {102: noisy(1)}),
        by_pycocotools(file, {102: noisy(2)}),
    )
    assert any("1 of the 4 images" in note for note in accuracy.notes())


def test_found_as_annotated_is_one_and_not_found_is_zero(tmp_path: Path) -> None:
    accuracy = LabelledAccuracy(annotated(tmp_path, names_of(1)), LABELS, [TOPIC])
    perfect = boxes(*((*row[:4], 0.9, row[4]) for row in TRUTH))
    accuracy.add(compared(image(0), perfect, NOTHING))
    measured = accuracy.accuracy()
    assert measured is not None
    assert (measured[0].map_50, measured[0].map_50_95) == pytest.approx((1.0, 1.0))
    assert measured[1] == Accuracy(1, 0.0, 0.0)


def test_an_image_without_a_result_of_the_baseline_counts_for_neither(tmp_path: Path) -> None:
    file = annotated(tmp_path, names_of(2))
    accuracy = LabelledAccuracy(file, LABELS, [TOPIC])
    accuracy.add(compared(image(0), noisy(1), noisy(2)))
    accuracy.add(compared(image(1), None, NOTHING))
    assert accuracy.labelled == 1
    assert accuracy.accuracy() == (
        by_pycocotools(file, {100: noisy(1)}),
        by_pycocotools(file, {100: noisy(2)}),
    )
    assert any("no result of 1 annotated" in note for note in accuracy.notes())


def test_without_any_result_of_the_baseline_there_is_no_map(tmp_path: Path) -> None:
    accuracy = LabelledAccuracy(annotated(tmp_path, names_of(1)), LABELS, [TOPIC])
    accuracy.add(compared(image(0), None, noisy(1)))
    assert accuracy.accuracy() is None
    assert accuracy.labelled == 0


def test_of_an_image_with_the_stamp_of_another_none_counts(tmp_path: Path) -> None:
    file = annotated(tmp_path, names_of(2))
    accuracy = LabelledAccuracy(file, LABELS, [TOPIC])
    for number in (0, 1, 1):
        accuracy.add(compared(image(number), noisy(number), noisy(7)))
    assert accuracy.accuracy() == (
        by_pycocotools(file, {100: noisy(0)}),
        by_pycocotools(file, {100: noisy(7)}),
    )
    assert any("several images" in note for note in accuracy.notes())


def test_numbers_without_an_annotated_class_change_nothing(tmp_path: Path) -> None:
    """Labels of the baseline may come up while a recording is read."""
    file = annotated(tmp_path, names_of(1))
    accuracy = LabelledAccuracy(file, LABELS, [TOPIC])
    odd = boxes((0, 0, 9, 9, 0.99, -1), (0, 0, 9, 9, 0.98, 3), (0, 0, 9, 9, 0.97, 900))
    found = noisy(1)
    more = Detections(
        np.concatenate([odd.xyxy, found.xyxy]),
        np.concatenate([odd.scores, found.scores]),
        np.concatenate([odd.class_ids, found.class_ids]),
    )
    accuracy.add(compared(image(0), found, more))
    measured = accuracy.accuracy()
    assert measured is not None
    assert measured[0] == measured[1] == by_pycocotools(file, {100: found})


def test_scores_count_from_a_hundredth_on(tmp_path: Path) -> None:
    accuracy = LabelledAccuracy(annotated(tmp_path, names_of(1), TRUTH[:1]), LABELS, [TOPIC])
    low, high = (boxes((*TRUTH[0][:4], score, 0)) for score in (0.0099, 0.0101))
    accuracy.add(with_pool(image(0), low, high))
    measured = accuracy.accuracy()
    assert measured is not None
    assert [side.map_50 for side in measured] == pytest.approx([0, 1])


def test_the_best_hundred_of_an_image_count(tmp_path: Path) -> None:
    """As where convert measures mAP; what was recorded may have them in any order."""
    accuracy = LabelledAccuracy(annotated(tmp_path, names_of(1), TRUTH[:1]), LABELS, [TOPIC])
    wrong = [(0.0, 0.0, 5.0, 5.0, 0.5, 1)] * 100
    first, last = (boxes(*wrong, (*TRUTH[0][:4], score, 0)) for score in (0.9, 0.1))
    accuracy.add(with_pool(image(0), first, last))
    measured = accuracy.accuracy()
    assert measured is not None
    assert [side.map_50 for side in measured] == pytest.approx([1, 0])


def test_a_recorded_baseline_has_a_note(tmp_path: Path) -> None:
    accuracy = LabelledAccuracy(annotated(tmp_path, names_of(1)), LABELS, [TOPIC])
    assert len(accuracy.notes(baseline_is_recorded=True)) == len(accuracy.notes()) + 1


def test_names_without_a_stamp_are_an_error_before_the_replay(tmp_path: Path) -> None:
    example = r"camera/image_raw/\d{10}\.\d{9}\.jpg"
    message = rf"names no image of a recording: it names 'frame7\.png'.*'{example}'"
    with pytest.raises(DatasetError, match=message):
        LabelledAccuracy(annotated(tmp_path, ["frame7.png"]), LABELS, [TOPIC])


def test_no_annotated_image_is_an_error_with_both_names(tmp_path: Path) -> None:
    accuracy = LabelledAccuracy(annotated(tmp_path, ["1764599999.5.png"]), LABELS, [TOPIC])
    accuracy.add(compared(image(0), noisy(1), noisy(2)))
    recorded = r"camera/image_raw/1764590400\.000000000\.jpg"
    with pytest.raises(DatasetError, match=rf"'1764599999\.5\.png'.*'{recorded}'.*another rec"):
        accuracy.accuracy()


def test_images_without_a_box_are_an_error(tmp_path: Path) -> None:
    accuracy = LabelledAccuracy(annotated(tmp_path, names_of(1), []), LABELS, [TOPIC])
    accuracy.add(compared(image(0), noisy(1), noisy(2)))
    with pytest.raises(DatasetError, match="no box"):
        accuracy.accuracy()


def test_boxes_of_a_class_that_neither_side_has_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"traffic light.*labels of either side"):
        LabelledAccuracy(annotated(tmp_path, names_of(1)), LABELS[:2], [TOPIC])


def test_results_without_boxes_are_an_error(tmp_path: Path) -> None:
    accuracy = LabelledAccuracy(annotated(tmp_path, names_of(1)), LABELS, [TOPIC])
    result = Classification(np.ones(1, np.float32), np.zeros(1, np.int32))
    with pytest.raises(DatasetError, match="leave --labels-coco out"):
        accuracy.add(compared(image(0), result, result))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"images": 3, "categories": [], "annotations": []}',
        '{"images": [3], "categories": [], "annotations": []}',
        '{"images": [{"id": [], "file_name": "1.1"}], "categories": [], "annotations": []}',
        '{"images": [{"id": 1, "file_name": 5}], "categories": [], "annotations": []}',
        '{"images": [], "categories": {"a": 1}, "annotations": []}',
        '{"images": [], "categories": [{"id": [], "name": "dog"}], "annotations": []}',
        '{"images": [], "categories": [{"id": 1, "name": "dog"}], "annotations": [{"image_id": 1,'
        ' "category_id": 1, "bbox": ["a", "b", "c", "d"]}]}',
        '{"images": [], "categories": [{"id": 1, "name": "dog"}], "annotations": [{"image_id": [],'
        ' "category_id": 1, "bbox": [1, 2, 3, 4]}]}',
        '{"images": [], "categories": [{"id": 1, "name": "dog"}], "annotations": [{"image_id": 1,'
        ' "category_id": 1, "bbox": [NaN, 2, 3, 4]}]}',
        "[" * 100_000,
    ],
)
def test_a_file_of_another_form_is_an_error_with_its_name(tmp_path: Path, content: str) -> None:
    file = tmp_path / "labels.json"
    file.write_text(content, "utf-8")
    with pytest.raises(DatasetError, match=file.name):
        LabelledAccuracy(file, LABELS, [TOPIC])


def test_a_file_that_is_not_there_is_an_error_with_its_name(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.json", tmp_path):
        with pytest.raises(DatasetError, match=path.name):
            LabelledAccuracy(path, LABELS, [TOPIC])
