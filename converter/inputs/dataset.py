"""What the user gives beside the model: labels, images, and what is annotated in them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterable, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from converter.errors import DatasetError
from converter.inputs.class_folders import ClassFolders, find_class_folders, match_labels, spread
from converter.inputs.coco_annotations import (
    Annotations,
    check_annotated_size,
    check_boxes,
    read_annotations,
)
from converter.inputs.recorded_pictures import RecordedPicture, RecordedPictures
from converter.inputs.sample import Sample
from trt_inference.bundles.names import CLASSIFICATION, DETECTION
from trt_inference.errors import ImageError
from trt_inference.printable import printable_name
from trt_inference.viewing.image_files import find_images

# What the user's pictures are in.
Images = Union[Path, RecordedPictures]


@dataclass(frozen=True)
class Dataset:
    """The images to verify on. ``synthetic`` when the user gave none.

    Attributes:
        annotations: boxes in them; None where none are given.
        category_names: of the classes by the annotations or the class folders, where the user
            has given no labels.
        folders: the classes that the images show; None where they are in one folder.
    """

    samples: Tuple[Sample, ...]
    annotations: Optional[Annotations]
    synthetic: bool
    category_names: Tuple[str, ...] = ()
    folders: Optional[ClassFolders] = None

    def check_task(self, task: str, description: str) -> None:
        """See that what is annotated is what the model finds.

        Args:
            description: of the model, for the message.

        Raises:
            DatasetError: it is for another task.
        """
        if self.annotations is not None and task != DETECTION:
            folders = task == CLASSIFICATION
            raise DatasetError(
                f"--labels-coco measures detections, but this is {description}: leave it out"
                + (", and give --images with a folder of pictures for each class" * folders)
            )
        if self.folders is not None and task != CLASSIFICATION:
            boxes = task == DETECTION
            raise DatasetError(
                "--images has no pictures of its own but a folder for each class, which measures "
                f"classifiers, but this is {description}: give the folder of the pictures "
                "themselves" + (", and their boxes with --labels-coco" * boxes)
            )


def name_classes(count: int) -> Tuple[str, ...]:
    """Names for classes that the user has given none."""
    return tuple(f"class {number}" for number in range(count))


def read_labels(file: Optional[Path]) -> Tuple[str, ...]:
    """The class names in ``file``, one a line, in the order of the model's classes; none where
    the user has given no file.

    Raises:
        DatasetError: not readable, empty, or with an empty line.
    """
    if file is None:
        return ()
    try:
        # Editors on Windows begin a file with a mark that is not part of the first name.
        labels = tuple(line.strip() for line in file.read_text("utf-8-sig").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"labels file '{file}' cannot be read: {error}") from error
    if not labels or "" in labels:
        place = f"line {labels.index('') + 1} is empty" if labels else "it is empty"
        raise DatasetError(f"labels file '{file}' must have one class name on each line: {place}")
    return labels


def load_dataset(
    images: Optional[Images],
    annotations: Optional[Path],
    labels: Sequence[str],
    most: int,
    option: str = "--images",
) -> Dataset:
    """The images in folder ``images``, at most ``most``, or synthetic ones where it is None. Where
    it has no images but folders with images, these are classes. Those of a recording are spread
    over its time.

    Args:
        labels: names of the classes; without them, those of the annotations or of the class
            folders are taken.
        option: what the user gave the folder by.

    Raises:
        DatasetError: nothing there, or annotations or class folders do not fit labels or images.
    """
    if images is None:
        if annotations is not None:
            raise DatasetError("--labels-coco needs the images that it annotates: give --images")
        return Dataset(_synthetic_samples(), None, synthetic=True)
    if isinstance(images, RecordedPictures):
        return _recorded(images, annotations, labels, most)
    folders = find_class_folders(images) if annotations is None else {}
    if folders:
        return _of_classes(images, folders, labels, most)
    try:
        files = find_images(images)
    except ImageError as error:
        raise DatasetError(f"{option}: {error}") from error
    if annotations is not None:
        return _annotated(images, files, annotations, labels, most)
    samples = [Sample(printable_name(file.name), None, file) for file in files]
    return Dataset(tuple(samples[:most]), None, synthetic=False)


def _of_classes(
    images: Path, folders: Mapping[str, Sequence[Path]], labels: Sequence[str], most: int
) -> Dataset:
    """The images in folders that are classes."""
    classes = match_labels(images, list(folders), labels)
    samples = [
        Sample(printable_name(f"{name}/{file.name}"), None, file, name)
        for name, files in folders.items()
        for file in files
    ]
    return Dataset(spread(samples, most), None, False, classes.names, classes)


def _annotated(
    images: Path, files: Sequence[Path], annotations: Path, labels: Sequence[str], most: int
) -> Dataset:
    """Those of the images that annotations name."""
    truth = read_annotations(annotations, labels)
    ids = {entry["file_name"]: entry["id"] for entry in truth.content["images"]}
    samples = [
        Sample(printable_name(file.name), ids[file.name], file)
        for file in files
        if file.name in ids
    ]
    if not samples:
        named = f"names '{next(iter(ids))}'" if ids else "names none"
        raise DatasetError(
            f"no image in '{images}' is named in '{annotations}': it {named}, the folder has "
            f"'{files[0].name}'. A file_name there must be the name of a file in that folder"
        )
    check_boxes(samples[:most], annotations, truth)
    return Dataset(tuple(samples[:most]), truth, False, truth.names)


def _recorded(
    images: RecordedPictures, annotations: Optional[Path], labels: Sequence[str], most: int
) -> Dataset:
    """The images of a recording; with annotations, those that they name."""
    if annotations is None:
        samples = tuple(_recorded_sample(picture, None) for picture in images.pictures)
        return Dataset(spread(samples, most), None, synthetic=False)
    truth = read_annotations(annotations, labels)
    entries = {entry["file_name"]: entry for entry in truth.content["images"]}
    for picture in images.pictures:
        check_annotated_size(annotations, entries[picture.annotated_as], picture.size)
    named = [_recorded_sample(one, entries[one.annotated_as]["id"]) for one in images.pictures]
    samples = spread(named, most)
    check_boxes(samples, annotations, truth)
    return Dataset(samples, truth, False, truth.names)


def _recorded_sample(picture: RecordedPicture, image_id: Optional[int]) -> Sample:
    return Sample(printable_name(picture.name), image_id, picture.file, part=picture.part)


def _synthetic_samples(count: int = 8) -> Tuple[Sample, ...]:
    """Smooth random pictures: enough to compare arithmetic, not to judge detections."""
    generator = np.random.default_rng(0)
    samples = []
    for index in range(count):
        coarse = generator.integers(0, 256, (15, 20, 3), np.uint8)
        picture = np.kron(coarse, np.ones((32, 32, 1), np.uint8))
        samples.append(Sample(f"synthetic {index}", None, picture))
    return tuple(samples)


Track = Callable[[Iterable[Sample], str], Iterable[Sample]]
