"""What is of the ONNX Runtime engine alone; see test_contract.py for what all engines do."""

import sys
from pathlib import Path
from typing import Any, Callable, Iterator

import numpy as np
import pytest

from test.color_bundle import CANDIDATES, SIZE, change_manifest, write_color_bundle
from trt_inference.bundles.bundle import load_bundle, sha256_of_file
from trt_inference.bundles.choose_precision import CPU
from trt_inference.bundles.open_model import OpenModel
from trt_inference.engines.backends import choose_backend, open_engine
from trt_inference.engines.base import Engine, EngineOptions
from trt_inference.engines.onnxruntime import engine as engine_module
from trt_inference.errors import BundleError, EngineError
from trt_inference.inference.detector import Detector


@pytest.fixture
def engine(shared_color_bundle: Path) -> Iterator[Engine]:
    options = EngineOptions(threads=1)
    opened = open_engine(load_bundle(shared_color_bundle), "onnxruntime", "fp32", options)
    yield opened
    opened.close()


def test_description_names_backend_and_device(engine: Engine) -> None:
    assert engine.description.startswith("ONNX Runtime ")
    assert "CPU" in engine.description


def test_unknown_backend_lists_those_that_exist(shared_color_bundle: Path) -> None:
    with pytest.raises(EngineError, match=r"'cuda'.*auto, tensorrt, onnxruntime, triton"):
        open_engine(load_bundle(shared_color_bundle), "cuda", "fp32")
    with pytest.raises(EngineError, match=r"'cuda'.*auto, tensorrt, onnxruntime, triton"):
        choose_backend("cuda")


@pytest.mark.parametrize("backend", ["auto", "onnxruntime"])
def test_it_runs_on_the_cpu(backend: str) -> None:
    assert choose_backend(backend).device(0) == CPU


def test_precision_that_the_bundle_lacks_is_an_error(shared_color_bundle: Path) -> None:
    with pytest.raises(BundleError, match="'int8'"):
        open_engine(load_bundle(shared_color_bundle), "auto", "int8")


