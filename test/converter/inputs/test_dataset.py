"""Labels, images and annotations that the user gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from converter.errors import DatasetError
from converter.inputs.dataset import load_dataset, read_labels
from test.color_bundle import LABELS


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "labels.txt"


def test_labels_are_the_lines(file: Path) -> None:
    file.write_text("traffic light\nKatze\nträger\n", "utf-8")
    assert read_labels(file) == ("traffic light", "Katze", "träger")


def test_labels_of_a_windows_editor_are_the_same(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbfcat\r\ndog\r\n")
    assert read_labels(file) == ("cat", "dog")


@pytest.mark.parametrize(
    ("content", "expected_error"),
    [(b"", "it is empty"), (b"a\n\nb\n", "line 2 is empty"), (b"\xff\xfe", "cannot be read")],
)
def test_labels_that_are_not_one_name_a_line_are_refused(
    file: Path, content: bytes, expected_error: str
) -> None:
    file.write_bytes(content)
    with pytest.raises(DatasetError, match=expected_error) as error:
        read_labels(file)
    assert str(file) in str(error.value)


def test_a_missing_labels_file_is_named(file: Path) -> None:
    with pytest.raises(DatasetError, match=r"labels\.txt' cannot be read"):
        read_labels(file)


def test_images_are_taken_by_name_and_at_most_so_many(pictures: Path) -> None:
    dataset = load_dataset(pictures, None, LABELS, 4)
    assert [sample.name for sample in dataset.samples] == [f"{number}.png" for number in range(4)]
    expected = cv2.imread(str(pictures / "2.png"))
    np.testing.assert_array_equal(dataset.samples[2].read(), expected)


def test_an_empty_folder_of_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=f"--images.*no image in '{tmp_path}'"):
        load_dataset(tmp_path, None, LABELS, 5)


def test_an_image_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"not an image")
    (sample,) = load_dataset(tmp_path, None, LABELS, 5).samples
    with pytest.raises(DatasetError, match=r"broken\.jpg.*replace or remove it"):
        sample.read()


def test_without_images_synthetic_ones_are_used_and_reported_as_such() -> None:
    dataset = load_dataset(None, None, LABELS, 500)
    assert dataset.synthetic
    assert all(sample.read().std() > 30 for sample in dataset.samples)


def test_annotations_without_images_are_refused(pictures: Path) -> None:
    with pytest.raises(DatasetError, match="give --images"):
        load_dataset(None, pictures / "annotations.json", LABELS, 5)


def changed(pictures: Path, tmp_path: Path, **changes: Any) -> Path:
    content = {**json.loads((pictures / "annotations.json").read_text()), **changes}
    file = tmp_path / "changed.json"
    file.write_text(json.dumps(content), "utf-8")
    return file


def refusal(pictures: Path, annotations: Path) -> str:
    with pytest.raises(DatasetError) as error:
        load_dataset(pictures, annotations, LABELS, 100)
    return str(error.value)


def test_categories_are_found_by_name_whatever_their_order(pictures: Path, tmp_path: Path) -> None:
    categories = [{"id": 1, "name": "red"}, {"id": 2, "name": "blue"}]
    boxes = [{"image_id": 7, "category_id": 1, "bbox": [0, 0, 8, 8]}]
    file = changed(pictures, tmp_path, categories=categories, annotations=boxes)
    annotations = load_dataset(pictures, file, ("blue", "green", "red"), 5).annotations
    assert annotations is not None
    blue, green, red = annotations.category_ids
    assert (blue, red) == (2, 1)
    assert green not in (2, 1)


def test_only_annotated_images_are_used(pictures: Path, tmp_path: Path) -> None:
    images = [{"id": 8, "file_name": "1.png"}, {"id": 7, "file_name": "gone.png"}]
    dataset = load_dataset(pictures, changed(pictures, tmp_path, images=images), LABELS, 100)
    assert [(sample.name, sample.image_id) for sample in dataset.samples] == [("1.png", 8)]


def test_other_file_names_are_shown_side_by_side(pictures: Path, tmp_path: Path) -> None:
    images = [{"id": 7, "file_name": "val/0.png"}]
    message = refusal(pictures, changed(pictures, tmp_path, images=images))
    assert "'val/0.png'" in message
    assert "the folder has '0.png'" in message


def test_a_category_that_is_no_label_is_named(pictures: Path, tmp_path: Path) -> None:
    categories = [{"id": 11 + index, "name": name} for index, name in enumerate("xyz")]
    message = refusal(pictures, changed(pictures, tmp_path, categories=categories))
    assert "not in the labels file" in message
    assert "boxes of x" in message


def test_a_category_without_a_name_is_refused(pictures: Path, tmp_path: Path) -> None:
    message = refusal(pictures, changed(pictures, tmp_path, categories=[]))
    assert "category 11" in message


def test_images_without_a_box_cannot_measure_accuracy(pictures: Path, tmp_path: Path) -> None:
    message = refusal(pictures, changed(pictures, tmp_path, annotations=[]))
    assert "leave --labels-coco out" in message


@pytest.mark.parametrize("content", ["{", "[]", '{"images": []}'])
def test_a_file_that_is_not_coco_is_named(pictures: Path, file: Path, content: str) -> None:
    file.write_text(content, "utf-8")
    message = refusal(pictures, file)
    assert f"'{file}' is not a COCO file" in message


def test_annotations_that_are_not_there_are_not_taken_for_a_broken_file(
    pictures: Path, tmp_path: Path
) -> None:
    missing = tmp_path / "annotaitons.json"
    message = refusal(pictures, missing)
    assert f"'{missing}' cannot be read: No such file" in message
    assert "not a COCO file" not in message


def test_a_box_without_a_rectangle_is_refused(pictures: Path, tmp_path: Path) -> None:
    boxes = [{"image_id": 7, "category_id": 11}]
    assert "bbox" in refusal(pictures, changed(pictures, tmp_path, annotations=boxes))
