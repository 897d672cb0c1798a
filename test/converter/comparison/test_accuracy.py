"""Accuracy on cases whose mAP follows from the definition."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from converter.comparison.accuracy import Accuracy, measure_accuracy
from converter.inputs.dataset import load_dataset
from test.color_bundle import LABELS
from trt_inference.inference.detections import Detections

# Two images, each with one box of each class, 20 pixels wide.
TRUTH = Detections(
    np.array([[10, 10, 30, 30], [40, 10, 60, 30], [10, 40, 30, 60]], np.float32),
    np.ones(3, np.float32),
    np.arange(3),
)


def measure(found: list[Detections], folder: Path, **extra: object) -> Accuracy:
    """``found`` against TRUTH in both images, annotated without the optional fields."""
    annotations = [
        {"image_id": 7 + image, "category_id": 11 + class_id, "bbox": [x, y, 20, 20], **extra}
        for image in range(2)
        for (x, y, _, _), class_id in zip(
            TRUTH.xyxy.tolist(), TRUTH.class_ids.tolist(), strict=True
        )
    ]
    content = {
        "images": [{"id": 7 + image, "file_name": f"{image}.png"} for image in range(2)],
        "annotations": annotations,
        "categories": [{"id": 11 + index, "name": name} for index, name in enumerate(LABELS)],
    }
    for image in range(2):
        (folder / f"{image}.png").write_bytes(b"")
    file = folder / "annotations.json"
    file.write_text(json.dumps(content), "utf-8")
    dataset = load_dataset(folder, file, LABELS, 10)
    assert dataset.annotations is not None
    return measure_accuracy(dataset.samples, found, dataset.annotations)


def test_the_truth_itself_has_one(tmp_path: Path) -> None:
    assert measure([TRUTH, TRUTH], tmp_path) == Accuracy(2, 1.0, 1.0)


def test_annotations_with_all_fields_give_the_same(tmp_path: Path) -> None:
    assert measure([TRUTH, TRUTH], tmp_path, area=400, iscrowd=0) == Accuracy(2, 1.0, 1.0)


def test_nothing_found_has_zero(tmp_path: Path) -> None:
    assert measure([TRUTH[:0], TRUTH[:0]], tmp_path) == Accuracy(2, 0.0, 0.0)


def test_every_box_in_another_class_has_zero(tmp_path: Path) -> None:
    wrong = Detections(TRUTH.xyxy, TRUTH.scores, (TRUTH.class_ids + 1) % 3)
    assert measure([wrong, wrong], tmp_path) == Accuracy(2, 0.0, 0.0)


def test_half_of_the_objects_missed_has_about_a_half(tmp_path: Path) -> None:
    """Precision is 1 up to recall 0.5 and 0 beyond: 51 of COCO's 101 recall points."""
    accuracy = measure([TRUTH, TRUTH[:0]], tmp_path)
    assert accuracy.map_50 == pytest.approx(51 / 101)
    assert accuracy.map_50_95 == pytest.approx(51 / 101)


def test_one_class_missed_has_two_thirds(tmp_path: Path) -> None:
    assert measure([TRUTH[:2], TRUTH[:2]], tmp_path).map_50 == pytest.approx(2 / 3)


def test_shifted_boxes_count_up_to_the_iou_that_they_reach(tmp_path: Path) -> None:
    """Shifted by 4 of 20 pixels, the IoU is 16 / 24: above 0.5, 0.55, 0.6 and 0.65 of ten."""
    shift = np.array([4, 0, 4, 0], np.float32)
    shifted = Detections(TRUTH.xyxy + shift, TRUTH.scores, TRUTH.class_ids)
    accuracy = measure([shifted, shifted], tmp_path)
    assert accuracy.map_50 == pytest.approx(1.0)
    assert accuracy.map_50_95 == pytest.approx(0.4)
