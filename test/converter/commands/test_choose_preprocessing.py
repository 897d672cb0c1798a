"""How pictures are prepared, from the files of a SavedModel to its bundle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest
import yaml

from converter.commands.convert_options import SourceOptions
from converter.commands.prepare import read_source
from converter.errors import SavedModelError
from test.converter.command_line import Result, run_here
from test.converter.networks import tf
from test.converter.sources.models import save
from trt_inference.bundles.bundle import Fitting, load_bundle
from trt_inference.bundles.manifest import read_manifest
from trt_inference.inference.detector import Detector
from trt_inference.inference.results import Classification

ANY_SIZE = tf.TensorSpec((None, None, None, 3), tf.float32, name="images")
NAMES = {0: "red", 1: "green", 2: "blue"}


def write_metadata(model: Path, task: str = "classify", size: tuple[int, int] = (16, 16)) -> None:
    content = {
        "author": "Ultralytics",
        "version": "8.3.200",
        "task": task,
        "imgsz": list(size),
        "names": NAMES,
        "channels": 3,
    }
    (model / "metadata.yaml").write_text(yaml.safe_dump(content), "utf-8")


def classifier(folder: Path, side: int = 16, divides: bool = False) -> Path:
    """Probabilities of red, green and blue by the mean of each channel."""

    def predict(images: Any) -> dict[str, Any]:
        values = images / 255.0 if divides else images
        values = tf.nn.depthwise_conv2d(values, tf.ones([1, 1, 3, 1]), [1, 1, 1, 1], "VALID")
        return {"scores": tf.nn.softmax(10 * tf.reduce_mean(values, [1, 2]))}

    spec = tf.TensorSpec((None, side, side, 3), tf.float32, name="images")
    return save(folder, tf.Module(), predict, spec)


@pytest.fixture
def convert(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """The command, which writes ``bundle``."""

    def command(saved: Path, *options: object) -> Result:
        result = run_here(capsys, "convert", saved, "--output", tmp_path / "bundle", *options)
        return Result(result.exit_code, " ".join(result.output.split()))

    return command


def test_the_bundle_does_as_the_file_of_the_model_tells_and_convert_and_report_say_so(
    convert: Callable[..., Result], tmp_path: Path
) -> None:
    """A wide picture, blue with a red middle: a crop sees red, everything else blue."""
    saved = classifier(tmp_path / "model")
    write_metadata(saved)
    result = convert(saved)
    assert result.exit_code == 0, result.output
    bundle = load_bundle(tmp_path / "bundle")
    assert bundle.input.fitting == Fitting("center-crop", 114, "area", 1.0)
    assert bundle.labels == ("red", "green", "blue")
    entry = read_manifest(tmp_path / "bundle")["input"]
    assert (entry["fit"], entry["resize"]) == ("center-crop", "area")
    frame = np.full((40, 200, 3), (255, 0, 0), np.uint8)
    frame[:, 80:120] = 0, 0, 255
    with Detector.open(bundle, "onnxruntime") as detector:
        found = detector.detect(frame)
    assert isinstance(found, Classification)
    assert found.class_ids[0] == 0
    page = (tmp_path / "bundle" / "report" / "index.html").read_text("utf-8")
    for text in (result.output, " ".join(page.split())):
        assert "3 names from metadata.yaml (Ultralytics 8.3.200)" in text
        assert "0 to 1, RGB, as Ultralytics 8.3.200 prepares pictures" in text
        assert "center-crop, antialiased (area)" in text
    assert "assumed: " not in result.output


def test_what_contradicts_the_file_is_told_before_the_figures_are_relied_on(
    convert: Callable[..., Result], tmp_path: Path
) -> None:
    """The graph divides by 255, as if it were given 0 to 255, and the user wants a stretch."""
    saved = classifier(tmp_path / "model", divides=True)
    write_metadata(saved)
    result = convert(saved, "--fit", "stretch")
    assert result.exit_code == 0, result.output
    assert load_bundle(tmp_path / "bundle").input.fitting == Fitting("stretch", 114, "area")
    assert "caution: pixels: 0 to 1, RGB as stated, but the graph" in result.output
    assert "caution: fit: stretch, antialiased (area) as you state, but a file" in result.output
    assert "2 cautions about how pictures are prepared" in result.output
    page = (tmp_path / "bundle" / "report" / "index.html").read_text("utf-8")
    assert "0 to 1, RGB as stated, but the graph" in page
    assert 'class="verdict care"' in page


def test_a_file_of_another_task_stops_inspect_and_convert_alike(
    convert: Callable[..., Result], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = classifier(tmp_path / "model")
    write_metadata(saved, task="detect")
    result = convert(saved)
    result.refused("which is classification, but a file of the model tells detection, from metad")
    assert not (tmp_path / "bundle").exists()
    found = run_here(capsys, "inspect", saved)
    assert "It cannot be converted like this: the outputs are read as" in found.output


def test_inspect_tells_what_convert_will_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    saved = classifier(tmp_path / "model")
    write_metadata(saved, size=(32, 32))
    output = run_here(capsys, "inspect", saved).output
    assert "caution: size: the input is 16x16, but a file of the model tells 32x32" in output
    assert "fit: center-crop, resized antialiased, as Ultralytics" in output
    assert "labels: 3 names from metadata.yaml" in output


def test_what_a_file_tells_of_a_size_that_it_leaves_open_is_in_the_message(tmp_path: Path) -> None:
    saved = save(tmp_path / "model", tf.Module(), lambda images: {"a": images}, ANY_SIZE)
    with pytest.raises(SavedModelError, match=r"--input-size 640x480$"):
        read_source(SourceOptions(saved))
    (tmp_path / "pipeline.config").write_text(
        "model { ssd { image_resizer { keep_aspect_ratio_resizer "
        "{ min_dimension: 800 max_dimension: 1333 } } } }",
        "utf-8",
    )
    with pytest.raises(SavedModelError, match="the shorter side 800 pixels, the longer at most 13"):
        read_source(SourceOptions(saved))


def test_annotations_count_the_classes_without_the_background_of_a_file(
    convert: Callable[..., Result], tmp_path: Path
) -> None:
    saved = classifier(tmp_path / "model")
    (saved / "labels.txt").write_text("background\nred\ngreen\nblue\n", "utf-8")
    for number, name in enumerate(("blue", "green", "red")):  # as BGR has them
        folder = tmp_path / "images" / name
        folder.mkdir(parents=True)
        for value in range(4):
            picture = np.full((16, 16, 3), value, np.uint8)
            picture[..., number] = 255
            cv2.imwrite(str(folder / f"{value}.png"), picture)
    result = convert(saved, "--images", tmp_path / "images")
    assert result.exit_code == 0, result.output
    assert "TensorFlow's top-1 accuracy is 1.00" in result.output
    assert load_bundle(tmp_path / "bundle").labels == ("red", "green", "blue")


def test_a_fit_that_is_not_that_of_the_graph_is_told(
    convert: Callable[..., Result], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The graph stretches pictures itself; the file tells a crop, the user a letterbox."""

    def predict(images: Any) -> dict[str, Any]:
        means = tf.reduce_mean(tf.image.resize(images, (16, 16)), [1, 2])
        return {"scores": tf.nn.softmax(10 * means)}

    saved = save(tmp_path / "model", tf.Module(), predict, ANY_SIZE)
    of_graph = "stretch (linear), because the graph itself fits pictures so"
    result = convert(saved, "--fit", "letterbox")
    assert result.exit_code == 0, result.output
    assert load_bundle(tmp_path / "bundle").input.fitting == Fitting("letterbox")
    assert f"caution: fit: letterbox, borders of 114, linear as you state, but {of_graph}" in (
        result.output
    )
    write_metadata(saved)
    found = " ".join(run_here(capsys, "inspect", saved).output.split())
    assert f"caution: fit: center-crop as the file tells, but {of_graph}" in found
    assert "fit: center-crop, resized antialiased, as Ultralytics" in found


