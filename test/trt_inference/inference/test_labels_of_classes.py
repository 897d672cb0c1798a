"""Class numbers without a label are never given the name of another class."""

from dataclasses import replace
from pathlib import Path
from typing import List

import numpy as np
import pytest

from test.changed_bundles import number_classes
from test.color_bundle import LABELS, picture, write_color_bundle
from test.task_bundles import write_segmentation_bundle
from trt_inference.bundles.bundle import load_bundle
from trt_inference.bundles.names import CLASSIFICATION, DETECTION, SEGMENTATION
from trt_inference.errors import BundleError
from trt_inference.inference.detections import Detections
from trt_inference.inference.detector import Detector
from trt_inference.inference.labels_of_classes import class_name, number_as_name, without_label
from trt_inference.inference.results import OUTSIDE, Classification, Segmentation
from trt_inference.viewing.drawing import class_color
from trt_inference.viewing.views import VIEWS

LOWEST = -(2**31)


def test_a_class_has_its_label_or_its_number() -> None:
    names = [class_name(LABELS, number) for number in (0, 2, 3, -1, -3, LOWEST)]
    assert names == ["blue", "red", "3", "-1", "-3", str(LOWEST)]


def test_the_number_is_marked_where_it_is_the_label_of_another_class() -> None:
    assert number_as_name(3, ("1", "2", "3")) == "#3"
    assert number_as_name(3, ("3", "#3")) == "##3"


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [([], None), ([0, 2], None), ([0, 3], 3), ([-1, 2], -1), ([LOWEST], LOWEST), ([-1, 9], 9)],
)
def test_one_of_the_numbers_without_a_label_is_told(numbers: List[int], expected: object) -> None:
    assert without_label(np.array(numbers, np.int32), 3) == expected


def test_rows_and_pictures_have_the_number() -> None:
    image, numbers = np.zeros((60, 80, 3), np.uint8), np.array([-1, 3, LOWEST], np.int32)
    scores = np.array([0.9, 0.8, 0.7], np.float32)
    boxes = np.array([[10, 10, 30, 30]] * 3, np.float32)
    for task, result in (
        (DETECTION, Detections(boxes, scores, numbers)),
        (CLASSIFICATION, Classification(scores, numbers)),
    ):
        rows = VIEWS[task].rows(result, LABELS)
        assert [row[0] for row in rows] == ["-1", "3", str(LOWEST)]
        assert VIEWS[task].draw(image, result, LABELS).any()


def test_a_class_map_shows_classes_without_a_label_in_colors_of_their_own() -> None:
    image = np.zeros((60, 80, 3), np.uint8)
    class_map = np.full((60, 80), 2, np.uint8)
    class_map[:, 40:60], class_map[:, 60:] = 3, OUTSIDE
    view = VIEWS[SEGMENTATION]
    rows = view.rows(Segmentation(class_map), LABELS)
    assert rows == [("red", 0.5), ("3", 0.25), ("not looked at", 0.25)]
    bottom = view.draw(image, Segmentation(class_map), LABELS)[-1].astype(int)
    assert np.abs(bottom[50] - np.array(class_color(3)) / 2).max() <= 1
    assert not bottom[70].any()


@pytest.mark.parametrize("number", [-1, 3, LOWEST])
def test_images_with_such_classes_are_counted(tmp_path: Path, number: int) -> None:
    folder = number_classes(write_color_bundle(tmp_path / "colors"), (0, 1, number))
    with Detector.open(load_bundle(folder)) as detector:
        for color in ("red", "blue", "red"):
            detector.detect(picture(color, (1, 1)))
        assert (detector.counts.without_label, detector.stranger) == (2, number)


def test_a_class_map_with_such_classes_is_counted(tmp_path: Path) -> None:
    folder = number_classes(write_segmentation_bundle(tmp_path / "map"), (0, 1, 4, 255))
    with Detector.open(load_bundle(folder)) as detector:
        for color in ("blue", "green", "red"):
            detector.detect(picture(color, (1, 1)))
        assert detector.counts.without_label == 2


def test_a_class_map_of_more_classes_than_it_counts_is_refused(tmp_path: Path) -> None:
    folder = write_segmentation_bundle(tmp_path / "map")
    bundle = load_bundle(folder)
    with pytest.raises(BundleError, match="256 labels"):
        Detector.open(replace(bundle, labels=tuple(map(str, range(256)))))
