"""What the command line tells a stranger whose conversion cannot work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from converter.command_line.main import main
from test.converter.command_line import finish, run_here, start
from test.converter.networks import ColorModule, tf


@pytest.fixture
def wanted(tmp_path: Path, labels: Path) -> list[object]:
    """The arguments that are right."""
    return ["--output", tmp_path / "bundle", "--labels", labels]


def test_a_missing_saved_model_is_an_error_of_one_line(wanted: list[object]) -> None:
    result = finish(start("convert", "/no/such/model", *wanted))
    result.refused("there is no folder '/no/such/model': give the folder of a SavedModel")
    assert len(result.output.splitlines()) == 1


def test_errors_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", "/no/such/model"]) == 1
    assert "/no/such/model" in capsys.readouterr().err


def test_a_wrong_signature_lists_the_right_one(
    color_module: Path, wanted: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    result = run_here(capsys, "convert", color_module, "--signature", "serve", *wanted)
    result.refused("no signature 'serve'", "--signature Detect")


def test_labels_of_another_length_are_refused_and_nothing_is_written(
    color_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "labels.txt").write_text("cat\ndog\n", "utf-8")
    output = tmp_path / "bundle"
    run_here(
        capsys, "convert", color_model, "--output", output, "--labels", tmp_path / "labels.txt"
    ).refused("2 classes", "float32 [?, 7, 64]", "one line for each class")
    assert [entry.name for entry in tmp_path.iterdir()] == ["labels.txt"]


def test_an_output_that_exists_is_refused_before_anything_is_run(
    color_bundle: Path, labels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run_here(
        capsys, "convert", "/no/such/model", "--output", color_bundle, "--labels", labels
    )
    result.refused(f"'{color_bundle}' exists", "--overwrite")


def test_a_folder_that_is_no_bundle_is_not_overwritten(
    tmp_path: Path, labels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run_here(
        capsys, "convert", "/no/such/model", "--output", tmp_path, "--labels", labels, "--overwrite"
    )
    result.refused(f"'{tmp_path}' is not a bundle", "remove it yourself")


def test_a_folder_without_images_is_refused(
    color_model: Path, tmp_path: Path, wanted: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "images").mkdir()
    result = run_here(capsys, "convert", color_model, *wanted, "--images", tmp_path / "images")
    result.refused(f"no image in '{tmp_path / 'images'}'", ".png")


def test_nan_of_the_network_is_not_blamed_on_the_export(
    tmp_path: Path, wanted: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    module = ColorModule()
    module.weight.assign(module.weight * float("nan"))
    spec = tf.TensorSpec((None, 64, 64, 3), tf.float32, name="Images")
    function = tf.function(module.predict).get_concrete_function(spec)
    tf.saved_model.save(module, str(tmp_path / "model"), signatures=function)
    result = run_here(capsys, "convert", tmp_path / "model", *wanted)
    result.refused("Predictions of the SavedModel has NaN", "in TensorFlow", "weights")
    assert not (tmp_path / "bundle").exists()


def save_function(folder: Path, function: Callable[[tf.Tensor], dict[str, tf.Tensor]]) -> Path:
    """A SavedModel of a function of images [1, 64, 64, 3]."""
    module = tf.Module()
    spec = tf.TensorSpec((1, 64, 64, 3), tf.float32, name="images")
    module.serve = tf.function(function, input_signature=[spec])
    tf.saved_model.save(module, str(folder), signatures=module.serve)
    return folder


def masks_of_objects(images: tf.Tensor) -> dict[str, tf.Tensor]:
    """As Mask R-CNN of the TF Object Detection API: ten boxes with a mask of 15 x 15 each."""
    red = tf.reduce_mean(images[..., 0], axis=[1, 2])
    steps = tf.range(10.0)[None] / 20
    corners = tf.stack([steps, steps, steps + 0.3, steps + 0.4], axis=-1)
    return {
        "detection_boxes": corners + 0 * red[:, None, None],
        "detection_scores": red[:, None] * (1 - steps),
        "detection_classes": tf.constant([[1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0]]),
        "detection_masks": tf.ones((1, 10, 15, 15)) * red[:, None, None, None],
        "num_detections": tf.constant([10.0]),
    }


@pytest.mark.parametrize("command", ["convert", "inspect"])
def test_masks_of_objects_are_refused_before_the_export(
    command: str, tmp_path: Path, wanted: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    """The names tell it, and an export of Mask R-CNN takes minutes."""
    model = save_function(tmp_path / "model", masks_of_objects)
    result = run_here(capsys, command, model, *(wanted if command == "convert" else ()))
    boxes_alone = "detection_boxes detection_classes detection_scores num_detections"
    for text in ("detection_masks", "as Mask R-CNN does", f"--outputs {boxes_alone}"):
        assert text in " ".join(result.output.split())
    assert "export to ONNX" not in result.output
    assert not (tmp_path / "bundle").exists()


def test_boxes_convert_without_the_masks_as_the_refusal_advises(
    tmp_path: Path, wanted: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    model = save_function(tmp_path / "model", masks_of_objects)
    refused = run_here(capsys, "convert", model, *wanted)
    advice = " ".join(refused.output.split()).partition("--outputs ")[2].split()
    result = run_here(capsys, "convert", model, *wanted, "--outputs", *advice)
    assert result.exit_code == 0, result.output
    assert "computes what TensorFlow computes" in result.output
    result = run_here(
        capsys, "convert", model, *wanted, "--overwrite", "--head", "tf-object-detection"
    )
    assert result.exit_code == 0, result.output
    assert "does not read detection_masks" in " ".join(result.output.split())


def part_of_a_detector(images: tf.Tensor) -> dict[str, tf.Tensor]:
    """8 x 8 cells with the scores of 20 classes and 11 values of something else, and a text."""
    means = tf.reshape(tf.nn.avg_pool2d(images, 8, 8, "VALID"), [1, 64, 3])
    weights = tf.reshape(tf.sin(tf.range(93.0)), [3, 31])
    values = tf.sigmoid(means @ weights)
    return {
        "scores": values[..., :20],
        "others": values[..., 20:],
        "text": tf.strings.as_string(means[:, 0, 0]),
    }


def test_a_refusal_begins_with_the_likeliest_reason_and_tells_what_was_left_out(
    tmp_path: Path, wanted: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    model = save_function(tmp_path / "model", part_of_a_detector)
    result = run_here(capsys, "convert", model, *wanted)
    text = " ".join(result.output.partition("error: ")[2].split())
    assert text.startswith("the outputs have 64 rows each, as of a detector whose boxes are not")
    left_out = text.index("output text is left out: it gives texts")
    assert text.index("scores: float32 [?, 64, 20]") < left_out < text.index("--head yolo:")


def test_outputs_that_are_a_part_only_are_not_taken_when_the_user_picks_one(
    tmp_path: Path, wanted: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    model = save_function(tmp_path / "model", part_of_a_detector)
    result = run_here(capsys, "convert", model, *wanted[:2], "--outputs", "scores")
    result.refused("as many rows as others, which --outputs leaves out", "Leave --outputs out")


@pytest.mark.parametrize(
    ("option", "value", "expected_text"),
    [
        ("--input-size", "640", "'640' is not WIDTHxHEIGHT, as in 640x480"),
        ("--input-size", "640x0", "'0' is not a whole number of 1 or more"),
        ("--scale", "1/0", "'1/0' is not a number"),
        ("--scale", "nan", "'nan' is not a number"),
        ("--score-threshold", "40", "40 is not between 0 and 1"),
        ("--candidates", "many", "'many' is not a whole number"),
        ("--opset", "12", "choose from 13"),
    ],
)
def test_values_that_an_option_cannot_take_are_named(
    option: str,
    value: str,
    expected_text: str,
    wanted: list[object],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["convert", "model", *map(str, wanted), option, value])
    assert end.value.code == 2
    assert expected_text in capsys.readouterr().err
