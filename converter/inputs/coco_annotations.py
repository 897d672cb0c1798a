"""Ground truth in COCO's detection format: https://cocodataset.org/#format-data"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Mapping, Sequence, Tuple

import numpy as np

from converter.errors import DatasetError
from converter.inputs.sample import Sample
from trt_inference.printable import printable, shortened


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


def check_annotated_size(file: Path, entry: Mapping[str, Any], size: Tuple[int, int]) -> None:
    """See that the boxes of an image are in the pixels of a recording.

    Args:
        file: for the error.
        entry: of ``images``, which may lack its size.
        size: width, height of the recorded image.

    Raises:
        DatasetError: it is of another size.
    """
    stated = entry.get("width", size[0]), entry.get("height", size[1])
    if stated != size:
        name = shortened(printable(entry["file_name"]))
        raise DatasetError(
            f"'{file}' has '{name}' with {stated[0]}x{stated[1]} pixels, and the recording has "
            f"{size[0]}x{size[1]}: annotate the images as they were recorded, neither resized nor "
            "rectified"
        )


def read_annotations(
    file: Path, labels: Sequence[str], owner: str = "the labels file"
) -> Annotations:
    """The annotations in ``file``.

    Args:
        labels: names of the classes; without them, those of the annotations are taken.
        owner: where the labels come from, for the error.

    Raises:
        DatasetError: not readable, or with boxes of a category that is no label.
    """
    try:
        content = json.loads(file.read_text("utf-8"))
        categories = {str(entry["name"]): _number(entry["id"]) for entry in content["categories"]}
        used = {_number(entry["category_id"]) for entry in content["annotations"]}
        [entry["file_name"] + str(entry["id"]) for entry in content["images"]]
        content["annotations"] = [
            _whole_annotation(entry, number)
            for number, entry in enumerate(content["annotations"], start=1)
        ]
    except OSError as error:
        raise DatasetError(
            f"'{file}' cannot be read: {error.strerror or error}. --labels-coco takes a COCO file "
            "of boxes"
        ) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
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
        raise DatasetError(f"'{file}' has boxes of {', '.join(unknown)}, which are not in {owner}")
    # A class without a category has no boxes; it must not take the id of one that has.
    spare = max(categories.values(), default=0) + 1
    ids = tuple(categories.get(name, spare + index) for index, name in enumerate(labels))
    return Annotations(content, ids, tuple(labels))


def _whole_annotation(entry: Dict[str, Any], number: int) -> Dict[str, Any]:
    """With the fields that the measurement needs and some tools leave out."""
    _, _, width, height = entry["bbox"]
    if not np.isfinite(entry["bbox"]).all():
        raise ValueError(f"bbox {entry['bbox']}")
    whole = {"area": width * height, "iscrowd": 0, **entry, "id": number}
    hash(whole["image_id"])  # without it, a KeyError
    return whole


def _number(value: Any) -> int:
    if not isinstance(value, int):
        raise TypeError(f"the id {value!r} of a category is not a whole number")
    return value
