"""A folder of pictures for each class, as Keras and torchvision read them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from converter.errors import DatasetError
from converter.inputs.class_folders import ClassFolders
from converter.inputs.dataset import Dataset, load_dataset
from converter.inputs.quiet_tensorflow import tensorflow

LABELS = ("zebra", "ant", "bee")


def folders(images: Path, **counts: int) -> Path:
    """So many pictures in a folder of each name, whose values are all different."""
    for name, count in counts.items():
        (images / name).mkdir(parents=True)
        for number in range(count):
            picture = np.full((8, 8, 3), number, np.uint8)
            cv2.imwrite(str(images / name / f"{number:03}.png"), picture)
    return images


def load(images: Path, labels: tuple[str, ...] = (), most: int = 100) -> Dataset:
    return load_dataset(images, None, labels, most)


def classes(dataset: Dataset) -> ClassFolders:
    assert dataset.folders is not None
    return dataset.folders


def test_without_labels_the_classes_are_those_of_keras(tmp_path: Path) -> None:
    """Upper case before lower case, and numbers as texts."""
    images = folders(tmp_path, b=1, a10=1, B=1, a9=1)
    by_keras = tensorflow().keras.utils.image_dataset_from_directory(images, verbose=False)
    dataset = load(images)
    assert list(classes(dataset).names) == by_keras.class_names
    assert dataset.category_names == classes(dataset).names
    numbers = {sample.name: classes(dataset).number(sample) for sample in dataset.samples}
    assert numbers == {"B/000.png": 0, "a10/000.png": 1, "a9/000.png": 2, "b/000.png": 3}
    finding = classes(dataset).finding
    assert finding is not None and finding.assumed
    assert "B, a10, a9, b" in finding.text and "--labels" in finding.text


def test_labels_give_the_folders_their_numbers(tmp_path: Path) -> None:
    """A label without a folder is a class that no picture shows."""
    dataset = load(folders(tmp_path, bee=1, zebra=1), LABELS)
    numbers = {sample.class_name: classes(dataset).number(sample) for sample in dataset.samples}
    assert numbers == {"zebra": 0, "bee": 2}
    assert classes(dataset).names == LABELS
    assert classes(dataset).finding is None


def test_a_folder_that_is_no_label_is_named_with_the_labels(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"'wasp' is not among the labels \(zebra, ant, bee\)"):
        load(folders(tmp_path, bee=1, wasp=1), LABELS)


def test_a_folder_named_like_two_labels_is_refused(tmp_path: Path) -> None:
    """ImageNet has two classes called crane."""
    with pytest.raises(DatasetError, match="2 lines of the labels are 'crane'"):
        load(folders(tmp_path, crane=1), ("crane", "dog", "crane"))
    assert load(folders(tmp_path / "dogs", dog=1), ("crane", "dog", "crane")).folders is not None


def test_as_many_are_taken_of_each_class_as_there_may_be(tmp_path: Path) -> None:
    """From all over each folder, and the first ones are of different classes."""
    images = folders(tmp_path, zebra=40, ant=2, bee=10)
    names = [sample.name for sample in load(images, LABELS, most=10).samples]
    assert sorted(names[:3]) == ["ant/000.png", "bee/000.png", "zebra/000.png"]
    taken = {name: [one for one in names if one.startswith(name)] for name in LABELS}
    assert [len(taken[name]) for name in LABELS] == [4, 2, 4]
    assert taken["zebra"] == [f"zebra/{number:03}.png" for number in (0, 10, 20, 30)]


def test_hidden_folders_are_no_classes_and_empty_ones_are(tmp_path: Path) -> None:
    images = folders(tmp_path, ant=1, bee=0)
    folders(images / ".thumbnails", large=1)
    folders(images, **{".cache": 1})
    assert classes(load(images)).names == ("ant", "bee")


def test_pictures_beside_folders_are_pictures_without_classes(tmp_path: Path) -> None:
    images = folders(tmp_path / "a", inner=3)
    folders(tmp_path, b=1)
    (tmp_path / "b" / "000.png").replace(images / "own.png")
    dataset = load(images)
    assert [sample.name for sample in dataset.samples] == ["own.png"]
    assert dataset.folders is None


def test_a_folder_with_classes_in_it_is_named_where_the_classes_are_deeper(tmp_path: Path) -> None:
    """train and val would be taken for the classes."""
    folders(tmp_path / "train", cat=2, dog=2)
    folders(tmp_path / "val", cat=1, dog=1)
    with pytest.raises(DatasetError, match=f"--images {tmp_path / 'train'}"):
        load(tmp_path)


def test_folders_without_any_picture_are_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=f"no image in '{tmp_path}'"):
        load(folders(tmp_path, ant=0, bee=0))


@pytest.mark.parametrize(
    ("task", "expected"),
    [("detection", "--labels-coco"), ("segmentation", "pictures themselves")],
)
def test_class_folders_measure_classifiers_only(task: str, expected: str, tmp_path: Path) -> None:
    dataset = load(folders(tmp_path, ant=1))
    dataset.check_task("classification", "a classifier")
    with pytest.raises(DatasetError, match=expected) as error:
        dataset.check_task(task, "head X")
    assert "head X" in str(error.value)


def test_annotated_boxes_of_a_classifier_are_refused_with_what_it_takes(pictures: Path) -> None:
    dataset = load_dataset(pictures, pictures / "annotations.json", (), 9)
    dataset.check_task("detection", "a detector")
    with pytest.raises(DatasetError, match="a folder of pictures for each class"):
        dataset.check_task("classification", "a classifier")
