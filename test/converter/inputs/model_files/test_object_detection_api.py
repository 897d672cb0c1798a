"""pipeline.config and label maps of the TF Object Detection API."""

from __future__ import annotations

from pathlib import Path

import pytest

from converter.inputs.model_files.facts import ModelFiles
from converter.inputs.model_files.read_model_files import read_model_files
from test.converter.inputs.model_files.telling import told

PIPELINE = """# trained on hardware
model {
  %s {
    num_classes: 3
    image_resizer {
      %s
    }
    feature_extractor { type: "some_net" depth_multiplier: 1.0
      [object_detection.protos.extra] { value: 1 } }
    box_coder { faster_rcnn_box_coder { y_scale: 10.0 } }
  }
}
train_config { batch_size: 8 fine_tune_checkpoint: "PATH_TO_BE_CONFIGURED" }
train_input_reader { label_map_path: "annotations/label_map.pbtxt" }
"""


def read(model: Path, resizer: str, architecture: str = "ssd") -> ModelFiles:
    text = PIPELINE % (architecture, resizer)
    (model.parent / "pipeline.config").write_text(text, "utf-8")
    return read_model_files(model)


def read_map(model: Path, text: str) -> ModelFiles:
    (model.parent / "hardware_label_map.pbtxt").write_text(text, "utf-8")
    return read_model_files(model)


def test_a_fixed_shape_is_a_stretch(model: Path) -> None:
    facts = read(model, "fixed_shape_resizer { height: 320 width: 480 resize_method: BILINEAR }")
    assert (facts.task, facts.input_size, facts.fit) == ("detection", (320, 480), "stretch")
    source = "from fixed_shape_resizer in pipeline.config"
    assert told(facts, "size") == f"480x320, {source}"
    assert told(facts, "fit") == f"stretch, {source}"
    assert facts.pixels is None


def test_what_is_left_out_has_the_defaults_of_the_api(model: Path) -> None:
    assert read(model, "fixed_shape_resizer { }").input_size == (300, 300)


@pytest.mark.parametrize(
    ("architecture", "pad_value"), [("ssd", None), ("faster_rcnn", 0), ("center_net", 0)]
)
def test_a_square_that_keeps_the_aspect_ratio_pads_right_and_below(
    model: Path, architecture: str, pad_value: int | None
) -> None:
    """The zeros of an SSD are of pixels that are normalised already: they are not black."""
    resizer = (
        "keep_aspect_ratio_resizer { min_dimension: 512 max_dimension: 512 "
        "pad_to_max_dimension: true }"
    )
    facts = read(model, resizer, architecture)
    assert (facts.input_size, facts.fit) == ((512, 512), "letterbox-top-left")
    assert facts.pad_value == pad_value


def test_the_size_of_other_pictures_is_left_to_the_user(model: Path) -> None:
    facts = read(model, "keep_aspect_ratio_resizer { min_dimension: 800 max_dimension: 1333 }")
    assert (facts.input_size, facts.fit) == (None, "letterbox-top-left")
    assert "the shorter side 800 pixels, the longer at most 1333" in told(facts, "size")
    assert "--input-size" in told(facts, "size")


def test_a_size_that_makes_no_sense_is_left_out(model: Path) -> None:
    facts = read(model, "fixed_shape_resizer { height: -1 width: 480 }")
    assert (facts.task, facts.input_size, facts.fit) == ("detection", None, None)
    assert "its size is -1 and 480" in told(facts, "files")


def test_a_configuration_of_something_else_tells_nothing(model: Path) -> None:
    (model.parent / "pipeline.config").write_text("stages: 3\nname: 'web'\n", "utf-8")
    assert read_model_files(model) == ModelFiles()


def test_a_label_map_has_numbers_from_1_with_gaps_and_names_for_people(model: Path) -> None:
    facts = read_map(
        model,
        """
        # hardware
        item { id: 1 name: "/m/01" display_name: "bolt" }
        item: { name: 'nut', id: 4 keypoints { id: 3 label: "tip" } }
        """,
    )
    labels, finding = facts.labels_for(4)
    assert labels == ("bolt", "class 1", "class 2", "nut")
    assert finding is not None
    assert finding.text == "4 names from hardware_label_map.pbtxt beside the SavedModel"


def test_background_of_number_0_is_no_class(model: Path) -> None:
    text = 'item { id: 0 name: "background" } item { id: 1 name: "bolt" }'
    assert read_map(model, text).labels_for(1)[0] == ("bolt",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('item { id: 1 name: "a" } item { id: 1 name: "b" }', "class number 1 has two names"),
        ('item { id: -2 name: "a" }', "class number -2"),
        ('item { id: 2000000000 name: "a" }', "class number 2000000000"),
        ("item { id: 1 }", "class 0 is empty"),
        ('item { id: 1 name: "a\\nb" }', "control characters"),
        ("item { id: 'one' }", "no text of protobuf"),
        ("item {", "no text of protobuf"),
        ("item { a { " * 20000, "no text of protobuf"),
        ("", "no names of classes"),
    ],
)
def test_a_label_map_with_a_fault_is_told_and_not_used(
    model: Path, text: str, expected: str
) -> None:
    facts = read_map(model, text)
    assert facts.labels == ()
    assert "hardware_label_map.pbtxt is not used" in told(facts, "files")
    assert expected in told(facts, "files")
