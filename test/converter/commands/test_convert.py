"""From SavedModels of several kinds to bundles whose detections are those of TensorFlow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest

from converter.engine_builder.parser_remedies import remedy
from converter.report.operator_section import limits
from test.color_bundle import LABELS
from test.converter.command_line import Result, run_here
from test.converter.expected import assert_same, detections_of, run_tensorflow, scene
from test.converter.networks import save_random_model
from trt_inference.bundles.bundle import Bundle, Fitting, load_bundle
from trt_inference.inference.detections import Detections
from trt_inference.inference.detector import Detector


def detect(bundle: Path, image: np.ndarray) -> Detections:
    with Detector.open(load_bundle(bundle), "onnxruntime") as detector:
        return detector.detect(image)


def measured(bundle: Bundle) -> Mapping[str, Mapping[str, Mapping[str, float]]]:
    return bundle.precisions["fp32"]


def test_a_keras_export_becomes_a_bundle_that_finds_what_is_there(
    conversion: tuple[Path, Result],
) -> None:
    bundle, result = conversion
    assert result.exit_code == 0, result.output
    for seed in range(100, 105):
        image, truth = scene(np.random.default_rng(seed))
        assert_same(detect(bundle, image), truth)


def test_boxes_come_out_in_the_pixels_of_the_camera(conversion: tuple[Path, Result]) -> None:
    """256x128, letterboxed to 64x32 with borders: the left half of a picture, four times."""
    image, truth = scene(np.random.default_rng(6), 12)
    upper = truth[truth.xyxy[:, 3] <= 32]
    wide = cv2.resize(image[:32], None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST)
    expected = Detections(upper.xyxy * 4, upper.scores, upper.class_ids)
    assert_same(detect(conversion[0], wide), expected)


def test_the_bundle_records_what_was_asked_for(conversion: tuple[Path, Result]) -> None:
    bundle = load_bundle(conversion[0])
    assert bundle.labels == LABELS
    assert bundle.candidates == 40
    assert (bundle.input.height, bundle.input.width) == (64, 64)
    assert bundle.input.fitting == Fitting("letterbox", 114, "linear", 1.0)
    assert [output.shape for output in bundle.outputs] == [(-1, 40, 4), (-1, 40), (-1, 40)]


def test_the_bundle_knows_what_tensorrt_does_not_take(conversion: tuple[Path, Result]) -> None:
    """So that a robot reports the remedy without onnx, and whatever its report shows."""
    operators = load_bundle(conversion[0]).source["operators"]
    assert operators["missing"] == {}
    assert operators["limited"]["TopK"] == limits("TopK") != ""
    assert remedy({"operators": operators}, "TopK").startswith(
        f"it is limited to: {limits('TopK')}"
    )
    assert operators["refused"] == []


def test_a_detector_that_finds_everything_has_full_accuracy(
    conversion: tuple[Path, Result], pictures: Path
) -> None:
    bundle, result = conversion
    boxes = json.loads((pictures / "annotations.json").read_text())["annotations"]
    figures = measured(load_bundle(bundle))
    assert figures["accuracy"]["source"]["map_50_95"] == pytest.approx(1.0)
    assert figures["accuracy"]["bundle"]["map_50_95"] == pytest.approx(1.0)
    assert figures["parity"]["detections"]["matched"] == len(boxes)
    assert "1.0000" in result.output


def test_a_named_signature_of_open_size_takes_the_size_of_the_command(
    color_module: Path, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Width and height differ, boxes are fractions, names have capitals."""
    output = tmp_path / "bundle"
    result = run_here(
        capsys,
        "convert",
        color_module,
        "--signature",
        "Detect",
        "--input-size",
        "64x48",
        "--target",
        "jetson-nano",
        "--activation",
        "none",
        "--output",
        output,
        "--labels",
        labels,
    )
    assert result.exit_code == 0, result.output
    image, _ = scene(np.random.default_rng(8), 20)
    image = image[:48]
    (rows,) = run_tensorflow(color_module, "Detect", image[None, ..., ::-1] / np.float32(255))[
        "Predictions"
    ]
    expected = detections_of(rows * [64, 48, 64, 48, 1, 1, 1], 0.4, 0.5)
    assert_same(detect(output, image), expected)
    assert "synthetic images only" in result.output
    assert load_bundle(output).source["opset"] == 13  # the newest that TensorRT 8.2 takes


@pytest.fixture(scope="module")
def random_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_random_model(tmp_path_factory.mktemp("random") / "model", 64, 96, classes=2)


def test_a_stretched_network_of_minus_one_to_one_detects_as_in_tensorflow(
    random_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels, output = tmp_path / "labels.txt", tmp_path / "bundle"
    labels.write_text("a\nb\n", "utf-8")
    result = run_here(
        capsys,
        "convert",
        random_model,
        "--output",
        output,
        "--labels",
        labels,
        "--fit",
        "stretch",
        "--channels",
        "bgr",
        "--scale",
        "1/127.5",
        "--mean",
        1,
        1,
        1,
        "--score-threshold",
        "0.3",
        "--iou-threshold",
        "0.4",
        "--max-detections",
        1000,
    )
    assert result.exit_code == 0, result.output
    frame = np.random.default_rng(9).integers(0, 256, (10, 30, 3), np.uint8)
    frame = cv2.resize(frame, (300, 100), interpolation=cv2.INTER_CUBIC)
    pixels = cv2.resize(frame, (96, 64)).astype(np.float32) / 127.5 - 1
    (rows,) = next(iter(run_tensorflow(random_model, "serving_default", pixels[None]).values()))
    expected = detections_of(rows, 0.3, 0.4)
    assert 3 < len(expected) < (rows[:, 4:].max(axis=1) >= 0.3).sum()  # suppression has worked
    boxes = np.clip(expected.xyxy * ([300 / 96, 100 / 64] * 2), 0, [300, 100, 300, 100])
    assert_same(
        detect(output, frame), Detections(boxes, expected.scores, expected.class_ids), pixels=0.05
    )