@pytest.mark.parametrize(
    ("numpy_version", "expected"),
    [("1.21.5", r"onnxruntime 'numpy<2'$"), ("2.2.6", r"onnxruntime$")],
)
def test_missing_library_is_an_error_with_the_command_that_installs_it(
    numpy_version: str, expected: str, shared_color_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command leaves NumPy 1 in its place, for which OpenCV was built."""
    monkeypatch.setattr(np, "__version__", numpy_version)
    monkeypatch.delitem(sys.modules, "trt_inference.engines.onnxruntime.engine", raising=False)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # as if it was not installed
    with pytest.raises(EngineError, match="python3 -m pip install " + expected):
        open_engine(load_bundle(shared_color_bundle), "auto", "fp32")


@pytest.mark.parametrize(
    ("tag", "place", "reason"),
    [(0, 1, "IR version: 125"), (-2, -1, "Opset 125")],
    ids=["format", "opset"],
)
def test_a_model_that_is_too_new_is_refused_with_a_remedy(
    tag: int, place: int, reason: str, color_bundle: Path
) -> None:
    """The file begins with the version of the format, and ends with that of the operators: in
    protobuf, each is a byte behind one that names it."""
    file = color_bundle / "fp32.onnx"
    model = bytearray(file.read_bytes())
    assert model[tag] == {0: 1 << 3, -2: 2 << 3}[tag]
    model[place] = 125
    file.write_bytes(model)
    digest = sha256_of_file(file)
    change_manifest(color_bundle, lambda m: m["precisions"]["fp32"].update(sha256=digest))
    with pytest.raises(EngineError, match=f"too new.*--target jetson-nano.*{reason}"):
        open_engine(load_bundle(color_bundle), "onnxruntime", "fp32")


WRONG_INPUT = {
    "name": "picture",
    "height": SIZE,
    "width": SIZE,
    "dtype": "uint8",
    "fit": "stretch",
    "pad_value": 0,
}


def test_manifest_that_names_another_input_than_the_network_is_an_error(tmp_path: Path) -> None:
    bundle = load_bundle(write_color_bundle(tmp_path / "wrong", input=WRONG_INPUT))
    with pytest.raises(EngineError, match=r"fp32\.onnx.*picture"):
        open_engine(bundle, "auto", "fp32")


def test_manifest_with_other_sizes_than_the_network_is_an_error(tmp_path: Path) -> None:
    sizes = {"boxes": [-1, 7, 4], "scores": [-1, 7], "classes": [-1, 7]}
    types = {"boxes": "float32", "scores": "float32", "classes": "int32"}
    outputs = [
        {"name": name, "dtype": types[name], "shape": shape} for name, shape in sizes.items()
    ]
    bundle = load_bundle(write_color_bundle(tmp_path / "wrong", outputs=outputs, candidates=7))
    with pytest.raises(EngineError, match="does not fit the manifest: its output is 'boxes'"):
        Detector.open(bundle)


def _another_model(folder: Path, change: Callable[[Any], object]) -> Path:
    onnx = pytest.importorskip("onnx", reason="needs onnx")
    from test.changed_bundles import replace_model  # needs onnx

    model = onnx.load(str(folder / "fp32.onnx"))
    change(model)
    return replace_model(folder, model)


def _without_shape(model: Any) -> None:
    model.graph.input[0].type.tensor_type.ClearField("shape")


def _second_input(model: Any) -> None:
    second = model.graph.input.add()
    second.CopyFrom(model.graph.input[0])
    second.name = "another"


def _scalar_first(model: Any) -> None:
    _second_input(model)
    first, second = model.graph.input
    first.name, second.name = second.name, first.name
    del first.type.tensor_type.shape.dim[:]


def _batch_of_two(model: Any) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_without_shape, r"its input is 'image', tensor\(uint8\), \[\], not 'image'"),
        (_second_input, "it has 2 inputs"),
        (_scalar_first, "it has 2 inputs"),
        (_batch_of_two, r"its input is 'image', tensor\(uint8\), \[2, 64, 64, 3\], not"),
    ],
)
def test_a_model_with_another_input_than_the_manifest_tells_is_refused_in_a_line(
    change: Callable[[Any], object], reason: str, color_bundle: Path
) -> None:
    folder = _another_model(color_bundle, change)
    with pytest.raises(EngineError, match=f"fp32.onnx does not fit the manifest: {reason}") as told:
        open_engine(load_bundle(folder), "onnxruntime", "fp32")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("name", ["boxes", "scores", "classes"])
def test_a_model_with_another_output_than_the_manifest_tells_is_refused_in_a_line(
    name: str, color_bundle: Path
) -> None:
    def change(model: Any) -> None:
        (output,) = (one for one in model.graph.output if one.name == name)
        for node in model.graph.node:
            node.output[:] = ["given" if one == name else one for one in node.output]
        twice = model.graph.node.add(op_type="Concat", input=["given", "given"], output=[name])
        twice.attribute.add(name="axis", type=2, i=1)
        output.type.tensor_type.shape.dim[1].dim_value = 2 * CANDIDATES

    folder = _another_model(color_bundle, change)
    reason = f"fp32.onnx does not fit the manifest: its output is '{name}', .*{2 * CANDIDATES}"
    with pytest.raises(EngineError, match=reason) as told:
        open_engine(load_bundle(folder), "onnxruntime", "fp32")
    assert "\n" not in str(told.value)


def test_names_in_a_model_are_not_written_past_the_log(
    color_bundle: Path, capfd: pytest.CaptureFixture
) -> None:
    """ONNX Runtime writes what fails to the standard error by itself, with the names of nodes."""

    def change(model: Any) -> None:
        for step in model.graph.node:
            step.output[:] = ["given" if one == "scores" else one for one in step.output]
        steps = (
            ("Cast", ["image"], "values"),
            ("ReduceMax", ["values"], "highest"),
            ("Reshape", ["highest", "one"], "place"),
            ("Add", ["place", "far"], "nowhere"),
            ("Gather", ["given", "nowhere"], "scores"),
        )
        for kind, given, output in steps:
            step = model.graph.node.add(op_type=kind, input=given, output=[output])
        step.name = "\n[INFO] [0] [detector]: all is well"
        cast = next(step for step in model.graph.node if "values" in step.output)
        cast.attribute.add(name="to", type=2, i=7)
        for name, value in (("one", 1), ("far", 1000)):
            model.graph.initializer.add(name=name, data_type=7, dims=[1], int64_data=[value])

    folder = _another_model(color_bundle, change)
    opened = open_engine(load_bundle(folder), "onnxruntime", "fp32")
    with pytest.raises(EngineError):
        opened.infer()
    assert "all is well" not in capfd.readouterr().err


def test_a_model_that_is_written_to_while_it_is_loaded_is_refused(
    color_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_session = engine_module._open_session

    def write_meanwhile(model: OpenModel, threads: int) -> Any:
        session = open_session(model, threads)
        with (color_bundle / "fp32.onnx").open("ab") as stream:
            stream.write(b"more")
        return session

    monkeypatch.setattr(engine_module, "_open_session", write_meanwhile)
    with pytest.raises(BundleError, match=r"fp32\.onnx was changed"):
        open_engine(load_bundle(color_bundle), "onnxruntime", "fp32")
