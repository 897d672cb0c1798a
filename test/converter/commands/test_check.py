"""trt-inference check: which TensorRT builds which precision of a bundle."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from test.changed_bundles import replace_model
from test.color_bundle import write_color_bundle
from test.converter.command_line import Result, run_here
from test.converter.engine_builder.bundles import write_bundle
from test.task_bundles import write_segmentation_bundle
from trt_inference.bundles.names import IMAGE


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")  # no cell is wrapped


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """fp32, fp16 and int8 of a detector, with opset 13."""
    return write_bundle(tmp_path / "bundle")


def answers(result: Result) -> dict[str, list[str]]:
    """The cells of the table by the name of their row; the names of versions by an empty one."""
    rows = [line for line in result.output.splitlines() if line[:1] in ("┃", "│")]
    cells = [[cell.strip() for cell in row[1:-1].replace("┃", "│").split("│")] for row in rows]
    return {row[0]: row[1:] for row in cells}


def with_nodes(folder: Path, *nodes: onnx.NodeProto, **constants: np.ndarray) -> Path:
    """Put nodes behind the image of the color bundle that is then in ``folder``."""
    write_color_bundle(folder)
    model = onnx.load(str(folder / "fp32.onnx"))
    place = 1 + next(at for at, node in enumerate(model.graph.node) if IMAGE in node.input)
    for at, node in enumerate(nodes):
        model.graph.node.insert(place + at, node)
    for name, values in constants.items():
        model.graph.initializer.append(numpy_helper.from_array(values, name))
    return replace_model(folder, model)


def pixels(folder: Path) -> str:
    """The name of the image as floats, in the color bundle."""
    model = onnx.load(str(write_color_bundle(folder) / "fp32.onnx"))
    (cast,) = [node for node in model.graph.node if IMAGE in node.input]
    return str(cast.output[0])


def test_all_precisions_are_judged_for_all_versions(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For 8.0, whose parser gathers from no batch of any size, the builder gives it one."""
    result = run_here(capsys, "check", bundle)
    assert result.exit_code == 0
    table = answers(result)
    assert table[""] == ["8.0", "8.2", "8.4", "8.5", "8.6", "10.0", "10.3", "10.13", "11.1"]
    for precision in ("fp32", "fp16", "int8"):
        assert table[precision] == ["yes"] * 9
    assert "GatherElements" not in result.output


