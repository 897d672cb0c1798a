"""Plans that were built elsewhere are taken in if they are engines of the bundle."""

import json
from pathlib import Path
from typing import Callable, Tuple

import pytest

from test.converter.command_line import Result, run_here
from test.task_bundles import write_classification_bundle, write_segmentation_bundle
from test.tensorrt_double.install import install
from trt_inference.bundles.bundle import load_bundle
from trt_inference.bundles.engine_files import EngineFile, find_engine
from trt_inference.engines.tensorrt.gpu import this_machine

Import = Callable[..., Result]


def built_plan(bundle: Path, capsys: pytest.CaptureFixture[str], target: Path, *more: str) -> Path:
    """A plan alone, as trtexec would leave it."""
    run_here(capsys, "build", bundle, "--precision", "fp32", *more)
    (plan,) = (bundle / "engines").glob("*.engine")
    target.write_bytes(plan.read_bytes())
    for file in (bundle / "engines").iterdir():
        file.unlink()
    return target


def content_of(engine: EngineFile) -> bytes:
    with engine.open() as checked, checked.map() as content:
        return content.read()


@pytest.fixture
def take_in(bundle: Path, capsys: pytest.CaptureFixture[str]) -> Import:
    def run(plan: Path, *more: object) -> Result:
        return run_here(
            capsys, "build", bundle, "--precision", "fp32", "--import-engine", plan, *more
        )

    return run


def described(plan: Path) -> Path:
    """With what Ultralytics' exporter puts in front."""
    text = json.dumps({"description": "YOLOv8n model", "task": "detect", "imgsz": [64, 64]})
    content = len(text).to_bytes(4, "little") + text.encode() + plan.read_bytes()
    target = plan.with_name("yolov8n.engine")
    target.write_bytes(content)
    return target


@pytest.mark.parametrize("version", ["8.4.1", "10.3.0"])
def test_a_plan_of_the_bundles_model_is_taken_in(
    version: str,
    bundle: Path,
    tmp_path: Path,
    take_in: Import,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with install(version):
        plan = built_plan(bundle, capsys, tmp_path / "trtexec.plan")
        result = take_in(plan)
        assert result.exit_code == 0, result.output
        found = find_engine(load_bundle(bundle), "fp32", this_machine())
        assert content_of(found) == plan.read_bytes()
        assert (found.sidecar.typing, found.sidecar.onnx_sha256) == ("unknown", "")
        assert found.sidecar.options == {"imported": "trtexec.plan"}
        assert "comparison" in found.sidecar.measured


def test_a_plan_that_takes_fewer_images_too_is_known_to(
    bundle: Path, tmp_path: Path, take_in: Import, capsys: pytest.CaptureFixture[str]
) -> None:
    with install("10.3.0"):
        plan = built_plan(bundle, capsys, tmp_path / "plan", "--batch", "4", "--any-batch")
        options = []
        for batch in (4, 1):
            assert take_in(plan, "--batch", batch).exit_code == 0
            options.append(find_engine(load_bundle(bundle), "fp32", this_machine()).sidecar.options)
    assert options == [{"imported": "plan", "any_batch": True}, {"imported": "plan"}]


def test_a_plan_with_a_class_map_of_int32_is_taken_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = write_segmentation_bundle(tmp_path / "segments")
    with install("8.2.1"):
        plan = built_plan(bundle, capsys, tmp_path / "trtexec.plan")
        result = run_here(capsys, "build", bundle, "--precision", "fp32", "--import-engine", plan)
        assert result.exit_code == 0, result.output
        sidecar = find_engine(load_bundle(bundle), "fp32", this_machine()).sidecar
        found = sidecar.measured["comparison"]["agreement"]
        assert found["same"] == found["compared"] > 0


def test_a_description_in_front_is_left_out(
    bundle: Path, tmp_path: Path, take_in: Import, capsys: pytest.CaptureFixture[str]
) -> None:
    with install("10.3.0"):
        plan = built_plan(bundle, capsys, tmp_path / "plan")
        result = take_in(described(plan))
        assert result.exit_code == 0, result.output
        assert "description by Ultralytics' exporter (description YOLOv8n model" in result.output
        found = find_engine(load_bundle(bundle), "fp32", this_machine())
        assert content_of(found) == plan.read_bytes()


def test_a_plan_of_another_network_is_explained_and_refused(
    tmp_path: Path, bundle: Path, take_in: Import, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write_classification_bundle(tmp_path / "classes")
    with install("10.3.0"):
        plan = built_plan(other, capsys, tmp_path / "plan")
        take_in(described(plan)).refused(
            "must be uint8 [N, 64, 64, 3]",
            "image uint8 [-1, 48, 64, 3]",
            "scores float32 [-1, 3]",
            "It begins with a description by Ultralytics' exporter",
            "trtexec --onnx=",
        )
    assert not list((bundle / "engines").glob("*"))


@pytest.mark.parametrize(
    ("version", "capability", "expected_text"),
    [
        ("10.13.3", (8, 7), "it was built by another TensorRT"),
        ("10.3.0", (8, 9), "it was built on another kind of GPU"),
    ],
)
def test_a_plan_of_another_machine_is_explained_and_refused(
    version: str,
    capability: Tuple[int, int],
    expected_text: str,
    bundle: Path,
    take_in: Import,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with install(version, compute_capability=capability):
        plan = built_plan(bundle, capsys, bundle.with_name("plan"))
    with install("10.3.0"):
        take_in(plan).refused(expected_text, "Build the engine on this machine")


def test_what_is_no_plan_is_refused(tmp_path: Path, take_in: Import) -> None:
    (tmp_path / "plan").write_bytes(b"PK\3\4 and more")
    with install("8.6.1"):
        take_in(tmp_path / "plan").refused("it is no plan of TensorRT, or it was cut short")
        take_in(tmp_path / "nothing").refused("cannot be read")


def test_a_batch_that_does_not_fit_is_refused(
    bundle: Path, tmp_path: Path, take_in: Import, capsys: pytest.CaptureFixture[str]
) -> None:
    with install("10.3.0"):
        plan = built_plan(bundle, capsys, tmp_path / "plan", "--batch", "2")
        take_in(plan).refused("takes from 2 to 2 images at once: give --batch 2")
        assert take_in(plan, "--batch", "2").exit_code == 0


def test_one_plan_is_of_one_precision(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with install("10.3.0"):
        run_here(
            capsys, "build", bundle, "--precision", "fp32", "fp16", "--import-engine", tmp_path
        ).refused("name its one --precision")
