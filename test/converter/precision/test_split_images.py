"""Images to calibrate on and images to measure on are never the same."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from converter.errors import DatasetError
from converter.inputs.dataset import Images
from converter.inputs.recorded_pictures import RecordedPicture, RecordedPictures
from converter.inputs.sample import Sample
from converter.precision.precision_options import PrecisionOptions
from converter.precision.split_images import Split, split_images
from converter.recordings.parts_of_time import BETWEEN, CALIBRATED, MEASURED
from test.color_bundle import LABELS
from test.converter.expected import coco
from test.converter.precision.models import scenes, write_pictures


def pictures(folder: Path, count: int, seed: int = 0) -> Path:
    """All different, and numbered."""
    generator = np.random.default_rng(seed)
    return write_pictures(folder, list(generator.integers(0, 256, (count, 4, 4, 3), np.uint8)))


def split(images: Images | None, **options: object) -> Split:
    return split_images(images, None, LABELS, PrecisionOptions(**options))  # type: ignore[arg-type]


def numbers(samples: tuple[Sample, ...]) -> list[int]:
    return [int(Path(sample.name).stem) for sample in samples]


def test_every_fourth_image_is_calibrated_on_and_the_others_are_measured_on(
    tmp_path: Path,
) -> None:
    found = split(pictures(tmp_path / "images", 10))
    assert numbers(found.calibration) == [0, 4, 8]
    assert numbers(found.held_out.samples) == [1, 2, 3, 5, 6, 7, 9]


def test_a_folder_of_its_own_leaves_all_images_to_measure_on(tmp_path: Path) -> None:
    own = pictures(tmp_path / "own", 3, seed=1)
    found = split(pictures(tmp_path / "images", 5), calibration_images=own)
    assert [sample.pixels for sample in found.calibration] == sorted(own.iterdir())
    assert numbers(found.held_out.samples) == [0, 1, 2, 3, 4]
    assert not any("measured" in note for note in found.notes)


def recorded(folder: Path, parts: str) -> RecordedPictures:
    """A picture for each letter: c is calibrated on, m measured on, b between both."""
    names = {"c": CALIBRATED, "m": MEASURED, "b": BETWEEN}
    files = sorted(pictures(folder, len(parts)).iterdir())
    found = [
        RecordedPicture(file.name, file, (4, 4), names[part])
        for file, part in zip(files, parts, strict=True)
    ]
    return RecordedPictures("run", tuple(found), "calibrated on a part of it")


def test_of_a_recording_each_part_is_used_for_what_it_is(tmp_path: Path) -> None:
    found = split(recorded(tmp_path / "taken", "cccbmmmmbcc"))
    assert numbers(found.calibration) == [0, 1, 2, 9, 10]
    assert numbers(found.held_out.samples) == [4, 5, 6, 7]
    assert found.notes[0] == "calibrated on a part of it"


def test_how_a_recording_is_divided_is_told_where_anything_is_calibrated(tmp_path: Path) -> None:
    images = recorded(tmp_path / "taken", "ccbmmm")
    found = split_images(images, None, LABELS, PrecisionOptions(), calibrates=False)
    assert numbers(found.held_out.samples) == [3, 4, 5]
    assert not any("calibrated on" in note for note in found.notes)


def test_all_of_a_recording_is_measured_on_where_another_folder_is_calibrated_on(
    tmp_path: Path,
) -> None:
    own = pictures(tmp_path / "own", 3, seed=1)
    found = split(recorded(tmp_path / "taken", "ccbmmm"), calibration_images=own)
    assert [sample.pixels for sample in found.calibration] == sorted(own.iterdir())
    assert numbers(found.held_out.samples) == [0, 1, 2, 3, 4, 5]
    assert not any("a part of it" in note for note in found.notes)


def test_a_recording_of_one_scene_is_too_little(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="'run' has too few different images"):
        split(recorded(tmp_path / "taken", "c"))


def test_a_picture_that_is_in_both_is_not_measured_on(tmp_path: Path) -> None:
    """Under another name; and one of the folder is there twice."""
    images, own = pictures(tmp_path / "images", 5), pictures(tmp_path / "own", 2, seed=1)
    (own / "again.png").write_bytes((images / "003.png").read_bytes())
    found = split(images, calibration_images=own)
    assert numbers(found.held_out.samples) == [0, 1, 2, 4]
    assert any(note.startswith("1 image") and "not measured on" in note for note in found.notes)

    (images / "005.png").write_bytes((images / "004.png").read_bytes())
    found = split(images)
    assert numbers(found.calibration) == [0, 4]
    assert numbers(found.held_out.samples) == [1, 2, 3]


def test_few_images_are_worth_a_note(tmp_path: Path) -> None:
    images, own = pictures(tmp_path / "images", 100), pictures(tmp_path / "own", 100, seed=1)
    assert split(images, calibration_images=own).notes == ()
    (own / "000.png").unlink()
    (note,) = split(images, calibration_images=own).notes
    assert "only 99 images to calibrate on" in note and "give 100 or more" in note
    (own / "new.png").write_bytes((images / "000.png").read_bytes())
    (images / "000.png").unlink()
    (note,) = split(images, calibration_images=own).notes
    assert "only 99 images to measure on" in note


def test_at_most_so_many_are_spread_over_the_folder(tmp_path: Path) -> None:
    found = split(pictures(tmp_path / "images", 40), most_calibration=2, most_images=3)
    assert numbers(found.calibration) == [0, 20]
    assert numbers(found.held_out.samples) == [1, 14, 27]


def test_of_class_folders_each_part_has_images_of_all_classes(tmp_path: Path) -> None:
    """Their number is the number of classes, by which every fourth would be of one class."""
    images = tmp_path / "images"
    for seed, name in enumerate("abcd"):
        pictures(images / name, 8, seed)
    found = split_images(images, None, tuple("dcba"), PrecisionOptions(most_images=8))
    calibration = sorted(sample.class_name for sample in found.calibration)
    assert calibration == list("aabbccdd")
    assert sorted(sample.class_name for sample in found.held_out.samples) == list("aabbccdd")
    assert found.held_out.folders is not None
    assert found.held_out.folders.names == tuple("dcba")


def test_one_picture_is_too_few(tmp_path: Path) -> None:
    """However often it is there."""
    images = pictures(tmp_path / "images", 1)
    for number in range(5):
        (images / f"copy{number}.png").write_bytes((images / "000.png").read_bytes())
    with pytest.raises(DatasetError, match="at least two, better some hundreds") as found:
        split(images)
    assert "6 different" not in str(found.value)


def test_no_images_or_no_folder_is_refused_with_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"real images.*--images with pictures of the robot"):
        split(None)
    with pytest.raises(DatasetError, match=r"--images.*nowhere"):
        split(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match=r"--calibration-images.*nowhere"):
        split(pictures(tmp_path / "images", 4), calibration_images=tmp_path / "nowhere")


def test_annotations_of_the_images_that_are_measured_on(tmp_path: Path) -> None:
    """They show nothing when all boxes are in those that are calibrated on."""
    made = scenes(8)
    images = write_pictures(tmp_path / "images", [frame for frame, _ in made])
    names = {f"{number:03}.png": truth for number, (_, truth) in enumerate(made)}
    content = coco(names, (64, 64))
    file = tmp_path / "annotations.json"
    file.write_text(json.dumps(content), "utf-8")
    found = split_images(images, file, LABELS, PrecisionOptions())
    assert numbers(found.held_out.samples) == [1, 2, 3, 5, 6, 7]
    assert [sample.image_id for sample in found.held_out.samples] == [8, 9, 10, 12, 13, 14]

    calibrated = {content["images"][0]["id"], content["images"][4]["id"]}
    boxes = [box for box in content["annotations"] if box["image_id"] in calibrated]
    file.write_text(json.dumps({**content, "annotations": boxes}), "utf-8")
    with pytest.raises(DatasetError, match="no box"):
        split_images(images, file, LABELS, PrecisionOptions())


def test_an_image_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    images = pictures(tmp_path / "images", 4)
    (images / "002.png").write_bytes(b"no picture")
    (sample,) = (one for one in split(images).held_out.samples if one.name == "002.png")
    with pytest.raises(DatasetError, match=r"002\.png"):
        sample.read()
