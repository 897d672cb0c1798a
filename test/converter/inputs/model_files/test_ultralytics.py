"""metadata.yaml of Ultralytics, written as its exporter writes it: yaml.safe_dump of such a map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from converter.inputs.model_files.facts import ModelFiles
from converter.inputs.model_files.read_model_files import read_model_files
from converter.inputs.pixels import PRESETS, PixelOptions
from test.converter.inputs.model_files.telling import told


def write(model: Path, version: str = "8.3.200", **fields: Any) -> None:
    """The file of a detector of bolts and nuts, with other ``fields``; None leaves one out."""
    content = {
        "description": "Ultralytics YOLO11n model trained on hardware.yaml",
        "author": "Ultralytics",
        "date": "2026-03-01T12:00:00.000000",
        "version": version,
        "license": "AGPL-3.0 License (https://ultralytics.com/license)",
        "docs": "https://docs.ultralytics.com",
        "stride": 32,
        "task": "detect",
        "batch": 1,
        "imgsz": [480, 640],
        "names": {0: "bolt", 1: "nut", 2: "no"},
        "args": {"batch": 1, "int8": False, "keras": False, "nms": False},
        "channels": 3,
        **fields,
    }
    kept = {key: value for key, value in content.items() if value is not None}
    text = yaml.safe_dump(kept, sort_keys=False, allow_unicode=True)
    (model / "metadata.yaml").write_text(text, "utf-8")


def read(model: Path, version: str = "8.3.200", **fields: Any) -> ModelFiles:
    write(model, version, **fields)
    return read_model_files(model)


def test_a_detector_is_known_from_its_file(model: Path) -> None:
    facts = read(model)
    assert facts.labels_for(3)[0] == ("bolt", "nut", "no")
    assert (facts.task, facts.input_size) == ("detection", (480, 640))
    assert facts.pixels == PixelOptions("rgb", 1 / 255)
    assert (facts.fit, facts.resize, facts.pad_value) == ("letterbox", "linear", 114)
    assert not facts.unsupported_task


def test_each_fact_is_told_with_the_file_and_the_version(model: Path) -> None:
    facts = read(model)
    source = "metadata.yaml (Ultralytics 8.3.200)"
    assert told(facts, "task") == f"detection, from {source}"
    assert told(facts, "size") == f"640x480, from {source}"
    for subject in ("pixels", "fit"):
        assert "as Ultralytics 8.3.200 prepares pictures (metadata.yaml)" in told(facts, subject)
    _, finding = facts.labels_for(3)
    assert finding is not None
    assert finding.text == f"3 names from {source}"
    assert not told(facts, "files")


@pytest.mark.parametrize(
    ("version", "resize"),
    [("8.0.232", "linear"), ("8.0.233", "area"), ("8.1.0", "area"), ("8.4.190", "area")],
)
def test_a_classifier_crops_the_middle(model: Path, version: str, resize: str) -> None:
    facts = read(model, version, task="classify", imgsz=[224, 224])
    assert facts.task == "classification"
    assert (facts.fit, facts.resize, facts.crop_fraction) == ("center-crop", resize, 1.0)
    assert facts.pad_value is None
    assert facts.pixels == PixelOptions("rgb", 1 / 255)


def test_a_classifier_that_is_no_square_is_stretched(model: Path) -> None:
    """torchvision's Resize keeps the aspect ratio for one number, not for two."""
    facts = read(model, task="classify", imgsz=[192, 256])
    assert (facts.fit, facts.resize) == ("stretch", "area")
    assert read(model, "8.0.200", task="classify", imgsz=[192, 256]).fit is None


def test_the_first_classifiers_took_pixels_as_imagenet_does(model: Path) -> None:
    assert read(model, "8.0.52", task="classify").pixels == PRESETS["imagenet"]
    assert read(model, "8.0.52").pixels == PixelOptions("rgb", 1 / 255)
    assert read(model, "8.0.53", task="classify").pixels == PixelOptions("rgb", 1 / 255)


