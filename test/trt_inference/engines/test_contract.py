"""What every engine must do, on ONNX Runtime, on the double of each version of TensorRT, with each
library for CUDA, and on the double of Triton; on a real GPU with --gpu."""

import shutil
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Callable, Dict, Iterator, Optional, Tuple, Union

import numpy as np
import pytest

from test.color_bundle import CANDIDATES, CELL, SIZE, write_color_bundle
from test.needs import is_missing
from test.real_gpu import ON_THIS_GPU, on_this_gpu
from test.tensorrt_bundle import add_engine
from test.tensorrt_double import COMBINATIONS, install
from trt_inference.bundles.bundle import load_bundle
from trt_inference.engines.backends import open_engine
from trt_inference.engines.base import Engine, EngineOptions
from trt_inference.engines.server_options import ServerOptions
from trt_inference.errors import EngineError

ONNX_RUNTIME = "ONNX Runtime"
TRITON = "Triton"
BATCH = 3

# ONNX Runtime, Triton, a version and a library of the double, or a library on this GPU.
What = Union[str, Tuple[str, str]]
_NO_CLIENT = pytest.mark.skipif(is_missing("tritonclient"), reason="tritonclient is missing")
_SERVED = pytest.param(TRITON, marks=_NO_CLIENT)
EVERY = [ONNX_RUNTIME, _SERVED, *COMBINATIONS, *ON_THIS_GPU]


Build = Callable[[Path, int], None]


