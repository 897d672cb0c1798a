"""A build on a small machine: the weights are where TensorRT or ONNX Runtime puts them, and nowhere
else, and never with both at once."""

import gc
import os
import tracemalloc
from pathlib import Path
from typing import Any, Callable, Dict, List

import cv2
import numpy as np
import onnx
import pytest

import test.tensorrt_double
from test.color_bundle import change_manifest
from test.converter.command_line import Result, run_here
from test.task_bundles import HEIGHT, WIDTH, write_classification_bundle
from test.tensorrt_double.install import Double, install
from trt_inference.bundles.bundle import sha256_of_file
from trt_inference.engines.onnxruntime import engine as onnxruntime_engine

Build = Callable[[], Result]

WEIGHTS = 1 << 22  # bytes
LARGE = WEIGHTS // 64  # what may be a part of them
DOUBLE = str(Path(test.tensorrt_double.__file__).parent)


def entry(file: Path) -> Dict[str, object]:
    return {"file": file.name, "sha256": sha256_of_file(file), "bytes": file.stat().st_size}


@pytest.fixture(
    params=[False, pytest.param(True, marks=pytest.mark.long)],
    ids=["in the model", "in a second file"],
)
def heavy(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A bundle with so many bytes of weights, which change nothing."""
    folder = write_classification_bundle(tmp_path / "heavy")
    file, data = folder / "fp32.onnx", folder / "fp32.onnx.data"
    model = onnx.load(str(file))
    wide = WEIGHTS // (2 * 3 * 4)
    for name, shape in (("up", (3, wide)), ("down", (wide, 3))):
        weights = np.full(shape, 0.0, np.float32)
        model.graph.initializer.append(onnx.numpy_helper.from_array(weights, name))
    (place,) = (i for i, node in enumerate(model.graph.node) if "logits" in node.output)
    for number, text in enumerate(("MatMul logits up", "MatMul raised down", "Add logits fallen")):
        operator, *given = text.split()
        output = ["raised", "fallen", "lifted"][number]
        node = onnx.helper.make_node(operator, given, [output], output)
        model.graph.node.insert(place + 1 + number, node)
    model.graph.node[place + 4].input[0] = "lifted"
    file.unlink()
    external = request.param
    onnx.save_model(model, str(file), save_as_external_data=external, location=data.name)
    files = {**entry(file), "data": entry(data)} if external else entry(file)
    change_manifest(folder, lambda manifest: manifest.update(precisions={"fp32": files}))
    return folder


@pytest.fixture
def build(heavy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Build:
    """The command line on that bundle, with one small picture to compare on."""
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    (tmp_path / "pictures").mkdir()
    cv2.imwrite(str(tmp_path / "pictures" / "black.png"), picture)
    arguments = ("build", heavy, "--precision", "fp32", "--images", tmp_path / "pictures")
    return lambda: run_here(capsys, *arguments)


class Watch:
    """What of the weights is in memory that neither TensorRT nor ONNX Runtime has taken."""

    def __init__(self) -> None:
        self.held: Dict[str, List[int]] = {}

    def look_before(self, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
        """Look each time just before this function runs."""
        real: Callable[..., Any] = getattr(owner, name)

        def watched(*arguments: Any, **named: Any) -> Any:
            self.held.setdefault(name, []).append(large_allocations())
            return real(*arguments, **named)

        monkeypatch.setattr(owner, name, watched)


def large_allocations() -> int:
    """Bytes of all large allocations, but for those that the double has made."""
    gc.collect()
    return sum(
        one.size
        for one in tracemalloc.take_snapshot().traces
        if one.size >= LARGE and not any(f.filename.startswith(DOUBLE) for f in one.traceback)
    )


@pytest.fixture(params=["8.2.1", pytest.param("10.3.0", marks=pytest.mark.long)])
def double(request: pytest.FixtureRequest) -> Any:
    with install(request.param) as installed:
        yield installed


def test_no_step_of_a_build_holds_the_weights_beside_the_library_that_works_on_them(
    double: Double, heavy: Path, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, trt = Watch(), double.tensorrt
    for owner, name in (
        (trt.OnnxParser, "parse"),
        (trt.OnnxParser, "parse_from_file"),
        (trt.Builder, "build_serialized_network"),
        (trt.Runtime, "deserialize_cuda_engine"),
        (onnxruntime_engine, "_open_session"),
        (os, "fsync"),  # of the plan, which is held while it is written
    ):
        watch.look_before(monkeypatch, owner, name)
    tracemalloc.start(15)
    try:
        result = build()
    finally:
        tracemalloc.stop()
    assert result.exit_code == 0, result.output
    assert set(watch.held) == {
        "parse",
        "build_serialized_network",
        "deserialize_cuda_engine",
        "_open_session",
        "fsync",
    }
    for name, held in watch.held.items():
        assert max(held) < WEIGHTS / 2, name
    (plan,) = (heavy / "engines").glob("*.engine")
    assert plan.stat().st_size > WEIGHTS  # so that a copy of it would have been seen


def test_nothing_of_tensorrt_is_left_when_onnx_runtime_takes_the_model(
    double: Double, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, kinds = (
        onnxruntime_engine._open_session,
        (
            double.tensorrt.Builder,
            double.tensorrt.INetworkDefinition,
            double.tensorrt.ICudaEngine,
            double.tensorrt.IHostMemory,
        ),
    )
    left: List[Any] = []

    def looks(*arguments: Any) -> Any:
        left.append(double.live())
        left.append([type(one) for one in gc.get_objects() if isinstance(one, kinds)])
        return real(*arguments)

    monkeypatch.setattr(onnxruntime_engine, "_open_session", looks)
    result = build()
    assert (result.exit_code, left) == (0, [{}, []]), result.output