def test_rt_detr_stretches(model: Path) -> None:
    assert read(model, "8.4.190", head="RTDETRDecoder").fit == "stretch"
    assert read(model, description="Ultralytics rtdetr-l model trained on x").fit == "stretch"


def test_semantic_segmentation_is_a_task_with_a_bundle(model: Path) -> None:
    facts = read(model, "8.4.190", task="semantic", head="SemanticSegment")
    assert (facts.task, facts.fit) == ("segmentation", "letterbox")


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("pose", "key points"),
        ("segment", "masks of single objects"),
        ("obb", "rotated boxes"),
        ("depth", "distances"),
    ],
)
def test_a_task_without_a_bundle_is_named(model: Path, task: str, words: str) -> None:
    facts = read(model, task=task)
    assert facts.task is None
    assert words in facts.unsupported_task
    assert f"task {task} in metadata.yaml" in facts.unsupported_task


def test_grey_pictures_are_known_by_their_channel(model: Path) -> None:
    assert read(model, channels=1).pixels == PixelOptions("grey", 1 / 255)
    assert read(model, channels=4).pixels is None
    assert read(model, channels=None).pixels == PixelOptions("rgb", 1 / 255)


def test_a_version_that_is_none_leaves_a_classifier_open(model: Path) -> None:
    facts = read(model, "\x1b[31mnightly", task="classify", imgsz=[224, 224])
    assert (facts.pixels, facts.fit) == (None, None)
    assert facts.labels_for(3)[0] == ("bolt", "nut", "no")
    assert "\x1b" not in str([finding.text for finding in facts.findings])


def test_the_first_files_have_no_task(model: Path) -> None:
    facts = read(model, "8.0.40", task=None, imgsz=None, channels=None)
    assert facts.labels_for(3)[0] == ("bolt", "nut", "no")
    assert (facts.task, facts.pixels, facts.fit, facts.input_size) == (None, None, None, None)


def test_names_alone_are_of_another_tool(model: Path) -> None:
    text = yaml.safe_dump({"stride": 32, "names": ["bolt", "nut"]})
    (model / "metadata.yaml").write_text(text, "utf-8")
    facts = read_model_files(model)
    assert facts == ModelFiles(("bolt", "nut"), "metadata.yaml")


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("names", {0: "bolt", 2: "nut"}, "not numbered from 0"),
        ("names", {"a": "bolt"}, "no numbers"),
        ("names", {0: "bolt", 1: "a\nb"}, "class 1 has control characters"),
        ("names", {0: "bolt", 1: " "}, "class 1 is empty"),
        ("names", {0: "bolt", 1: True}, "class 1 is no text but bool"),
        ("names", {0: "bolt", 1: [["nut"]]}, "class 1 is no text but list"),
        ("names", {float("inf"): "bolt"}, "no numbers"),
        ("names", "bolt", "no list or map but str"),
        ("names", {}, "no names"),
        ("imgsz", [640], "no height and width"),
        ("imgsz", [640, -1], "no height and width"),
        ("imgsz", ["640", "640"], "no height and width"),
        ("imgsz", 10**9, "no height and width"),
    ],
)
def test_what_is_wrong_in_one_field_is_told_and_the_rest_used(
    model: Path, field: str, value: Any, expected: str
) -> None:
    facts = read(model, **{field: value})
    assert f"'{field}' is not used" in told(facts, "files")
    assert expected in told(facts, "files")
    assert facts.task == "detection"
    assert facts.labels == (() if field == "names" else ("bolt", "nut", "no"))
    assert facts.input_size == (None if field == "imgsz" else (480, 640))


def test_its_names_come_before_those_of_other_files(model: Path) -> None:
    (model.parent / "labels.txt").write_text("cat\ndog\nfox\n", "utf-8")
    assert read(model).labels == ("bolt", "nut", "no")