def normalised(folder: Path, pictures: list[np.ndarray]) -> Path:
    """A classifier whose normalisations have the statistics of ``pictures``, RGB of 0 to 255."""
    layers = keras.layers
    keras.utils.set_random_seed(1)
    images = keras.Input((32, 32, 3))
    values = images
    for _ in range(3):
        values = layers.Conv2D(16, 3, 2)(values)
        norm = layers.BatchNormalization()
        before = keras.Model(images, values)(np.stack(pictures)).numpy()
        values = norm(values)
        norm.moving_mean.assign(before.mean((0, 1, 2)))
        norm.moving_variance.assign(before.var((0, 1, 2)))
        values = layers.ReLU()(values)
    scores = layers.Dense(3, "softmax")(layers.GlobalAveragePooling2D()(values))
    keras.Model(images, scores).export(folder, verbose=False)
    return folder


def test_a_fit_for_the_camera_does_not_hide_the_range_of_the_training(
    convert: Callable[..., Result], tmp_path: Path
) -> None:
    """Trained on stretched pictures, which borders would make others of."""
    generator = np.random.default_rng(3)
    images = tmp_path / "images"
    images.mkdir()
    pictures = []
    for number in range(12):
        coarse = generator.integers(0, 256, (3, 24, 3), np.uint8)
        coarse //= generator.integers(1, 4, dtype=np.uint8)
        picture = cv2.resize(coarse, (480, 60), interpolation=cv2.INTER_LINEAR)
        cv2.imwrite(str(images / f"{number:02}.png"), picture)
        pictures.append(cv2.resize(picture, (32, 32))[..., ::-1].astype(np.float32))
    saved = normalised(tmp_path / "model", pictures)
    result = convert(saved, "--images", images, "--fit", "letterbox")
    assert result.exit_code == 0, result.output
    assert "pixels: 0 to 255 (zero-to-255), RGB" in result.output
    assert load_bundle(tmp_path / "bundle").input.fitting == Fitting("letterbox")
