"""Models whose batch gets a size, for TensorRT 8.0, which gathers from known shapes only."""

from pathlib import Path
from typing import Any, Callable

import numpy as np
import onnx
import onnx.parser
import onnxruntime
import pytest

from converter.engine_builder import tensorrt_api
from converter.engine_builder.fix_batch import find_batch_changes
from converter.errors import BuildError
from test.converter.command_line import Result, run_here
from test.converter.engine_builder.bundles import PRECISIONS
from test.task_bundles import write_classification_bundle, write_segmentation_bundle
from test.tensorrt_double.install import install
from test.tensorrt_double.plan import Plan
from trt_inference.bundles import protobuf_reader
from trt_inference.bundles.bundle import load_bundle
from trt_inference.bundles.engine_files import find_engine
from trt_inference.engines.tensorrt import build_api
from trt_inference.engines.tensorrt.gpu import GpuContext, import_tensorrt, this_machine

Build = Callable[..., Result]


@pytest.fixture
def build(pictures: Path, capsys: pytest.CaptureFixture[str]) -> Build:
    def run(bundle: Path, *arguments: object) -> Result:
        return run_here(capsys, "build", bundle, "--images", pictures, *arguments)

    return run


def fixed(model: bytes, batch: int) -> bytes:
    changed = bytearray(model)
    for place, value in find_batch_changes(model, "image", batch).items():
        changed[place] = value
    return bytes(changed)


def model_of(text: str) -> bytes:
    model = onnx.parser.parse_model(f'<ir_version: 7, opset_import: ["" : 13]> {text}')
    return bytes(model.SerializeToString())


def first_sizes(model: bytes) -> Any:
    """Of inputs, outputs and values between."""
    graph = onnx.load_from_string(model).graph
    values = [*graph.input, *graph.output, *graph.value_info]
    return {value.name: value.type.tensor_type.shape.dim[0] for value in values}


@pytest.mark.parametrize("batch", [1, 2, 127, 128, 300, 16383])
def test_every_open_batch_becomes_the_size(shared_bundle: Path, batch: int) -> None:
    content = (shared_bundle / "fp32.onnx").read_bytes()
    changed = fixed(content, batch)
    assert len(changed) == len(content)
    sizes = first_sizes(changed)
    assert {"image", "boxes", "scores", "classes"} <= set(sizes)
    assert {size.dim_value for size in sizes.values()} == {batch}
    assert not any(size.HasField("dim_param") for size in sizes.values())
    one, other = onnx.load_from_string(changed), onnx.load_from_string(content)
    assert one.graph.node == other.graph.node and one.graph.initializer == other.graph.initializer


def test_runtimes_read_it(shared_bundle: Path) -> None:
    """They decode protobuf in C++, as TensorRT does."""
    content = (shared_bundle / "fp32.onnx").read_bytes()
    images = np.random.default_rng(4).integers(0, 256, (2, 64, 64, 3), np.uint8)
    sessions = [
        onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        for model in (content, fixed(content, 2))
    ]
    assert [session.get_inputs()[0].shape[0] for session in sessions] == ["N", 2]
    open_batch, of_two = (session.run(None, {"image": images}) for session in sessions)
    for one, other in zip(open_batch, of_two):
        np.testing.assert_array_equal(one, other)


def test_sizes_of_other_names_stay_open() -> None:
    content = model_of(
        "g (uint8[N, W, 3] image) => (float[N, W, 3] out) { out = Cast <to = 1> (image) }"
    )
    shape = onnx.load_from_string(fixed(content, 4)).graph.input[0].type.tensor_type.shape
    assert [size.dim_param or size.dim_value for size in shape.dim] == [4, "W", 3]


def test_a_model_of_one_size_stays_as_it_is() -> None:
    content = model_of("g (uint8[2, 3] image) => (float[2, 3] out) { out = Cast <to = 1> (image) }")
    assert fixed(content, 4) == content


@pytest.mark.parametrize("name", ["batch", "abcdefghi"])
def test_a_longer_name_has_room_for_a_longer_number(name: str) -> None:
    content = model_of(
        f"g (uint8[{name}, 3] image) => (float[{name}, 3] out) {{ out = Cast <to = 1> (image) }}"
    )
    assert {size.dim_value for size in first_sizes(fixed(content, 5)).values()} == {5}


