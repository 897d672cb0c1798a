"""A suppression inside of the model is cut out, and the robot finds what the model found."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from test.converter import detectors
from test.converter.command_line import Result, run_here
from test.converter.expected import assert_same
from trt_inference.bundles.bundle import Thresholds, load_bundle
from trt_inference.inference.detections import Detections
from trt_inference.inference.detector import Detector

SIDES = (96, 80)  # width, height of the input

MODELS: dict[str, Callable[[Path], Path]] = {
    "combined": lambda folder: detectors.save(folder, detectors.combined),
    "for each class": lambda folder: detectors.save(folder, detectors.per_class),
    "for each class behind the background": lambda folder: detectors.save(
        folder, detectors.behind_the_background
    ),
    "for one class beside the background": lambda folder: detectors.save(
        folder, detectors.of_faces
    ),
    "for each class in a loop": lambda folder: detectors.save(
        folder, detectors.per_class_in_a_loop
    ),
    "in a loop of TensorFlow 1": detectors.save_old,
}


def frame(seed: int) -> np.ndarray:
    """BGR of the input's own size, so that nothing is resized."""
    cells = np.random.default_rng(seed).integers(0, 256, (10, 12, 3), np.uint8)
    return cv2.resize(cells, SIDES, interpolation=cv2.INTER_NEAREST)


def by_tensorflow(model: Path, image: np.ndarray) -> Detections:
    """What the SavedModel itself detects, in pixels."""
    loaded = detectors.tf.saved_model.load(str(model))
    function = loaded.signatures["serving_default"]
    (name,) = function.structured_input_signature[1]
    found = {
        key: value.numpy()[0]
        for key, value in function(**{name: image[None, ..., ::-1].copy()}).items()
    }
    found = {key.replace("detection_", ""): value for key, value in found.items()}
    count = int(found.get("num_detections", found.get("num_boxes")))
    boxes = found["boxes"][:count][:, [1, 0, 3, 2]] * [*SIDES, *SIDES]
    classes = found.get("classes", np.ones(len(found["scores"])))[:count].astype(int) - 1
    return Detections(boxes, found["scores"][:count], classes)


def convert(model: Path, output: Path, capsys: pytest.CaptureFixture[str], *more: object) -> Result:
    return run_here(capsys, "convert", model, "--output", output, "--input-size", "96x80", *more)


@pytest.mark.parametrize("kind", MODELS)
def test_the_robot_finds_what_the_model_found(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = MODELS[kind](tmp_path / "model")
    result = convert(model, tmp_path / "bundle", capsys)
    assert result.exit_code == 0, result.output
    assert f"its thresholds were score {detectors.SCORE}, IoU {detectors.IOU}" in result.output
    bundle = load_bundle(tmp_path / "bundle")
    assert (bundle.needs_nms, bundle.class_agnostic) == (True, False)
    assert len(bundle.labels) == (1 if "one class" in kind else detectors.CLASSES)
    assert bundle.defaults.iou_threshold == pytest.approx(detectors.IOU)
    with Detector.open(bundle, "onnxruntime") as detector:
        detector.thresholds = Thresholds(detectors.SCORE, detectors.IOU, detectors.MOST)
        for seed in range(3):
            found = detector.detect(frame(seed))
            assert isinstance(found, Detections)
            assert_same(found, by_tensorflow(model, frame(seed)))


def test_a_suppression_across_classes_is_the_robots_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = detectors.save(tmp_path / "model", detectors.agnostic)
    result = convert(model, tmp_path / "bundle", capsys)
    assert result.exit_code == 0, result.output
    assert "suppresses across classes, as the model does" in result.output
    bundle = load_bundle(tmp_path / "bundle")
    assert (bundle.needs_nms, bundle.class_agnostic) == (True, True)
    with Detector.open(bundle, "onnxruntime") as detector:
        detector.thresholds = Thresholds(detectors.SCORE, detectors.IOU, detectors.MOST)
        for seed in range(3):
            found, expected = detector.detect(frame(seed)), by_tensorflow(model, frame(seed))
            assert isinstance(found, Detections)
            assert len(set(expected.class_ids)) > 1
            assert_same(found, expected)


@pytest.mark.parametrize("reason", ["the user asks for it", "the robot's differs"])
def test_a_suppression_may_stay_in_the_network(
    reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ["--keep-suppression"]
    if reason == "the robot's differs":  # more of its detections would have to be found than it has
        monkeypatch.setattr("converter.verification.check_parity.MIN_OF_SOURCE", 2.0)
        options = []
    model = MODELS["combined"](tmp_path / "model")
    result = convert(model, tmp_path / "bundle", capsys, *options)
    assert result.exit_code == 0, result.output
    assert ("which is left in" in result.output) == (not options)
    bundle = load_bundle(tmp_path / "bundle")
    assert not bundle.needs_nms
    with Detector.open(bundle, "onnxruntime") as detector:
        detector.thresholds = Thresholds(detectors.SCORE, detectors.IOU, detectors.MOST)
        for seed in range(3):
            found = detector.detect(frame(seed))
            assert isinstance(found, Detections)
            assert_same(found, by_tensorflow(model, frame(seed)))


def test_all_detections_of_the_model_are_looked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = MODELS["combined"](tmp_path / "model")
    result = convert(model, tmp_path / "bundle", capsys)
    (line,) = [line for line in result.output.splitlines() if "source's own suppression" in line]
    found, detections = re.findall(r"(\d+) of (\d+)", line)[0]
    assert found == detections != "0"
    (line,) = [line for line in result.output.splitlines() if "extra at the source's own" in line]
    extra, published = re.findall(r"(\d+) of (\d+)", line)[0]
    assert extra == "0" != published


def test_boxes_that_are_read_wrongly_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """TensorFlow and the bundle would agree on it: what the model itself found does not."""
    model = MODELS["combined"](tmp_path / "model")
    result = convert(model, tmp_path / "bundle", capsys, "--box-format", "xyxy")
    result.refused("of the SavedModel's own suppression only", "--box-format")
    assert not (tmp_path / "bundle").exists()


def test_an_output_beside_the_suppression_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = detectors.save(tmp_path / "model", detectors.combined, extra=True)
    result = run_here(capsys, "inspect", model, "--input-size", "96x80")
    assert "output anchor_count" in result.output
    assert "output boxes_before_nms" in result.output
    assert "output detection_boxes" not in result.output


def test_a_suppression_that_chooses_regions_for_a_second_stage_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in Faster R-CNN: what it lets through is looked at again."""
    tf = detectors.tf

    def second_stage(boxes: object, scores: object) -> dict[str, object]:
        regions = detectors.combined(boxes, scores)["detection_boxes"]
        dense = tf.random.stateless_normal([4, 3], (1, 2))
        return {"boxes": regions, "scores": tf.sigmoid(tf.matmul(regions, dense[None]))}

    model = detectors.save(tmp_path / "model", second_stage)
    result = run_here(capsys, "inspect", model, "--input-size", "96x80")
    assert "output boxes: float32 [?, 60, 4]" in result.output
    assert "before_nms" not in result.output
