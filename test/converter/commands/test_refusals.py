"""What the command line tells a stranger whose conversion cannot work."""

from __future__ import annotations

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
