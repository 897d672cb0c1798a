"""convert and quantize with --images-from."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from converter.report.page import write_report
from test.converter.command_line import Result, finish, run_here, start, wait_for
from test.converter.expected import coco
from test.converter.precision.models import (
    colored_cells,
    scenes,
    two_layers,
    write_bundle,
    write_classifier,
    write_pictures,
)
from test.converter.recordings.bags import (
    PERIOD,
    START,
    BagMessage,
    compressed_message,
    image_messages,
    write_bag,
    write_mcap,
)
from test.converter.report import samples as reports
from trt_inference.bundles.bundle import load_bundle, sha256_of_file

SCENES = scenes(48)
# Of 4.7 s at ten images a second, four periods of 1.175 s: a quarter of each is calibrated on, and
# an eighth before and behind that is left out. Counted on paper.
CALIBRATED = [0, 1, 2, 12, 13, 14, 24, 25, 26, 36, 37, 38]
NEITHER = [3, 11, 15, 23, 27, 35, 39]


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scenes, ten a second."""
    folder = tmp_path_factory.mktemp("images_from") / "run"
    return write_bag(folder, image_messages(frame for frame, _ in SCENES), "sqlite3")


def reported(folder: Path) -> Path:
    """A detector with the report of a conversion."""
    bundle = write_bundle(folder, colored_cells(*two_layers()))
    write_report(bundle / "report", reports.detection(folder.parent))
    return bundle


def measured(bundle: Path, precision: str) -> dict[str, Any]:
    """What the manifest has of a precision, but the times."""
    entry = dict(load_bundle(bundle).precisions[precision])
    del entry["milliseconds"]
    return entry


def test_a_precision_is_that_of_the_same_pictures_in_folders(
    bag: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frames = [frame for frame, _ in SCENES]
    rest = [number for number in range(48) if number not in [*CALIBRATED, *NEITHER]]
    own = write_pictures(tmp_path / "own", [frames[number] for number in CALIBRATED])
    others = write_pictures(tmp_path / "others", [frames[number] for number in rest])
    recorded, usual = (reported(tmp_path / name / "bundle") for name in ("recorded", "usual"))
    result = run_here(capsys, "quantize", recorded, "--images-from", bag)
    assert result.exit_code == 0, result.output
    assert "calibrated on 4 stretches of the recording" in result.output
    assert "Give a longer recording" in result.output
    options = ("--calibration-images", own, "--images", others)
    assert run_here(capsys, "quantize", usual, *options).exit_code == 0
    for precision in ("fp16", "int8"):
        assert measured(recorded, precision) == measured(usual, precision)
    assert measured(recorded, "int8")["calibration"]["images"] == len(CALIBRATED)
    assert measured(recorded, "int8")["images"] == len(rest)


def test_a_classifier_is_compared_by_agreement(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of colors that are all clear, and all different."""
    colors = np.eye(3)[np.arange(40) % 3] * np.arange(150, 190)[:, None]
    frames = (np.full((64, 64, 3), color, np.uint8) for color in colors)
    bag = write_bag(tmp_path / "bag", image_messages(frames))
    bundle = write_classifier(tmp_path / "bundle")
    write_report(bundle / "report", reports.classification(tmp_path))
    result = run_here(capsys, "quantize", bundle, "--images-from", bag, "--precision", "fp16")
    assert result.exit_code == 0, result.output
    assert measured(bundle, "fp16")["agreement"]["compared"] > 20
    assert "accuracy" not in measured(bundle, "fp16")


def test_a_conversion_measures_what_it_measures_on_the_same_pictures(
    bag: Path,
    color_model: Path,
    labels: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With annotations by topic and stamp, of five images."""
    some = SCENES[:10:2]
    pictures = write_pictures(tmp_path / "pictures", [frame for frame, _ in some])
    stamps = [f"{START // 10**9}.{tenth}00000000" for tenth in range(0, 10, 2)]
    names = {
        "recorded": [f"camera/image_raw/{stamp}.png" for stamp in stamps],
        "usual": [file.name for file in sorted(pictures.iterdir())],
    }
    images = {"recorded": ("--images-from", bag), "usual": ("--images", pictures)}
    found = {}
    for side, named in names.items():
        file = tmp_path / f"{side}.json"
        truth = dict(zip(named, (truth for _, truth in some), strict=True))
        file.write_text(json.dumps(coco(truth, (64, 64))), "utf-8")
        output = tmp_path / side
        options = (*images[side], "--labels-coco", file, "--labels", labels, "--output", output)
        result = run_here(capsys, "convert", color_model, "--activation", "none", *options)
        assert result.exit_code == 0, result.output
        found[side] = load_bundle(output).precisions["fp32"]
    assert found["recorded"]["accuracy"] == found["usual"]["accuracy"]
    assert found["recorded"]["parity"] == found["usual"]["parity"]
    assert found["recorded"]["accuracy"]["bundle"]["map_50_95"] == pytest.approx(1)


def convert(
    capsys: pytest.CaptureFixture[str], model: Path, output: Path, *options: object
) -> Result:
    return run_here(capsys, "convert", model, "--output", output, *options)


def test_a_recording_that_is_none_is_refused_before_the_export(
    color_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output, nowhere = tmp_path / "bundle", tmp_path / "nowhere"
    options = ("--precision", "int8", "--images-from", nowhere)
    result = convert(capsys, color_model, output, *options)
    result.refused("nowhere")
    assert "export" not in result.output
    assert not output.exists()


def test_options_that_contradict_each_other_are_refused(
    bag: Path, color_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "bundle"
    both = convert(capsys, color_model, output, "--images", tmp_path, "--images-from", bag)
    both.refused("--images and --images-from are both given")
    alone = convert(capsys, color_model, output, "--images-topic", "/camera/image_raw")
    alone.refused("--images-topic /camera/image_raw without --images-from")


def test_a_bundle_stays_as_it_is_where_a_recording_has_no_images(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = reported(tmp_path / "bundle")
    before = sha256_of_file(bundle / "model.json")
    file = write_mcap(tmp_path / "empty.mcap", [])
    run_here(capsys, "quantize", bundle, "--images-from", file).refused("empty.mcap")
    assert sha256_of_file(bundle / "model.json") == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["bundle", "empty.mcap"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_ended_while_images_are_read_leaves_none_of_them(
    number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    jpeg = cv2.imencode(".jpg", np.zeros((1080, 1920, 3), np.uint8))[1].tobytes()
    stamps = (START + number * PERIOD for number in range(800))
    bag = write_bag(
        tmp_path / "bag",
        [BagMessage("/camera", stamp, compressed_message(jpeg, stamp)) for stamp in stamps],
    )
    bundle = reported(tmp_path / "bundle")
    process = start("quantize", bundle, "--images-from", bag)
    wait_for(lambda: any(temporary.glob("*/*.png")), process)
    os.killpg(process.pid, number)
    result = finish(process)
    assert result.exit_code == 130
    assert "interrupted, nothing was written" in result.output
    assert list(temporary.glob("trt-inference*")) == []
    assert list(load_bundle(bundle).precisions) == ["fp32"]
