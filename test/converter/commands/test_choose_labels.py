"""Where the names of a model's classes come from, and what is told about it."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from converter.commands.choose_labels import Labels
from converter.commands.convert_options import ConvertOptions, SourceOptions
from converter.errors import DatasetError
from converter.inputs.model_files.facts import ModelFiles
from converter.inputs.model_files.read_model_files import read_model_files

NOBODY = Labels((), ModelFiles())


def options(folder: Path, annotations: Path | None = None) -> ConvertOptions:
    source = SourceOptions(folder / "saved_model")
    return ConvertOptions(source, folder / "bundle", folder / "images", annotations)


def picture(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(file), np.zeros((8, 8, 3), np.uint8))


def annotate(file: Path, **categories: int) -> Path:
    """One box in a picture, of each category by name and number."""
    boxes = [
        {"image_id": 1, "category_id": number, "bbox": [0, 0, 4, 4]}
        for number in categories.values()
    ]
    named = [{"id": number, "name": name} for name, number in categories.items()]
    images = [{"id": 1, "file_name": "0.png"}]
    content = {"images": images, "annotations": boxes, "categories": named}
    file.write_text(json.dumps(content), "utf-8")
    return file


@pytest.fixture
def files(tmp_path: Path) -> ModelFiles:
    """labels.txt beside a SavedModel: nut, bolt."""
    (tmp_path / "saved_model").mkdir()
    (tmp_path / "saved_model" / "saved_model.pb").touch()
    (tmp_path / "labels.txt").write_text("nut\nbolt\n", "utf-8")
    return read_model_files(tmp_path / "saved_model")


def test_folders_that_are_no_labels_of_a_file_are_refused_with_the_file(
    tmp_path: Path, files: ModelFiles
) -> None:
    for name in ("nut", "washer"):
        picture(tmp_path / "images" / name / "0.png")
    expected = r"'washer' is not among the labels .*of labels\.txt beside the SavedModel.*--labels"
    with pytest.raises(DatasetError, match=expected):
        Labels((), files).load(options(tmp_path))


def test_what_has_nothing_to_do_with_names_is_not_put_down_to_the_file(
    tmp_path: Path, files: ModelFiles
) -> None:
    (tmp_path / "images").mkdir()
    with pytest.raises(DatasetError) as caught:
        Labels((), files).load(options(tmp_path))
    assert "labels" not in str(caught.value)


def test_the_order_of_a_file_counts_and_not_that_of_the_categories(
    tmp_path: Path, files: ModelFiles
) -> None:
    picture(tmp_path / "images" / "0.png")
    truth = annotate(tmp_path / "truth.json", bolt=1, nut=2)
    dataset = Labels((), files).load(options(tmp_path, truth))
    assert dataset.annotations is not None
    assert dataset.annotations.category_ids == (2, 1)
    names, finding = Labels((), files).of(2, dataset)
    assert names == ("nut", "bolt")
    assert finding is not None and not finding.assumed
    with pytest.raises(DatasetError, match="2 names and the model 3 classes: give --labels"):
        Labels((), files).of(3, dataset)


def test_the_order_of_categories_is_told_as_an_assumption(tmp_path: Path) -> None:
    picture(tmp_path / "images" / "0.png")
    dataset = NOBODY.load(options(tmp_path, annotate(tmp_path / "truth.json", nut=7, bolt=3)))
    names, finding = NOBODY.of(2, dataset)
    assert names == ("bolt", "nut")
    assert finding is not None and finding.assumed
    assert "bolt, nut: the categories of --labels-coco in the order of their numbers" in (
        finding.text
    )


def test_names_for_another_number_of_classes_are_left_out_and_told(
    tmp_path: Path, files: ModelFiles
) -> None:
    picture(tmp_path / "images" / "0.png")
    labels = Labels((), files)
    names, finding = labels.of(3, labels.load(options(tmp_path)))
    assert names == ("class 0", "class 1", "class 2")
    assert finding is not None and finding.caution
    assert "labels.txt beside the SavedModel has 2 names and the model 3 classes" in finding.text


def test_classes_without_names_are_told_too(tmp_path: Path) -> None:
    picture(tmp_path / "images" / "0.png")
    names, finding = NOBODY.of(3, NOBODY.load(options(tmp_path)))
    assert names == ("class 0", "class 1", "class 2")
    assert finding is not None and not (finding.assumed or finding.caution)
    assert (
        "none are known, and class 0 to class 2 are without a name: give --labels" in finding.text
    )


@pytest.mark.parametrize(("given", "warned"), [(("bolt", "nut"), True), (("Nut", "Bolt"), False)])
def test_labels_in_another_order_than_that_of_a_file_are_taken_with_a_caution(
    tmp_path: Path, files: ModelFiles, given: tuple[str, ...], warned: bool
) -> None:
    picture(tmp_path / "images" / "0.png")
    labels = Labels(given, files)
    names, finding = labels.of(2, labels.load(options(tmp_path)))
    assert names == given
    assert (finding is not None and finding.caution) == warned
    assert finding is None or "bolt, nut as you state, but labels.txt beside" in finding.text