def test_what_only_a_build_shows_is_said(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = run_here(capsys, "check", bundle, "--tensorrt", "10.3")
    assert "it may still find no implementation" in result.output


def test_the_exit_code_tells_whether_all_that_was_asked_for_builds(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run_here(capsys, "check", bundle, "--tensorrt", "8.2.1.8", "10.5", "11.4")
    assert (result.exit_code, answers(result)["int8"]) == (0, ["yes"] * 3)
    assert "Nothing is known against a build." in result.output


def test_a_target_is_judged_by_its_tensorrt_and_its_gpus(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run_here(capsys, "check", bundle, "--tensorrt", "jetson-nano", "jetpack6", "8.2")
    assert result.exit_code == 1
    table = answers(result)
    assert table["fp16"] == ["yes", "yes", "yes"]
    assert table["int8"] == ["no", "yes", "yes"]  # of plain 8.2 the GPU is not known
    assert "int8 on jetson-nano: " in result.output
    assert "sm_53 and sm_62 have no int8" in result.output


def test_all_reasons_are_told_at_once_each_with_its_versions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = pixels(tmp_path / "first")
    folder = with_nodes(
        tmp_path / "bundle",
        helper.make_node("Resize", [image, "", "same"], ["resized"], "network/up", mode="cubic"),
        helper.make_node("QuantizeLinear", ["resized", "scale", "zero"], ["q"], "network/a/quant"),
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["d"], "network/a/dequant"),
        same=np.ones(4, np.float32),
        scale=np.array(1.0, np.float32),
        zero=np.array(7, np.int8),
    )
    result = run_here(capsys, "check", folder, "--tensorrt", "8.2", "10.3")
    assert answers(result)["fp32"] == ["no", "no"]
    lines = result.output.splitlines()
    (cubic,) = [line for line in lines if "cubic" in line]
    assert cubic.startswith("fp32: TensorRT 8.2 refuses this Resize (node network/up, layer up)")
    (quantised,) = [line for line in lines if "this QuantizeLinear" in line]
    assert "TensorRT 8.2, 10.3" in quantised
    assert "layer a" in quantised
    assert "zero point 0" in quantised
    assert "None of these builds all precisions" in result.output
    assert "trt-inference inspect SAVED_MODEL --tensorrt 8.2\n" in result.output
    result = run_here(capsys, "check", folder, "--tensorrt", "jetpack6")
    assert "trt-inference inspect SAVED_MODEL --target jetpack6\n" in result.output
    result = run_here(capsys, "check", folder, "--tensorrt", "8.2", "jetpack6")
    (quantised,) = [line for line in result.output.splitlines() if "this QuantizeLinear" in line]
    assert quantised.startswith("fp32: TensorRT 8.2, 10.3")  # not of the target alone


def test_an_opset_that_is_too_late_is_told_with_the_target_to_convert_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_color_bundle(tmp_path / "bundle")
    model = onnx.load(str(folder / "fp32.onnx"))
    model.opset_import[0].version = 17
    result = run_here(capsys, "check", replace_model(folder, model), "--tensorrt", "8.2", "8.5")
    assert answers(result)["fp32"] == ["no", "yes"]
    assert "inspect SAVED_MODEL" not in result.output
    assert (
        "fp32: TensorRT 8.2 knows opsets up to 13, and the model has opset 17: convert it again "
        "with --target jetson-nano."
    ) in result.output


def test_float16_in_fp32_is_told_for_versions_that_let_it_in_by_a_flag(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = pixels(tmp_path / "first")
    folder = with_nodes(
        tmp_path / "bundle",
        helper.make_node("Cast", [image], ["half"], to=TensorProto.FLOAT16),
    )
    result = run_here(capsys, "check", folder, "--tensorrt", "8.6", "10.3")
    assert answers(result)["fp32"] == ["no", "yes"]
    assert "TensorRT 8.6 takes no float16 in fp32" in result.output


def test_bytes_that_the_engine_builder_cannot_replace_are_told_before_8_5(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = with_nodes(tmp_path / "bundle", helper.make_node("Shape", [IMAGE], ["sizes"]))
    result = run_here(capsys, "check", folder, "--tensorrt", "8.4")
    assert answers(result)["fp32"] == ["no"]
    assert "TensorRT 8.4 has no uint8: " in result.output


@pytest.mark.parametrize(("way", "answer"), [("from int64", "no"), ("by float", "yes")])
def test_a_class_map_is_cast_to_bytes_from_floats_and_before_8_5_there_are_none(
    way: str, answer: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """NvInferRuntimeBase.h of TensorRT 10.3, at kUINT8: from and to float alone."""
    folder = write_segmentation_bundle(tmp_path / "bundle")
    model = onnx.load(str(folder / "fp32.onnx"))
    if way == "by float":
        last = model.graph.node[-1]
        to_float = helper.make_node("Cast", list(last.input), ["number"], to=TensorProto.FLOAT)
        last.input[:] = ["number"]
        model.graph.node.insert(len(model.graph.node) - 1, to_float)
    folder = replace_model(folder, model)
    result = run_here(capsys, "check", folder, "--tensorrt", "8.2", "8.5", "11.1")
    assert answers(result)["fp32"] == ["yes", answer, answer]


@pytest.mark.parametrize(
    ("version", "text"),
    [
        ("7.2", "TensorRT 7.2 is older than all that are known: give 8.0 or newer"),
        ("8", "'8' is no version of TensorRT, as in 8.2, and no target: jetson-nano, "),
        ("orin", "'orin' is no version of TensorRT"),
        ("10.x", "'10.x' is no version of TensorRT"),
    ],
)
def test_a_wrong_version_is_refused_with_those_that_there_are(
    version: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run_here(capsys, "check", tmp_path, "--tensorrt", version)
    assert ended.value.code == 2
    assert text in capsys.readouterr().err


def test_a_folder_that_is_no_bundle_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_here(capsys, "check", tmp_path / "none").refused("is not a bundle", "trt-inference convert")


def test_a_model_that_was_changed_is_refused(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = json.loads((bundle / "model.json").read_text("utf-8"))
    file = bundle / manifest["precisions"]["fp16"]["file"]
    file.write_bytes(file.read_bytes()[:-1])
    run_here(capsys, "check", bundle).refused("fp16")
