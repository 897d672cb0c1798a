"""A conversion that is killed, interrupted or out of space leaves the old bundle whole."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from converter.heads.yolo.recognise import YoloHead
from test.color_bundle import LABELS, write_color_bundle
from test.converter.command_line import Result, finish, run_here, start, wait_for
from trt_inference.bundles.bundle import load_bundle, sha256_of_file
from trt_inference.inference.detector import Detector

Overwrite = Callable[..., subprocess.Popen[str]]


def hashes(folder: Path) -> dict[str, str]:
    return {file.name: sha256_of_file(file) for file in folder.iterdir() if file.is_file()}


def assert_loads(bundle: Path) -> None:
    with Detector.open(load_bundle(bundle), "onnxruntime") as detector:
        assert detector.bundle.labels == LABELS


@pytest.fixture
def overwrite(color_bundle: Path, color_model: Path, labels: Path) -> Overwrite:
    """Begins a conversion that replaces the bundle."""

    def begin(*more: object) -> subprocess.Popen[str]:
        target = ("--output", color_bundle, "--labels", labels, "--overwrite")
        return start("convert", color_model, *target, *more)

    return begin


@pytest.fixture
def many(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of images that takes a while to verify on."""
    folder = tmp_path_factory.mktemp("many")
    for number in range(500):
        os.link(pictures / "0.png", folder / f"{number}.png")
    return folder


@pytest.mark.long
def test_a_kill_while_writing_leaves_the_old_bundle_and_the_next_run_cleans_up(
    color_bundle: Path, overwrite: Overwrite, many: Path
) -> None:
    before = hashes(color_bundle)
    process = overwrite("--images", many)
    partial = color_bundle.with_name(f".{color_bundle.name}.partial-{process.pid}")
    wait_for((partial / "fp32.onnx").exists, process)
    process.kill()
    assert finish(process).exit_code == -signal.SIGKILL
    assert partial.exists()
    assert hashes(color_bundle) == before
    assert_loads(color_bundle)

    write_color_bundle(color_bundle)  # through the converter's own writer
    assert_loads(color_bundle)
    assert [entry.name for entry in color_bundle.parent.iterdir()] == [color_bundle.name]


def test_ctrl_c_while_writing_ends_with_130_and_without_leftovers(
    color_bundle: Path, overwrite: Overwrite, many: Path
) -> None:
    before = hashes(color_bundle)
    process = overwrite("--images", many)
    partial = color_bundle.with_name(f".{color_bundle.name}.partial-{process.pid}")
    wait_for((partial / "model.json").exists, process)
    os.killpg(process.pid, signal.SIGINT)
    result = finish(process)
    assert result.exit_code == 130
    assert "interrupted, nothing was written" in result.output
    assert "Traceback" not in result.output
    assert hashes(color_bundle) == before
    assert [entry.name for entry in color_bundle.parent.iterdir()] == [color_bundle.name]


def exports_of(parent: psutil.Process) -> list[psutil.Process]:
    """Its tf2onnx processes; the imports start others, that are gone at once."""
    found = []
    for child in parent.children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if "converter.export.worker_process" in child.cmdline():
                found.append(child)
    return found


def test_ctrl_c_during_the_export_ends_the_export_too(
    color_model: Path, labels: Path, tmp_path: Path
) -> None:
    process = start("convert", color_model, "--output", tmp_path / "bundle", "--labels", labels)
    parent = psutil.Process(process.pid)
    wait_for(lambda: bool(exports_of(parent)), process)
    (child,) = exports_of(parent)
    scratch = Path(child.cmdline()[-1]).parent
    assert scratch.is_dir()
    process.send_signal(signal.SIGINT)  # to the parent only, as kill -INT does
    assert finish(process).exit_code == 130
    assert not psutil.pid_exists(child.pid)
    assert not scratch.exists()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_a_full_disk_ends_with_a_message_and_the_old_bundle(
    color_bundle: Path, overwrite: Overwrite, conversion: tuple[Path, Result]
) -> None:
    """The limit lets the model through, and not the report with its pictures."""
    before = hashes(color_bundle)
    limit = (conversion[0] / "report" / "index.html").stat().st_size - 500
    process = overwrite("--candidates", 40)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, limit))
    finish(process).refused(f"cannot write '{color_bundle}'", "too large", "Nothing was changed")
    assert hashes(color_bundle) == before
    assert_loads(color_bundle)
    assert [entry.name for entry in color_bundle.parent.iterdir()] == [color_bundle.name]


@pytest.fixture
def wrong_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    """The decoding in the graph takes the width of a box for a half."""
    sound = YoloHead.stage

    def wrong(head: YoloHead, opset: int) -> object:
        model = sound(head, opset)
        (half,) = [constant for constant in model.graph.initializer if constant.name == "half"]
        half.float_data[:] = [1.0, 1.0]
        return model

    monkeypatch.setattr(YoloHead, "stage", wrong)


@pytest.mark.usefixtures("wrong_decoding")
def test_a_wrong_conversion_is_refused_and_the_old_bundle_stays(
    color_bundle: Path, color_model: Path, labels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = hashes(color_bundle)
    result = run_here(
        capsys, "convert", color_model, "--output", color_bundle, "--labels", labels, "--overwrite"
    )
    result.refused("boxes of the bundle differ from TensorFlow's", "fault of the conversion")
    assert hashes(color_bundle) == before
    assert [entry.name for entry in color_bundle.parent.iterdir()] == [color_bundle.name]


@pytest.mark.usefixtures("wrong_decoding")
@pytest.mark.parametrize("stated", [True, False])
def test_pixels_come_first_where_they_are_assumed_and_the_two_do_not_agree(
    stated: bool, color_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--pixels", "zero-to-one"] if stated else []
    result = run_here(capsys, "convert", color_model, "--output", tmp_path / "bundle", *options)
    first = result.output[result.output.index("error: ") :].splitlines()[0]
    assert ("--pixels" in first) != stated
    result.refused("fault of the conversion")
