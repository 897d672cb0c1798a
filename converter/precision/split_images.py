"""Split images into some to calibrate on and others to judge the result by."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from converter.errors import DatasetError
from converter.inputs.class_folders import one_class_after_the_other, spread
from converter.inputs.coco_annotations import check_boxes
from converter.inputs.dataset import Dataset, Images, load_dataset
from converter.inputs.recorded_pictures import RecordedPictures
from converter.inputs.sample import Sample
from converter.precision.precision_kinds import find_precisions
from converter.precision.precision_options import PrecisionOptions
from converter.recordings.parts_of_time import CALIBRATED, MEASURED

# Fewer leave ranges to chance.
ENOUGH_TO_CALIBRATE = 100
# Fewer do not show the loss that the limits allow.
ENOUGH_TO_MEASURE = 100
_EVERYTHING = 1_000_000
# Of one folder, one image in so many is calibrated on.
_ONE_IN = 4


@dataclass(frozen=True)
class Split:
    """Images to find ranges with, and images that nothing was chosen by.

    ``notes`` are what the user should know about them.
    """

    calibration: tuple[Sample, ...]
    held_out: Dataset
    notes: tuple[str, ...]


def split_images(
    images: Images | None,
    annotations: Path | None,
    labels: Sequence[str],
    options: PrecisionOptions,
    calibrates: bool = True,
    made_up: bool = False,
) -> Split:
    """Take every fourth image of the folder, or of its class folders, to calibrate on, or those of
    a folder of their own. Of a recording, other stretches of time are calibrated on than are
    measured on.

    Args:
        calibrates: whether anything is calibrated; otherwise training has found all ranges.
        made_up: whether made-up images to measure on will do where there are none.

    Raises:
        DatasetError: there are no images, or too few.
    """
    if images is None and made_up:
        dataset = load_dataset(None, annotations, labels, _EVERYTHING)
        return Split((), dataset, (_made_up(len(dataset.samples)),))
    known = images if options.own else require_images(images)
    dataset = load_dataset(known, annotations, labels, _EVERYTHING)
    calibration, held_out = _divide(dataset.samples, options.calibration_images)
    calibration = spread(calibration, options.most_calibration)
    seen = {_digest(sample) for sample in calibration}
    different = tuple(sample for sample in held_out if _digest(sample) not in seen)
    if not calibration or not different:
        raise DatasetError(
            f"'{images}' has too few different images: some to calibrate on and others to measure "
            "on are needed, at least two, better some hundreds"
        )
    kept = spread(different, options.most_images)
    if annotations is not None and dataset.annotations is not None:
        check_boxes(kept, annotations, dataset.annotations)
    notes = _notes(calibration if calibrates else None, kept, len(held_out) - len(different))
    divided = calibrates and options.calibration_images is None
    if divided and isinstance(images, RecordedPictures):
        notes = (images.division, *notes)
    if dataset.synthetic:
        notes = (f"{options.own} is measured on made-up images: convert again with --images",)
    return Split(calibration, replace(dataset, samples=kept), notes)


def needs_images(options: PrecisionOptions) -> bool:
    """Return whether one of the precisions needs images whatever training has found."""
    return any(not find_precisions()[name].calibrates for name in options.precisions)


def require_images(images: Images | None) -> Images:
    """Return the folder of images, or those of a recording.

    Raises:
        DatasetError: the user gave none. Nothing else will do.
    """
    if images is None:
        raise DatasetError(
            f"{' and '.join(find_precisions())} are measured on real images, and the ranges of "
            f"{_calibrated()} are found on them: give --images with pictures of the robot's "
            "camera, or --images-from with its recordings"
        )
    return images


def _calibrated() -> str:
    return " and ".join(kind.name for kind in find_precisions().values() if kind.calibrates)


def _divide(
    samples: tuple[Sample, ...], folder: Path | None
) -> tuple[tuple[Sample, ...], tuple[Sample, ...]]:
    if folder is not None:
        option = "--calibration-images"
        return load_dataset(folder, None, (), _EVERYTHING, option).samples, samples
    if any(sample.part for sample in samples):
        return _of_part(samples, CALIBRATED), _of_part(samples, MEASURED)
    ordered = one_class_after_the_other(samples)
    rest = tuple(sample for index, sample in enumerate(ordered) if index % _ONE_IN)
    return tuple(ordered[::_ONE_IN]), rest


def _of_part(samples: tuple[Sample, ...], part: str) -> tuple[Sample, ...]:
    return tuple(sample for sample in samples if sample.part == part)


def _digest(sample: Sample) -> str:
    if isinstance(sample.pixels, Path):
        return hashlib.sha256(sample.pixels.read_bytes()).hexdigest()
    return hashlib.sha256(sample.pixels.tobytes()).hexdigest()


def _made_up(count: int) -> str:
    return (
        f"measured on {count} made-up images only, which prove little: give --images with pictures "
        "of the robot's camera"
    )


def _notes(
    calibration: Sequence[Sample] | None, held_out: Sequence[Sample], same: int
) -> tuple[str, ...]:
    notes = []
    if calibration is not None and len(calibration) < ENOUGH_TO_CALIBRATE:
        notes.append(
            f"only {len(calibration)} images to calibrate on: ranges of {_calibrated()} may be off "
            f"for what they do not show, give {ENOUGH_TO_CALIBRATE} or more"
        )
    if len(held_out) < ENOUGH_TO_MEASURE:
        notes.append(
            f"only {len(held_out)} images to measure on, which cannot show a small loss: give "
            f"{ENOUGH_TO_MEASURE} or more"
        )
    if same:
        notes.append(f"{same} images are not measured on, because they are calibrated on too")
    return tuple(notes)
