"""What the user gives beside the model: labels, images, and annotations in COCO's format."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Optional, Sequence, Tuple, Union

import numpy as np

from converter.errors import DatasetError
from trt_inference.errors import ImageError
from trt_inference.viewing.image_files import find_images, read_image


@dataclass(frozen=True)
class Sample:
    """One image: where it comes from, and the id that the annotations give it."""

    name: str
    image_id: Optional[int]
    pixels: Union[np.ndarray, Path]

    def read(self) -> np.ndarray:
        """uint8 ``[h, w, 3]``, BGR.

        Raises:
            DatasetError: the file holds no image.
        """
        if isinstance(self.pixels, np.ndarray):
            return self.pixels
        try:
            return read_image(self.pixels)
        except ImageError as error:
            raise DatasetError(f"--images: {error}: replace or remove it") from error


@dataclass(frozen=True)
class Annotations:
    """Ground truth in COCO's detection format, and the category of each class of the model."""

    content: Dict[str, Any]
    category_ids: Tuple[int, ...]
    names: Tuple[str, ...]

    def boxes(self, sample: Sample) -> np.ndarray:
        """The objects in an image, crowds left out: float32 ``[n, 4]``, x1, y1, x2, y2 in its
        pixels."""
        found = [
            one["bbox"]
            for one in self.content["annotations"]
            if one["image_id"] == sample.image_id and not one["iscrowd"]
        ]
        boxes = np.array(found, np.float32).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        return boxes


@dataclass(frozen=True)
class Dataset:
    """The images to verify on. ``synthetic`` when the user gave none. ``category_names`` are
    those of the annotations, by their ids."""

    samples: Tuple[Sample, ...]
    annotations: Optional[Annotations]
    synthetic: bool
    category_names: Tuple[str, ...] = ()


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
    images: Optional[Path],
    annotations: Optional[Path],
    labels: Sequence[str],
    most: int,
    option: str = "--images",
) -> Dataset:
    """The images in folder ``images``, at most ``most``, or synthetic ones where it is None.

    Args:
        labels: names of the classes; without them, those of the annotations are taken.
        option: what the user gave the folder by.

    Raises:
        DatasetError: nothing there, or the annotations do not fit labels or images.
    """
    if images is None:
        if annotations is not None:
            raise DatasetError("--labels-coco needs the images that it annotates: give --images")
        return Dataset(_synthetic_samples(), None, synthetic=True)
    try:
        files = find_images(images)
    except ImageError as error:
        raise DatasetError(f"{option}: {error}") from error
    if annotations is None:
        samples = [Sample(file.name, None, file) for file in files]
        return Dataset(tuple(samples[:most]), None, synthetic=False)
    truth = _read_annotations(annotations, labels)
    ids = {entry["file_name"]: entry["id"] for entry in truth.content["images"]}
    samples = [Sample(file.name, ids[file.name], file) for file in files if file.name in ids]
    if not samples:
        named = f"names '{next(iter(ids))}'" if ids else "names none"
        raise DatasetError(
            f"no image in '{images}' is named in '{annotations}': it {named}, the folder has "
            f"'{files[0].name}'. A file_name there must be the name of a file in that folder"
        )
    check_boxes(samples[:most], annotations, truth)
    return Dataset(tuple(samples[:most]), truth, False, truth.names)


def check_boxes(samples: Sequence[Sample], file: Path, truth: Annotations) -> None:
    """See that the annotations have a box in ``samples``.

    Raises:
        DatasetError: they have none.
    """
    used = {sample.image_id for sample in samples}
    boxes = (one for one in truth.content["annotations"] if not one["iscrowd"])
    if not any(entry["image_id"] in used for entry in boxes):
        raise DatasetError(
            f"'{file}' has no box in the {len(samples)} images that are used, so that there is "
            "no accuracy to measure: give other images, or leave --labels-coco out"
        )


def _read_annotations(file: Path, labels: Sequence[str]) -> Annotations:
    try:
        content = json.loads(file.read_text("utf-8"))
        categories = {entry["name"]: entry["id"] for entry in content["categories"]}
        used = {entry["category_id"] for entry in content["annotations"]}
        [entry["file_name"] + str(entry["id"]) for entry in content["images"]]
        content["annotations"] = [
            _whole_annotation(entry, number)
            for number, entry in enumerate(content["annotations"], start=1)
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"'{file}' is not a COCO file of boxes: {type(error).__name__} {error}"
        ) from error
    nameless = sorted(used - set(categories.values()))
    if nameless:
        raise DatasetError(f"'{file}' has boxes of category {nameless[0]}, which it does not name")
    by_id = sorted(categories, key=lambda name: categories[name])
    labels = tuple(labels) or tuple(by_id)
    unknown = [name for name, number in categories.items() if number in used and name not in labels]
    if unknown:
        raise DatasetError(
            f"'{file}' has boxes of {', '.join(unknown)}, which are not in the labels file"
        )
    # A class without a category has no boxes; it must not take the id of one that has.
    spare = max(categories.values(), default=0) + 1
    ids = tuple(categories.get(name, spare + index) for index, name in enumerate(labels))
    return Annotations(content, ids, tuple(labels))


def _whole_annotation(entry: Dict[str, Any], number: int) -> Dict[str, Any]:
    """With the fields that the measurement needs and some tools leave out."""
    _, _, width, height = entry["bbox"]
    whole = {"area": width * height, "iscrowd": 0, **entry, "id": number}
    whole["image_id"]  # without it, a KeyError
    return whole


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
