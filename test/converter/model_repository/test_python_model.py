"""The program in an exported version, loaded as Triton's Python backend does, which is in the place
of a module here: ONNX Runtime, network and files are the real ones."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, List, Optional

import numpy as np
import pytest
from google.protobuf import json_format

from test.color_bundle import CANDIDATES, picture, write_color_bundle
from test.converter.model_repository.exported import (
    export,
    let_take_one_image_only,
    read_config,
)
from test.task_bundles import write_classification_bundle, write_segmentation_bundle
from trt_inference.bundles.bundle import load_bundle
from trt_inference.engines.base import EngineOptions
from trt_inference.engines.onnxruntime.backend import OnnxRuntimeBackend


class Tensor:
    def __init__(self, name: str, array: np.ndarray) -> None:
        self.name, self._array = name, array

    def as_numpy(self) -> np.ndarray:
        return self._array


class TritonError:
    def __init__(self, message: str) -> None:
        self.message = message


class InferenceResponse:
    def __init__(
        self, output_tensors: Optional[List[Tensor]] = None, error: Optional[TritonError] = None
    ) -> None:
        self.outputs = {one.name: one.as_numpy() for one in output_tensors or ()}
        self.error = error


class Logger:
    warnings: List[str]

    @classmethod
    def log_warn(cls, text: str) -> None:
        cls.warnings.append(text)


@pytest.fixture(autouse=True)
def backend(monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = ModuleType("triton_python_backend_utils")
    module.Tensor, module.TritonError = Tensor, TritonError
    module.InferenceResponse, module.Logger = InferenceResponse, Logger
    module.get_input_tensor_by_name = dict.get  # of a request, which is a dictionary here
    Logger.warnings = []
    monkeypatch.setitem(sys.modules, module.__name__, module)


def load(version: Path) -> Any:
    """The model of an exported version, initialized."""
    spec = importlib.util.spec_from_file_location("model", str(version / "model.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = module.TritonPythonModel()
    config = json_format.MessageToDict(
        read_config(version.parent), preserving_proto_field_name=True
    )
    config.setdefault("max_batch_size", 0)  # Triton writes zeros, too
    model.initialize({"model_config": json.dumps(config), "model_version": version.name})
    return model


def request(images: np.ndarray) -> Any:
    return {"image": Tensor("image", images)}


@pytest.mark.parametrize(
    "write", [write_color_bundle, write_classification_bundle, write_segmentation_bundle]
)
def test_requests_that_run_together_get_what_each_gets_alone(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    bundle = load_bundle(write(tmp_path / "bundle"))
    model = load(export(bundle.path, tmp_path / "models").folder)
    shape = (6, bundle.input.height, bundle.input.width, 3)
    images = np.random.default_rng(5).integers(0, 256, shape).astype(np.uint8)
    runs = count_runs(model)
    answers = model.execute([request(images[:1]), request(images[1:4]), request(images[4:])])
    assert runs == [6]
    assert [one.error for one in answers] == [None] * 3
    engine = OnnxRuntimeBackend().open(bundle, "fp32", EngineOptions())
    for answer, own in zip(answers, (images[:1], images[1:4], images[4:])):
        for place, image in enumerate(own):
            engine.input_buffer()[0] = image
            for name, expected in engine.infer().items():
                found = answer.outputs[name]
                assert (len(found), found.dtype) == (len(own), expected.dtype)
                np.testing.assert_allclose(found[place], expected[0], atol=1e-5)


def count_runs(model: Any) -> List[int]:
    """The number of images of each run from now on."""
    session, runs = model._session, []

    class Counted:
        def run(self, names: List[str], inputs: Any) -> Any:
            runs.append(len(inputs["image"]))
            return session.run(names, inputs)

    model._session = Counted()
    return runs


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        (request(np.zeros((1, 7, 64, 3), np.uint8)), "is uint8 [1, 7, 64, 3], it must be uint8"),
        (request(np.zeros((1, 64, 64, 3), np.float32)), "'image' is float32"),
        (request(np.zeros((0, 64, 64, 3), np.uint8)), "[0, 64, 64, 3]"),
        ({}, "no input 'image'"),
    ],
)
def test_a_bad_request_gets_an_error_of_its_own(
    bad: Any, text: str, color_bundle: Path, tmp_path: Path
) -> None:
    model = load(export(color_bundle, tmp_path / "models").folder)
    good = request(picture("red", (2, 5))[None])
    answers = model.execute([good, bad, good])
    assert text in answers[1].error.message
    assert [answers[0].error, answers[2].error] == [None, None]
    for answer in (answers[0], answers[2]):
        assert answer.outputs["scores"].shape == (1, CANDIDATES)
        assert answer.outputs["classes"][0, 0] == 2
    assert [one.error is None for one in model.execute([bad])] == [False]


def test_a_run_that_fails_is_the_error_of_each_of_its_requests(
    color_bundle: Path, tmp_path: Path
) -> None:
    model = load(export(color_bundle, tmp_path / "models").folder)

    class Failing:
        def run(self, *arguments: Any) -> Any:
            raise RuntimeError("out of memory")

    model._session = Failing()
    image = request(picture("red", (2, 5))[None])
    answers = model.execute([image, image])
    assert [one.error.message for one in answers] == ["ONNX Runtime failed: out of memory"] * 2


def test_a_network_for_one_image_is_run_on_one(color_bundle: Path, tmp_path: Path) -> None:
    let_take_one_image_only(color_bundle)
    model = load(export(color_bundle, tmp_path / "models").folder)
    (answer,) = model.execute([request(picture("blue", (1, 1))[None])])
    assert answer.error is None
    assert answer.outputs["classes"][0, 0] == 0


@pytest.mark.parametrize("threads", ["0", "2"])
def test_the_threads_are_those_of_the_configuration(
    threads: str, color_bundle: Path, tmp_path: Path
) -> None:
    version = export(color_bundle, tmp_path / "models").folder
    file = version.parent / "config.pbtxt"
    text = file.read_text("utf-8").replace('string_value: "0"', f'string_value: "{threads}"')
    file.write_text(text, "utf-8")
    assert load(version)._session.get_session_options().intra_op_num_threads == int(threads)


def test_weights_in_a_second_file_are_found(tmp_path: Path) -> None:
    bundle = write_segmentation_bundle(tmp_path / "segments", external_data=True)
    result = export(bundle, tmp_path / "models")
    assert {name for name, _ in result.files} == {"model.py", "model.onnx", "fp32.onnx.data"}
    model = load(result.folder)
    image = np.zeros((1, 48, 64, 3), np.uint8)
    image[..., 1] = 255
    (answer,) = model.execute([request(image)])
    assert (answer.outputs["class_map"] == 2).all()


@pytest.mark.parametrize(("version", "warned"), [("1.26.4", False), ("2.4.6", True)])
def test_a_numpy_that_the_backend_may_not_know_is_told(
    version: str,
    warned: bool,
    color_bundle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(np, "__version__", version)
    load(export(color_bundle, tmp_path / "models").folder)
    assert len(Logger.warnings) == warned
    assert all("install 'numpy<2'" in text for text in Logger.warnings)
