"""The robot suppresses boxes of models that give finished detections only where it is asked to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from test.converter import detectors
from test.converter.command_line import run_here
from test.converter.expected import assert_same
from test.converter.sources.models import Classifier, images_of, save
from trt_inference.bundles.bundle import Thresholds, load_bundle
from trt_inference.inference.detections import Detections
from trt_inference.inference.detector import Detector

tf = detectors.tf
SIDE = 64
# Two of class 0 with an IoU of 38 * 38 / (2 * 40 * 40 - 38 * 38) = 0.82, and one of class 1 there.
ROWS = np.array([[4, 4, 44, 44, 0.9, 0], [6, 6, 46, 46, 0.8, 0], [5, 5, 45, 45, 0.7, 1]], "f4")


def save_end_to_end(folder: Path) -> Path:
    """A model that gives ``ROWS``, with scores that fall with the brightness of the image."""

    def predict(images: Any) -> dict[str, Any]:
        brightness = tf.reduce_mean(images, [1, 2, 3])[:, None, None]
        scale = tf.constant([1, 1, 1, 1, 0, 1], tf.float32) + [0, 0, 0, 0, 1, 0] * brightness
        return {"detections": ROWS[None] * scale}

    function = tf.function(predict, [tf.TensorSpec((None, SIDE, SIDE, 3), name="images")])
    tf.saved_model.save(tf.Module(), str(folder), signatures=function)
    return folder


def found_in_white(bundle: Path) -> Detections:
    with Detector.open(load_bundle(bundle), "onnxruntime") as detector:
        result = detector.detect(np.full((SIDE, SIDE, 3), 255, np.uint8))
    assert isinstance(result, Detections)
    return result


@pytest.mark.parametrize(("options", "kept"), [((), [0, 1, 2]), (("--suppress",), [0, 2])])
def test_overlapping_boxes_of_an_end_to_end_model(
    options: tuple[str, ...], kept: list[int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, bundle = save_end_to_end(tmp_path / "model"), tmp_path / "bundle"
    threshold = ("--iou-threshold", 0.6, "--first-class", 0)
    result = run_here(capsys, "convert", model, "--output", bundle, *threshold, *options)
    assert result.exit_code == 0, result.output
    told = "--iou-threshold has no effect: the model gives each object once" in result.output
    assert told == (not options)
    assert load_bundle(bundle).needs_nms == bool(options)
    found, wanted = found_in_white(bundle), ROWS[kept]
    assert_same(found, Detections(wanted[:, :4], wanted[:, 4], wanted[:, 5].astype(int)))


def test_nothing_is_said_of_thresholds_that_nobody_gave(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = save_end_to_end(tmp_path / "model")
    result = run_here(capsys, "convert", model, "--output", tmp_path / "bundle")
    assert result.exit_code == 0, result.output
    assert "no effect" not in result.output


def test_the_robot_suppresses_more_than_a_suppression_that_stays_in_the_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, bundle = detectors.save(tmp_path / "model", detectors.combined), tmp_path / "bundle"
    options = ("--input-size", "96x80", "--keep-suppression", "--suppress", "--iou-threshold", 0.1)
    result = run_here(capsys, "convert", model, "--output", bundle, *options)
    assert result.exit_code == 0, result.output
    cells = np.random.default_rng(1).integers(0, 256, (10, 12, 3), np.uint8)
    frame = cv2.resize(cells, (96, 80), interpolation=cv2.INTER_NEAREST)
    function = tf.saved_model.load(str(model)).signatures["serving_default"]
    (name,) = function.structured_input_signature[1]
    own = {
        key: value.numpy()[0] for key, value in function(**{name: frame[None, ..., ::-1]}).items()
    }
    boxes, scores = own["detection_boxes"], own["detection_scores"]
    kept = []
    for number in range(1, 1 + detectors.CLASSES):
        (rows,) = np.nonzero((own["detection_classes"] == number) & (scores > 0))
        best = tf.image.non_max_suppression(boxes[rows], scores[rows], 100, 0.1).numpy()
        kept.extend(rows[best])
    assert 0 < len(kept) < (scores > 0).sum()
    order = np.array(sorted(kept, key=lambda row: -scores[row]))
    corners = boxes[order][:, [1, 0, 3, 2]] * [96, 80, 96, 80]
    classes = own["detection_classes"][order].astype(int) - 1
    with Detector.open(load_bundle(bundle), "onnxruntime") as detector:
        detector.thresholds = Thresholds(detectors.SCORE, 0.1, detectors.MOST)
        found = detector.detect(frame)
    assert isinstance(found, Detections)
    assert_same(found, Detections(corners, scores[order], classes))


def test_classes_are_not_suppressed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    classifier = Classifier()

    def predict(images: Any) -> dict[str, Any]:
        return {"scores": classifier(images)}

    model = save(tmp_path / "model", classifier, predict, images_of(None, 32, 48, 3))
    arguments = ("convert", model, "--output", tmp_path / "bundle", "--iou-threshold", 0.6)
    run_here(capsys, *arguments, "--suppress").refused("--suppress is for boxes", "leave it out")
    result = run_here(capsys, *arguments, "--score-threshold", 0.1)
    assert result.exit_code == 0, result.output
    assert "--iou-threshold has no effect: classes of a whole image do not" in result.output
    assert "--score-threshold has no effect" not in result.output
