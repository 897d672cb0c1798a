"""The ONNX Runtime engine, against the network's arithmetic in NumPy."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Iterator

import numpy as np
import pytest

from test.color_bundle import CANDIDATES, CELL, SIZE, write_color_bundle
from trt_inference.bundle import load_bundle
from trt_inference.detector import Detector
from trt_inference.engines import device, open_engine
from trt_inference.engines.base import Engine
from trt_inference.errors import BundleError, EngineError
from trt_inference.precision import CPU


@pytest.fixture
def engine(shared_color_bundle: Path) -> Iterator[Engine]:
    opened = open_engine(load_bundle(shared_color_bundle), "onnxruntime", "fp32", threads=1)
    yield opened
    opened.close()


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (SIZE, SIZE, 3), np.uint8)


def scores_of_cells(image: np.ndarray) -> np.ndarray:
    """``[rows, columns, 3]``: a cell's mean of one channel less those of the two others."""
    cells = image.astype(np.float64).reshape(SIZE // CELL, CELL, SIZE // CELL, CELL, 3)
    means = cells.mean(axis=(1, 3)) / 255
    return 2 * means - means.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_candidates_are_the_best_cells_of_the_image(engine: Engine, seed: int) -> None:
    image = noise(seed)
    engine.input_buffer()[0] = image
    outputs = engine.infer()
    expected = scores_of_cells(image)
    best = np.sort(expected.max(axis=-1).ravel())[::-1][:CANDIDATES]
    np.testing.assert_allclose(outputs["scores"][0], best, atol=1e-5)
    boxes, classes = outputs["boxes"][0], outputs["classes"][0]
    columns, rows = (boxes[:, :2] / CELL).astype(int).T
    np.testing.assert_array_equal(boxes[:, 2:] - boxes[:, :2], CELL)
    np.testing.assert_allclose(expected[rows, columns, classes], best, atol=1e-5)


def test_outputs_have_the_shapes_and_types_of_the_manifest(engine: Engine) -> None:
    outputs = engine.infer()
    assert {name: (array.shape, array.dtype.name) for name, array in outputs.items()} == {
        "boxes": ((1, CANDIDATES, 4), "float32"),
        "scores": ((1, CANDIDATES), "float32"),
        "classes": ((1, CANDIDATES), "int32"),
    }


def test_buffers_stay_where_they_are(engine: Engine) -> None:
    buffer = engine.input_buffer()
    assert (buffer.shape, buffer.dtype) == ((1, SIZE, SIZE, 3), np.uint8)
    buffer[0] = noise(1)
    first = dict(engine.infer())
    copies = {name: array.copy() for name, array in first.items()}
    buffer[0] = noise(2)
    second = engine.infer()
    assert np.shares_memory(engine.input_buffer(), buffer)
    for name, array in second.items():
        assert np.shares_memory(array, first[name])
    assert not np.array_equal(copies["scores"], second["scores"])


def test_description_names_backend_and_device(engine: Engine) -> None:
    assert engine.description.startswith("ONNX Runtime ")
    assert "CPU" in engine.description


def test_closed_engine_says_so_and_may_be_closed_again(shared_color_bundle: Path) -> None:
    engine = open_engine(load_bundle(shared_color_bundle), "auto", "fp32")
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        engine.infer()


def test_unknown_backend_lists_those_that_exist(shared_color_bundle: Path) -> None:
    with pytest.raises(EngineError, match=r"'cuda'.*auto, onnxruntime"):
        open_engine(load_bundle(shared_color_bundle), "cuda", "fp32")
    with pytest.raises(EngineError, match=r"'cuda'.*auto, onnxruntime"):
        device("cuda")


@pytest.mark.parametrize("backend", ["auto", "onnxruntime"])
def test_it_runs_on_the_cpu(backend: str) -> None:
    assert device(backend) == CPU


def test_precision_that_the_bundle_lacks_is_an_error(shared_color_bundle: Path) -> None:
    with pytest.raises(BundleError, match="'int8'"):
        open_engine(load_bundle(shared_color_bundle), "auto", "int8")


def test_missing_library_is_an_error_with_the_command_that_installs_it(
    shared_color_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "trt_inference.engines.onnxruntime", raising=False)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # as if it was not installed
    with pytest.raises(EngineError, match="pip install onnxruntime"):
        open_engine(load_bundle(shared_color_bundle), "auto", "fp32")


WRONG_INPUT = {"name": "picture", "height": SIZE, "width": SIZE, "dtype": "uint8",
               "fit": "stretch", "pad_value": 0}  # fmt: skip


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
    bundle = load_bundle(write_color_bundle(tmp_path / "wrong", outputs=outputs))
    with pytest.raises(EngineError, match="ONNX Runtime failed"):
        Detector.open(bundle)