@pytest.fixture(scope="session")
def build_here(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Gives a bundle the real engine of a batch, which is built once."""
    built: Dict[int, Path] = {}

    def build(folder: Path, batch: int) -> None:
        if batch not in built:
            built[batch] = write_color_bundle(tmp_path_factory.mktemp("built") / "colors")
            add_engine(built[batch], batch=batch)
        shutil.copytree(str(built[batch] / "engines"), str(folder / "engines"))

    return build


@contextmanager
def opened(what: What, folder: Path, batch: int, build_here: Build) -> Iterator[Engine]:
    """An engine of the color bundle."""
    write_color_bundle(folder)
    server: Optional[ServerOptions] = None
    with ExitStack() as stack:
        backend = {ONNX_RUNTIME: "onnxruntime", TRITON: "triton"}.get(str(what), "tensorrt")
        if what == TRITON:
            server = serve(folder, batch, stack)
        elif not isinstance(what, str):
            stack.enter_context(install(*what))
            add_engine(folder, batch=batch)
        elif backend == "tensorrt":
            stack.enter_context(on_this_gpu(what))
            build_here(folder, batch)
        options = EngineOptions(threads=1, batch=batch, server=server)
        engine = open_engine(load_bundle(folder), backend, "fp32", options)
        stack.callback(engine.close)
        yield engine


def serve(folder: Path, batch: int, stack: ExitStack) -> ServerOptions:
    """A server with the bundle, until the stack is closed."""
    from test.triton_double import TritonDouble

    double = stack.enter_context(TritonDouble(folder, max_batch=batch))
    return ServerOptions(double.url, deadline=60.0)


@pytest.fixture(params=EVERY, ids=str)
def engine(request: pytest.FixtureRequest, tmp_path: Path, build_here: Build) -> Iterator[Engine]:
    with opened(request.param, tmp_path / "colors", 1, build_here) as engine:
        yield engine


@pytest.fixture(params=EVERY, ids=str)
def engine_for_several(
    request: pytest.FixtureRequest, tmp_path: Path, build_here: Build
) -> Iterator[Engine]:
    with opened(request.param, tmp_path / "colors", BATCH, build_here) as engine:
        yield engine


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (SIZE, SIZE, 3), np.uint8)


def scores_of_cells(image: np.ndarray) -> np.ndarray:
    """``[rows, columns, 3]``: a cell's mean of one channel less those of the two others."""
    cells = image.astype(np.float64).reshape(SIZE // CELL, CELL, SIZE // CELL, CELL, 3)
    means = cells.mean(axis=(1, 3)) / 255
    return 2 * means - means.sum(axis=-1, keepdims=True)


def best_scores(image: np.ndarray) -> np.ndarray:
    return np.sort(scores_of_cells(image).max(axis=-1).ravel())[::-1][:CANDIDATES]


@pytest.mark.parametrize("seed", [1, 2])
def test_candidates_are_the_best_cells_of_the_image(engine: Engine, seed: int) -> None:
    image = noise(seed)
    engine.input_buffer()[0] = image
    outputs = engine.infer()
    best = best_scores(image)
    np.testing.assert_allclose(outputs["scores"][0], best, atol=1e-5)
    boxes, classes = outputs["boxes"][0], outputs["classes"][0]
    columns, rows = (boxes[:, :2] / CELL).astype(int).T
    np.testing.assert_array_equal(boxes[:, 2:] - boxes[:, :2], CELL)
    np.testing.assert_allclose(scores_of_cells(image)[rows, columns, classes], best, atol=1e-5)


def test_outputs_have_the_shapes_and_types_of_the_manifest(engine: Engine) -> None:
    outputs = engine.infer()
    assert {name: (array.shape, array.dtype.name) for name, array in outputs.items()} == {
        "boxes": ((1, CANDIDATES, 4), "float32"),
        "scores": ((1, CANDIDATES), "float32"),
        "classes": ((1, CANDIDATES), "int32"),
    }


def test_buffers_take_turns_and_stay_where_they_are(engine: Engine) -> None:
    seen = []
    for number in range(3 * engine.depth):
        buffer = engine.input_buffer()
        assert (buffer.shape, buffer.dtype) == ((1, SIZE, SIZE, 3), np.uint8)
        buffer[0] = noise(number)
        outputs = engine.infer()
        np.testing.assert_allclose(outputs["scores"][0], best_scores(noise(number)), atol=1e-5)
        seen.append((buffer, outputs["scores"]))
    for earlier, later in zip(seen, seen[engine.depth :]):
        assert np.shares_memory(earlier[0], later[0])
        assert np.shares_memory(earlier[1], later[1])
    assert len({array.ctypes.data for array, _ in seen}) == engine.depth


def test_frames_are_finished_in_the_order_in_which_they_were_started(engine: Engine) -> None:
    for number in range(engine.depth):
        engine.input_buffer()[0] = noise(number)
        engine.start()
    for number in range(engine.depth):
        scores = engine.finish()["scores"][0]
        np.testing.assert_allclose(scores, best_scores(noise(number)), atol=1e-5)


@pytest.mark.parametrize("counts", [(3, 1, 2), (1, 3)])
def test_each_run_takes_some_images_and_gives_what_is_in_each(
    engine_for_several: Engine, counts: Tuple[int, ...]
) -> None:
    assert engine_for_several.batch == BATCH
    for run, count in enumerate(counts):
        images = [noise(10 * run + number) for number in range(count)]
        engine_for_several.input_buffer()[:count] = images
        outputs = engine_for_several.infer(count)
        assert {name: len(array) for name, array in outputs.items()} == {
            "boxes": count,
            "scores": count,
            "classes": count,
        }
        for scores, image in zip(outputs["scores"], images):
            np.testing.assert_allclose(scores, best_scores(image), atol=1e-5)


def test_runs_of_different_numbers_of_images_keep_their_own(engine_for_several: Engine) -> None:
    for number in range(engine_for_several.depth):
        engine_for_several.input_buffer()[: number + 1] = noise(number)
        engine_for_several.start(number + 1)
    for number in range(engine_for_several.depth):
        scores = engine_for_several.finish()["scores"]
        assert len(scores) == number + 1
        np.testing.assert_allclose(scores[-1], best_scores(noise(number)), atol=1e-5)


def test_memory_of_the_device_is_known_where_it_has_its_own(engine: Engine) -> None:
    memory = engine.memory()
    if engine.description.startswith(("ONNX", "Triton")):
        assert memory == {}
    else:
        assert 0 <= memory["free"] <= memory["total"]


def test_closed_engine_reports_it_and_may_be_closed_again(engine: Engine) -> None:
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        engine.infer()


def test_description_names_backend_and_version(engine: Engine) -> None:
    backend, version = engine.description.split()[:2]
    assert backend in ("ONNX", "TensorRT", "Triton")
    assert version == "Runtime" or version[0].isdigit()
