"""Classifiers with a folder of pictures for each class, by the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from converter.report.page import write_report
from test.converter.command_line import Result, run_here
from test.converter.networks import tf
from test.converter.precision.models import write_classifier
from test.converter.report import samples as reports
from test.converter.report.parsed import Page
from test.converter.sources.models import images_of, save
from test.task_bundles import COLORS
from trt_inference.bundles.bundle import load_bundle

HEIGHT, WIDTH = 16, 24
BGR = {"blue": (255, 0, 0), "green": (0, 255, 0), "red": (0, 0, 255)}
ACCURACY = "Accuracy against your annotations"
Scores = Callable[[Any], Any]


def model(folder: Path, scores: Scores) -> Path:
    """A SavedModel with ``scores`` of the mean of each channel, ``[N, 3]``, RGB in [0, 1]."""

    def predict(images: Any) -> dict[str, Any]:
        return {"scores": scores(tf.reduce_mean(images, [1, 2]))}

    return save(folder, tf.Module(), predict, images_of(None, HEIGHT, WIDTH, 3))


def in_order(*channels: int) -> Scores:
    """The probabilities of red (0), green (1) or blue (2) in this order."""
    return lambda means: tf.nn.softmax(10 * tf.gather(means, channels, axis=1))


def colored(folder: Path, *colors: str, wrong: int = 0) -> Path:
    """Five pictures in a folder for each color; the first ``wrong`` ones of red are green."""
    for color in colors:
        (folder / color).mkdir(parents=True)
        for number in range(5):
            shown = "green" if color == "red" and number < wrong else color
            picture = np.full((HEIGHT, WIDTH, 3), BGR[shown], np.uint8)
            picture[number] = number  # all are different
            cv2.imwrite(str(folder / color / f"{number}.png"), picture)
    return folder


@pytest.fixture
def convert(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """The command, which writes ``bundle``."""

    def command(scores: Scores, images: Path, *options: object) -> Result:
        saved = model(tmp_path / "model", scores)
        arguments = ["--output", tmp_path / "bundle", "--images", images, *options]
        return run_here(capsys, "convert", saved, *arguments)

    return command


def fp32(bundle: Path) -> dict[str, Any]:
    entries = json.loads((bundle / "model.json").read_text("utf-8"))["precisions"]
    return dict(entries["fp32"])


def test_the_accuracy_of_tensorflow_and_of_the_bundle(
    convert: Callable[..., Result], tmp_path: Path
) -> None:
    """Two of fifteen pictures are in the wrong folder."""
    images = colored(tmp_path / "images", *COLORS, wrong=2)
    result = convert(in_order(2, 1, 0), images)
    assert result.exit_code == 0, result.output
    assert "top-1" in result.output and f"{13 / 15:.4f}" in result.output
    assert load_bundle(tmp_path / "bundle").labels == ("blue", "green", "red")
    found = fp32(tmp_path / "bundle")["accuracy"]
    expected = {"images": 15, "classes": 3, "top_1": pytest.approx(13 / 15), "top_5": None}
    assert found == {"source": expected, "bundle": expected}
    page = Page(tmp_path / "bundle" / "report" / "index.html")
    assert ["bundle", "15", f"{13 / 15:.4f}"] in page.tables[ACCURACY]
    assert "top-1 accuracy is 0.87" in page.texts["verdict"]


def test_labels_in_the_order_of_the_model_find_the_folders(
    convert: Callable[..., Result], tmp_path: Path
) -> None:
    images, labels = colored(tmp_path / "images", *COLORS), tmp_path / "labels.txt"
    labels.write_text("red\ngreen\nblue\n", "utf-8")
    assert convert(in_order(0, 1, 2), images, "--labels", labels).exit_code == 0
    assert fp32(tmp_path / "bundle")["accuracy"]["bundle"]["top_1"] == 1


def test_classes_in_another_order_than_the_labels_are_cautioned_about(
    convert: Callable[..., Result], tmp_path: Path
) -> None:
    result = convert(in_order(1, 0, 2), colored(tmp_path / "images", *COLORS))
    assert "top-1 accuracy is only 0.00" in result.output
    assert "order" in result.output


def test_two_folders_are_the_classes_of_one_score(
    convert: Callable[..., Result], tmp_path: Path
) -> None:
    """Keras trains ``Dense(1, activation="sigmoid")`` on them."""

    def red(means: Any) -> Any:
        return tf.sigmoid(10 * (means[:, :1] - 0.5))

    result = convert(red, colored(tmp_path / "images", "blue", "red"))
    assert result.exit_code == 0, result.output
    assert fp32(tmp_path / "bundle")["accuracy"]["bundle"]["top_1"] == 1


@pytest.mark.parametrize(
    ("colors", "hint"), [(("blue", "red"), "--background first"), (("blue",), "--labels")]
)
def test_another_number_of_folders_than_of_classes_is_refused(
    colors: tuple[str, ...], hint: str, convert: Callable[..., Result], tmp_path: Path
) -> None:
    """With one less, the first score would else be taken for none, and all names be wrong."""
    result = convert(in_order(2, 1, 0), colored(tmp_path / "images", *colors))
    result.refused(f"{len(colors)} class folders", "3 classes", hint)


def test_a_detector_takes_no_class_folders(
    color_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = colored(tmp_path / "images", *COLORS)
    result = run_here(
        capsys, "convert", color_model, "--output", tmp_path / "bundle", "--images", images
    )
    result.refused("measures classifiers", "--labels-coco")


def test_a_precision_is_measured_by_class_folders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One of five pictures of each color is calibrated on, and all are right."""
    bundle, images = write_classifier(tmp_path / "bundle"), colored(tmp_path / "images", *COLORS)
    write_report(bundle / "report", reports.classification(tmp_path))
    result = run_here(capsys, "quantize", bundle, "--images", images)
    assert result.exit_code == 0, result.output
    assert "top-1" in result.output and "same class" in result.output
    entries = json.loads((bundle / "model.json").read_text("utf-8"))["precisions"]
    for precision in ("fp16", "int8"):
        assert entries[precision]["accuracy"]["bundle"]["top_1"] == 1
        assert (
            entries[precision]["images"] == entries[precision]["accuracy"]["fp32"]["images"] == 11
        )


def test_annotated_boxes_say_nothing_of_a_bundle_for_classes(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = write_classifier(tmp_path / "bundle")
    write_report(bundle / "report", reports.classification(tmp_path))
    boxes = ["--images", pictures, "--labels-coco", pictures / "annotations.json"]
    result = run_here(capsys, "quantize", bundle, *boxes)
    result.refused("--labels-coco measures detections", "a folder of pictures for each class")
