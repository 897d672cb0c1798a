"""Presets of KerasHub. presets/ has what keras-hub 0.32 wrote of small networks of ours."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converter.inputs.image_input import ImageInput
from converter.inputs.model_files.facts import ModelFiles
from converter.inputs.model_files.read_model_files import read_model_files
from test.converter.inputs.model_files.telling import told

PRESETS = Path(__file__).parent / "presets"
CONVERTER = "mobilenet_image_converter.json"


def read(model: Path, **files: str) -> ModelFiles:
    """With presets, by the names that they get in the folder above."""
    for name, preset in files.items():
        target = model.parent / f"{name}.json"
        target.write_text((PRESETS / preset).read_text("utf-8"), "utf-8")
    return read_model_files(model)


def read_changed(model: Path, **config: Any) -> ModelFiles:
    """With an image converter whose configuration has other values."""
    content = json.loads((PRESETS / CONVERTER).read_text("utf-8"))
    content["config"].update(config)
    (model.parent / "image_converter.json").write_text(json.dumps(content), "utf-8")
    return read_model_files(model)


def network_input(facts: ModelFiles, channels: int = 3) -> np.ndarray:
    """What the network gets of each value of a byte: float32 ``[256, channels]``."""
    assert facts.pixels is not None
    image = ImageInput("image", "float32", "NHWC", channels, 64, 64, -1, 4)
    values = np.arange(256, dtype=np.uint8)[:, None].repeat(3, axis=1)
    return facts.pixels.resolve(image, takes_bytes=False).apply(values)


def test_a_classifier_is_known_from_its_task(model: Path) -> None:
    facts = read(model, task="resnet.json", metadata="metadata.json")
    assert (facts.task, facts.input_size) == ("classification", (64, 96))
    assert (facts.fit, facts.resize, facts.crop_fraction) == ("center-crop", "linear", 1.0)
    assert facts.labels_for(5) == ((), None)
    source = "from task.json (KerasHub 0.32.0)"
    assert told(facts, "size") == f"96x64, {source}"
    assert all(source in told(facts, subject) for subject in ("task", "pixels", "fit"))
    assert "less 0.485 0.456 0.406, divided by 0.229 0.224 0.225, RGB" in told(facts, "pixels")


def test_a_detector_is_padded_with_black(model: Path) -> None:
    facts = read(model, task="retinanet.json")
    assert (facts.task, facts.input_size) == ("detection", (128, 128))
    assert (facts.fit, facts.resize, facts.pad_value) == ("letterbox", "linear", 0)


def test_an_image_converter_alone_tells_no_task(model: Path) -> None:
    facts = read(model, image_converter=CONVERTER)
    assert (facts.task, facts.input_size) == (None, (64, 64))
    assert (facts.fit, facts.resize) == ("stretch", "area")
    assert "stretch, resized antialiased, from image_converter.json (KerasHub)" in told(
        facts, "fit"
    )


@pytest.mark.parametrize(
    ("scale", "offset"),
    [
        (1 / 127.5, -1.0),
        (1 / 255, None),
        (None, None),
        (None, [-123.68, -116.779, -103.939]),
        ([0.017, 0.0175, 0.0174], [-2.1, -2.0, -1.8]),
        ([0.017, 0.0175, 0.0174], None),
        ([0.01, 0.02, 0.03], -1),
        (2, [1, 2, 3]),
    ],
)
def test_pixels_are_scaled_and_shifted_as_in_kerashub(model: Path, scale: Any, offset: Any) -> None:
    values = np.arange(256)[:, None].repeat(3, axis=1)
    expected = values * np.array(1 if scale is None else scale)
    expected = expected + np.array(0 if offset is None else offset)
    found = network_input(read_changed(model, scale=scale, offset=offset))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-5)


def test_presets_of_earlier_versions_have_mean_and_variance(model: Path) -> None:
    mean, variance = [0.485, 0.456, 0.406], [0.05, 0.06, 0.07]
    facts = read_changed(
        model,
        image_size=None,
        height=48,
        width=64,
        scale=1 / 255,
        offset=None,
        mean=mean,
        variance=variance,
    )
    assert facts.input_size == (48, 64)
    for channel, found in enumerate(network_input(facts).T):
        expected = [
            (value / 255 - mean[channel]) / math.sqrt(variance[channel]) for value in range(256)
        ]
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_grey_networks_are_known_by_the_shape_of_the_backbone(model: Path) -> None:
    content = json.loads((PRESETS / "resnet.json").read_text("utf-8"))
    content["config"]["backbone"]["config"]["image_shape"] = [64, 96, 1]
    converter = content["config"]["preprocessor"]["config"]["image_converter"]["config"]
    converter.update(scale=1 / 255, offset=None)
    (model.parent / "task.json").write_text(json.dumps(content), "utf-8")
    found = network_input(read_model_files(model), channels=1)
    np.testing.assert_allclose(found[:, 0], np.arange(256) / 255, rtol=1e-6)


def test_pictures_that_are_not_resized_have_no_fit(model: Path) -> None:
    facts = read_changed(model, image_size=None)
    assert (facts.input_size, facts.fit, facts.resize) == (None, None, None)
    assert facts.pixels is not None


def test_an_interpolation_that_the_robot_lacks_is_told(model: Path) -> None:
    facts = read_changed(model, interpolation="bicubic")
    assert "trained with bicubic, which the robot does not have" in told(facts, "fit")


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"scale": "much"}, "'much' is no number"),
        ({"scale": [0.1, 0.2]}, "scale has 2 numbers"),
        ({"scale": 0}, "multiplied by 0"),
        ({"scale": float("nan")}, "nan is no number"),
        ({"scale": [1e-320, 1, 1]}, "too small"),
        ({"offset": 10**400}, "is no number"),
        ({"mean": 0.5, "variance": [1, 0, 1]}, "divided by 0"),
    ],
)
def test_pixels_that_make_no_sense_are_left_out(
    model: Path, config: dict[str, Any], expected: str
) -> None:
    facts = read_changed(model, **config)
    assert facts.pixels is None
    assert expected in told(facts, "files")
    assert facts.input_size == (64, 64)


def test_a_size_that_makes_no_sense_is_left_out(model: Path) -> None:
    facts = read_changed(model, image_size=["a", {}])
    assert facts.input_size is None
    assert "no height and width" in told(facts, "files")
    assert facts.pixels is not None


def test_files_of_those_names_of_other_libraries_are_left_alone(model: Path) -> None:
    (model / "task.json").write_text('{"class_name": "ImageClassifier", "config": {}}', "utf-8")
    assert read_model_files(model) == ModelFiles()


def test_a_preset_inside_of_the_savedmodel_is_read_too(model: Path) -> None:
    (model / "task.json").write_text((PRESETS / "resnet.json").read_text("utf-8"), "utf-8")
    assert read_model_files(model).task == "classification"


def test_of_two_tools_the_first_one_tells_the_whole_fit(model: Path) -> None:
    """A letterbox of Ultralytics has no part of the centre crop of a preset that stands beside."""
    (model / "metadata.yaml").write_text(
        "author: Ultralytics\nversion: 8.3.40\ntask: detect\n", "utf-8"
    )
    facts = read(model, task="resnet.json")
    assert (facts.task, facts.fit, facts.crop_fraction) == ("detection", "letterbox", None)
    assert facts.pad_value == 114
    assert facts.input_size == (64, 96)
    assert "Ultralytics" in told(facts, "fit") + told(facts, "pixels")
    assert "task.json" in told(facts, "size")


def test_a_preset_in_a_folder_beside_the_model_is_read_where_it_is_the_only_one(
    model: Path,
) -> None:
    first, second = model.parent / "preset", model.parent / "another"
    first.mkdir()
    (first / "task.json").write_text((PRESETS / "resnet.json").read_text("utf-8"), "utf-8")
    (first / "metadata.json").write_text((PRESETS / "metadata.json").read_text("utf-8"), "utf-8")
    facts = read_model_files(model)
    assert (facts.task, facts.input_size) == ("classification", (64, 96))
    assert told(facts, "size") == "96x64, from task.json (KerasHub 0.32.0)"
    second.mkdir()
    (second / "task.json").write_text((PRESETS / "retinanet.json").read_text("utf-8"), "utf-8")
    facts = read_model_files(model)
    assert facts.task is None
    assert "the folders another, preset have one each" in told(facts, "files")


def test_a_preset_in_a_folder_beside_several_models_is_not_read(model: Path) -> None:
    preset, other = model.parent / "preset", model.parent / "other_model"
    for folder in (preset, other):
        folder.mkdir()
    (preset / "task.json").write_text((PRESETS / "resnet.json").read_text("utf-8"), "utf-8")
    (other / "saved_model.pb").touch()
    assert read_model_files(model).task is None