def test_a_name_that_is_too_long_is_refused() -> None:
    content = model_of(
        "g (uint8[abcdefghij, 3] image) => (float[abcdefghij, 3] out)"
        " { out = Cast <to = 1> (image) }"
    )
    with pytest.raises(BuildError, match="convert the model again"):
        find_batch_changes(content, "image", 1)


def test_a_batch_beyond_all_bounds_is_refused(shared_bundle: Path) -> None:
    with pytest.raises(BuildError, match=r"--batch 16384 is too large .* up to 16383"):
        find_batch_changes((shared_bundle / "fp32.onnx").read_bytes(), "image", 16384)


def test_another_input_is_refused(shared_bundle: Path) -> None:
    with pytest.raises(BuildError, match="no input 'picture'"):
        find_batch_changes((shared_bundle / "fp32.onnx").read_bytes(), "picture", 1)


def test_8_0_builds_every_precision_of_a_detector(bundle: Path, build: Build) -> None:
    assert "GatherElements" in protobuf_reader.operators((bundle / "fp32.onnx").read_bytes())
    with install("8.0.1"):
        result = build(bundle, "--precision", *PRECISIONS)
        assert result.exit_code == 0, result.output
        for precision in PRECISIONS:
            sidecar = find_engine(load_bundle(bundle), precision, this_machine()).sidecar
            found = sidecar.measured["comparison"]["agreement"]
            assert (found["detections"], found["matched"], found["extra"]) == (3, 3, 0)


@pytest.mark.parametrize("batch", [1, 4])
def test_8_0_builds_the_size_of_batch_that_is_asked_for(
    batch: int, bundle: Path, build: Build
) -> None:
    with install("8.0.1"):
        result = build(bundle, "--precision", "fp32", "--batch", batch)
        assert result.exit_code == 0, result.output
        found = find_engine(load_bundle(bundle), "fp32", this_machine())
        with found.open() as checked, checked.map() as content:
            plan = Plan.from_bytes(content.read())
    assert {tensor.shape[0] for tensor in plan.tensors} == {batch}


@pytest.mark.parametrize("write", [write_classification_bundle, write_segmentation_bundle])
def test_8_0_builds_bundles_of_other_tasks(write: Any, build: Build, tmp_path: Path) -> None:
    bundle = write(tmp_path / "other")
    with install("8.0.1"):
        result = build(bundle, "--precision", "fp32")
    assert result.exit_code == 0, result.output


def test_8_0_refuses_a_batch_of_any_size(
    bundle: Path, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is mended here."""
    monkeypatch.setattr(tensorrt_api, "gathers_open_shapes", lambda trt: True)
    with install("8.0.1"):
        build(bundle, "--precision", "fp32").refused("GatherElements on dynamic shapes")


@pytest.mark.gpu
def test_the_real_parser_knows_all_sizes_then(shared_bundle: Path) -> None:
    trt: Any = import_tensorrt()
    content = fixed((shared_bundle / "fp32.onnx").read_bytes(), 4)
    with GpuContext():
        logger = trt.Logger(trt.Logger.ERROR)
        builder = trt.Builder(logger)
        flags = build_api.network_flags(trt, build_api.WEAK)
        network = builder.create_network(flags)
        parser = trt.OnnxParser(network, logger)
        assert parser.parse(content)
        shapes = {
            tensor.name: tuple(tensor.shape)
            for tensor in map(network.get_output, range(network.num_outputs))
        }
        shapes["image"] = tuple(network.get_input(0).shape)
        del parser, network, builder
    outputs = load_bundle(shared_bundle).outputs
    assert shapes == {
        "image": (4, 64, 64, 3),
        **{one.name: (4, *one.shape[1:]) for one in outputs},
    }


def test_newer_versions_read_the_model_as_it_is(bundle: Path, build: Build) -> None:
    with install("8.2.1"):
        assert build(bundle, "--precision", "fp32").exit_code == 0
        found = find_engine(load_bundle(bundle), "fp32", this_machine())
        with found.open() as checked, checked.map() as content:
            plan = Plan.from_bytes(content.read())
    assert {tensor.shape[0] for tensor in plan.tensors} == {-1}
