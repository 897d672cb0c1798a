"""How pictures are fitted: what the user gives, what was found, and what the robot reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from converter.commands.convert_options import FittingOptions
from converter.errors import SavedModelError
from test.converter.command_line import Result, run_here
from test.converter.expected import assert_same, scene
from trt_inference.bundles.bundle import Fitting, load_bundle
from trt_inference.bundles.manifest import read_manifest
from trt_inference.inference.detections import Detections
from trt_inference.inference.detector import Detector

CROP = Fitting("center-crop", 0, "area", 0.875)


@pytest.mark.parametrize(
    ("options", "found", "expected"),
    [
        (FittingOptions(), None, Fitting("letterbox", 114, "linear", 1.0)),
        (FittingOptions(), CROP, CROP),
        (FittingOptions(pad_value=0), None, Fitting(pad_value=0)),
        (FittingOptions("stretch"), CROP, Fitting("stretch", 0, "area")),
        (FittingOptions("center-crop"), CROP, CROP),
        (FittingOptions("center-crop", crop_fraction=1.0), CROP, Fitting("center-crop", 0, "area")),
        (FittingOptions("center-crop"), None, Fitting("center-crop")),
        (FittingOptions(resize="linear"), CROP, Fitting("center-crop", 0, "linear", 0.875)),
    ],
)
def test_what_is_given_goes_before_what_was_found(
    options: FittingOptions, found: Fitting | None, expected: Fitting
) -> None:
    assert options.resolve(found) == expected


@pytest.mark.parametrize(("fit", "named"), [(None, "no --fit"), ("stretch", "--fit stretch")])
def test_a_part_to_crop_without_the_fit_that_crops_is_refused(fit: str | None, named: str) -> None:
    with pytest.raises(SavedModelError, match=rf"--crop-fraction 0\.5 with {named}.*Add --fit"):
        FittingOptions(fit, crop_fraction=0.5)


def test_the_command_refuses_it_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "bundle"
    arguments = ["--output", output, "--crop-fraction", "0.875"]
    run_here(capsys, "convert", tmp_path / "none", *arguments).refused("only --fit center-crop")
    assert not output.exists()


def test_robots_with_earlier_software_take_a_bundle_that_asks_for_nothing_new(
    conversion: tuple[Path, Result],
) -> None:
    entry = read_manifest(conversion[0])["input"]
    assert sorted(entry) == ["dtype", "fit", "height", "name", "pad_value", "width"]


def test_a_bundle_that_crops_finds_what_is_in_the_crop(
    color_model: Path, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "bundle"
    given = ["--fit", "center-crop", "--resize", "area", "--crop-fraction", "0.5"]
    files = ["--output", output, "--labels", labels, "--activation", "none"]
    result = run_here(capsys, "convert", color_model, *files, *given)
    assert result.exit_code == 0, result.output
    assert load_bundle(output).input.fitting == Fitting("center-crop", 114, "area", 0.5)
    picture, truth = scene(np.random.default_rng(100))  # 64x64
    frame = np.zeros((128, 300, 3), np.uint8)
    frame[32:96, 118:182] = picture
    moved = truth.xyxy + np.array([118, 32, 118, 32], np.float32)
    with Detector.open(load_bundle(output), "onnxruntime") as detector:
        assert_same(detector.detect(frame), Detections(moved, truth.scores, truth.class_ids))
