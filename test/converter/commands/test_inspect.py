"""trt-inference inspect."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from test.converter.command_line import Result, run_here
from test.converter.networks import CONTRAST, tf
from test.converter.sources.graphs import save_frozen


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")


def cells(result: Result) -> list[list[str]]:
    """The rows of all tables."""
    return [[cell.strip() for cell in line.split("│")] for line in result.output.splitlines()]


@pytest.mark.usefixtures("wide")
def test_everything_that_decides_on_a_conversion_is_listed(
    color_module: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run_here(capsys, "inspect", color_module, "--input-size", "64x64")
    assert result.exit_code == 0
    rows = cells(result)
    assert ["", "Detect", "input", "Images", "float32", "[?, ?, ?, 3]", ""] in rows
    assert ["", "", "output", "Predictions", "float32", "[?, ?, 7]", ""] in rows
    assert ["", "", "output", "Brightness", "float32", "[?, 3]", ""] in rows
    assert f"weights: {CONTRAST.nbytes} bytes" in result.output
    counts = [cell.split() for row in rows for cell in row if cell[:1].isdigit()]
    assert ["1", "AveragePool"] in counts
    assert ["1", "Conv"] in counts
    assert "head: yolo" in result.output
    assert "fractions of the input" in result.output
    assert "It can be converted" in result.output


def save_as_variables(model: Any, folder: Path) -> None:
    model.export(folder, verbose=False)


def save_as_constants(model: Any, folder: Path) -> None:
    images = tf.TensorSpec((1, 32, 32, 3), name="image")
    save_frozen(folder, lambda image: {"scores": model(image)}, images, lower=True)


@pytest.mark.parametrize("save", [save_as_variables, save_as_constants])
@pytest.mark.parametrize(("channels", "unit"), [(8, "kB"), (512, "MB")])
def test_all_weights_are_counted_as_keras_counts_them(
    save: Callable[[Any, Path], None],
    channels: int,
    unit: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    layers = keras.layers
    images = keras.Input((32, 32, 3))
    values = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(channels, 3)(images)))
    values = layers.GlobalAveragePooling2D()(layers.Conv2D(channels, 1)(values))
    model = keras.Model(images, layers.Dense(4, "softmax")(values))
    save(model, tmp_path / "model")
    result = run_here(capsys, "inspect", tmp_path / "model")
    size = 4 * model.count_params() / {"kB": 1e3, "MB": 1e6}[unit]
    assert f"weights: {size:.1f} {unit}" in result.output


@pytest.mark.usefixtures("wide")
def test_what_is_missing_for_a_conversion_is_listed_below_the_signatures(
    color_module: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run_here(capsys, "inspect", color_module)
    assert ["", "Detect", "input", "Images", "float32", "[?, ?, ?, 3]", ""] in cells(result)
    assert "cannot be converted like this" in result.output
    assert "--input-size 640x480" in result.output


@pytest.mark.usefixtures("wide")
def test_operators_that_tensorrt_lacks_are_named_with_versions_and_a_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def best(image: tf.Tensor) -> dict[str, tf.Tensor]:
        flat = tf.reshape(image, [-1])
        return {"scores": tf.reshape(tf.gather(flat, tf.where(flat > 2.0)[:, 0]), [1, -1])}

    module = tf.Module()
    function = tf.function(best, [tf.TensorSpec((1, 8, 8, 3), tf.float32, name="image")])
    tf.saved_model.save(module, str(tmp_path), signatures=function)
    result = run_here(capsys, "inspect", tmp_path)
    (line,) = [line for line in result.output.splitlines() if "does not have NonZero" in line]
    assert line.startswith("TensorRT 8.0 to 8.4 does not have NonZero (node ")
    assert ", layer " in line
    assert "use TensorRT 8.5 or newer, or keep shapes fixed" in line


@pytest.mark.usefixtures("wide")
def test_a_network_that_no_board_takes_is_not_said_to_be_ready(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def cropped(image: tf.Tensor) -> dict[str, tf.Tensor]:
        whole = tf.constant([[0.0, 0.0, 0.5, 0.5]])
        crops = tf.image.crop_and_resize(image, whole, [0], [2, 2])
        return {"scores": tf.nn.softmax(tf.reshape(crops, [1, 12]))}

    module = tf.Module()
    function = tf.function(cropped, [tf.TensorSpec((1, 8, 8, 3), tf.float32, name="image")])
    tf.saved_model.save(module, str(tmp_path), signatures=function)
    result = run_here(capsys, "inspect", tmp_path)
    assert result.exit_code == 0
    assert "runs on no board that has TensorRT" in result.output
    assert "It can be converted, but TensorRT builds it on no board" in result.output


@pytest.mark.usefixtures("wide")
def test_a_network_without_a_head_that_is_known_lists_what_there_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weight = np.random.default_rng(0).random((3, 3, 3, 16), np.float32)

    def features(image: tf.Tensor) -> dict[str, tf.Tensor]:
        values = tf.nn.conv2d(image, weight, 2, "SAME")
        return {"a": values[..., :4], "b": values[..., 4:9][:, ::2, ::2], "c": values[:, :3]}

    module = tf.Module()
    function = tf.function(features, [tf.TensorSpec((None, 16, 16, 3), tf.float32, name="image")])
    tf.saved_model.save(module, str(tmp_path), signatures=function)
    result = run_here(capsys, "inspect", tmp_path)
    assert result.exit_code == 0
    for text in ("a: float32 [?, 8, 8, 4]", "b: float32 [?, 4, 4, 5]", "--head yolo: "):
        assert text in result.output


def test_a_folder_that_is_no_saved_model_ends_with_a_message_and_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_here(capsys, "inspect", tmp_path).refused(
        f"'{tmp_path}' is not a SavedModel", "model.export(DIR)"
    )
