"""Models with FakeQuant nodes: fp32 leaves them out, int8 has their ranges."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from converter.command_line.main import main
from converter.onnx_tools.trained_grids import read_grids, write_grids
from test.changed_bundles import replace_model
from test.converter.command_line import run_here
from test.converter.sources.conversion import Conversion, by_class, frames
from test.converter.sources.models import images_of, save, tf
from test.converter.sources.trained_models import HEIGHT, WIDTH, TrainedClassifier
from trt_inference.bundles.bundle import load_bundle
from trt_inference.bundles.manifest import read_manifest
from trt_inference.inference.detector import Detector
from trt_inference.viewing.image_files import read_image

NOTE = "FakeQuant nodes of quantization-aware training"


# What becomes 127 of each activation that int8 takes: -1 to 1 in 255 steps is -128 to 127 of them.
REACHES = {"image": 127 / 127.5, "first": 9.5, "depthwise": 10.0, "mean": 7.0}


def fractions(frame: np.ndarray) -> Any:
    """What the network takes of a camera's image, BGR."""
    rgb = cv2.cvtColor(cv2.resize(frame, (WIDTH, HEIGHT)), cv2.COLOR_BGR2RGB)
    return tf.constant(rgb[None] / np.float32(255))


def saved(folder: Path, module: TrainedClassifier) -> Path:
    def predict(images: Any) -> dict[str, Any]:
        return {"scores": module(images)}

    return save(folder, module, predict, images_of(None, HEIGHT, WIDTH, 3))


def pictures(folder: Path) -> Path:
    folder.mkdir()
    for number, frame in enumerate(frames()):
        for flip in (-1, 0, 1):
            cv2.imwrite(str(folder / f"{number} {flip}.png"), cv2.flip(frame, flip))
    return folder


class Int8File:
    """What the int8 model of a bundle holds, read off its nodes."""

    def __init__(self, bundle: Path) -> None:
        self.graph = onnx.load(str(bundle / "int8.onnx")).graph
        self.constants = {one.name: numpy_helper.to_array(one) for one in self.graph.initializer}

    def quantizers(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Scale and zero point of each activation."""
        return [
            (self.constants[node.input[1]], self.constants[node.input[2]])
            for node in self.graph.node
            if node.op_type == "QuantizeLinear" and node.input[0] not in self.constants
        ]

    def weights(self) -> list[np.ndarray]:
        """Scales times whole numbers of each product, in the order of execution."""
        made = {name: node for node in self.graph.node for name in node.output}
        found = []
        for node in self.graph.node:
            maker = made.get(node.input[0]) if node.op_type == "DequantizeLinear" else None
            stored = node.input[0] if maker is None else maker.input[0]
            if node.op_type == "DequantizeLinear" and stored in self.constants:
                values, scale = self.constants[stored], self.constants[node.input[1]]
                zero, shape = self.constants[node.input[2]], [1] * values.ndim
                shape[node.attribute[0].i] = -1
                steps = scale.reshape(shape)
                whole = values if maker is None else np.rint(values / steps).astype(np.int8)
                assert whole.dtype == zero.dtype == np.int8 and not zero.any()
                found.append(whole * steps)
        return found


@dataclass(frozen=True)
class Converted:
    """A bundle, what the command line printed, and the images that it was measured on."""

    bundle: Path
    output: str
    images: Path


@pytest.fixture(scope="module")
def module() -> TrainedClassifier:
    return TrainedClassifier()


@pytest.fixture(scope="module")
def converted(module: TrainedClassifier, tmp_path_factory: pytest.TempPathFactory) -> Converted:
    folder = tmp_path_factory.mktemp("trained")
    model, images, bundle = folder / "model", pictures(folder / "pictures"), folder / "bundle"
    options = ["--output", bundle, "--fit", "stretch", "--images", images]
    options += ["--precision", "fp16", "int8"]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert main(["convert", str(saved(model, module)), *map(str, options)]) == 0
    return Converted(bundle, printed.getvalue(), images)


def test_fp32_is_the_float_network(converted: Converted, module: TrainedClassifier) -> None:
    operators = {node.op_type for node in onnx.load(str(converted.bundle / "fp32.onnx")).graph.node}
    assert not operators & {"QuantizeLinear", "DequantizeLinear", "LeakyRelu"}
    with Detector.open(load_bundle(converted.bundle), "onnxruntime", "fp32") as detector:
        for frame in frames():
            expected = np.asarray(module.floats(fractions(frame)))[0]
            np.testing.assert_allclose(by_class(detector.detect(frame)), expected, atol=1e-5)


def test_int8_has_the_ranges_and_the_very_weights_of_the_training(
    converted: Converted, module: TrainedClassifier
) -> None:
    file = Int8File(converted.bundle)
    assert all(zero.dtype == np.int8 and zero == 0 for _, zero in file.quantizers())
    reaches = [127 * float(scale) for scale, _ in file.quantizers()]
    # Training moves ranges a little, so that 0 is one of their 255 steps.
    np.testing.assert_allclose(sorted(reaches), sorted(REACHES.values()), rtol=0.01)
    kernels = {name: value.numpy() for name, value in module.kernels().items()}
    kernels["first"] = kernels["first"] * module.weights["scale"].numpy()
    expected = [
        kernels["first"].transpose(3, 2, 0, 1),
        kernels["depthwise"].transpose(2, 3, 0, 1),
        kernels["pointwise"].transpose(3, 2, 0, 1),
        kernels["dense"],
    ]
    for found, want in zip(file.weights(), expected, strict=True):
        np.testing.assert_allclose(found, want, rtol=1e-6)


def test_int8_computes_what_tensorflow_does_with_symmetric_scales(
    converted: Converted, module: TrainedClassifier
) -> None:
    def symmetric(values: Any, name: str) -> Any:
        if name not in REACHES:  # nothing on eight bits takes it
            return values
        step = REACHES[name] / 127
        return tf.clip_by_value(tf.round(values / step), -128, 127) * step

    with Detector.open(load_bundle(converted.bundle), "onnxruntime", "int8") as detector:
        for frame in frames():
            expected = module.network(fractions(frame), symmetric, module.kernels())
            # A value between two steps may fall to the other one.
            np.testing.assert_allclose(
                by_class(detector.detect(frame)), np.asarray(expected)[0], atol=0.01
            )


def test_what_was_compared_is_told(converted: Converted) -> None:
    output = " ".join(converted.output.split())
    assert f"9 {NOTE}: fp32 and fp16 leave them out, int8 uses their ranges" in output
    assert "computes what TensorFlow computes without the 9 FakeQuant nodes of its train" in output
    assert "for 4 of 4 activations" in output
    assert "the weights of 4 layers" in output
    assert "3 of the ranges, such as -1.49 to 10, get a symmetric scale" in output
    page = (converted.bundle / "report" / "index.html").read_text("utf-8")
    assert "both without the 9 FakeQuant nodes of its training" in page


def test_the_distance_from_the_trained_model_is_measured(
    converted: Converted, module: TrainedClassifier
) -> None:
    precisions = read_manifest(converted.bundle)["precisions"]
    assert precisions["fp32"]["parity"]["fake_quants_left_out"] == 9
    bundle = load_bundle(converted.bundle)
    images = [read_image(file) for file in sorted(converted.images.iterdir())]
    trained = [float(np.max(module(fractions(frame)))) for frame in images]
    for name in ("fp32", "fp16", "int8"):
        with Detector.open(bundle, "onnxruntime", name) as detector:
            best = [float(by_class(detector.detect(frame)).max()) for frame in images]
        measured = precisions[name]["parity"]["trained"]["agreement"]
        assert measured["compared"] == len(images)
        expected = np.abs(np.subtract(best, trained)).max()
        assert measured["largest_score_difference"] == pytest.approx(expected, abs=1e-5)
        assert expected > 1e-4
    assert "The trained model with its FakeQuant nodes" in converted.output


def test_ranges_of_the_training_make_int8_without_images(
    converted: Converted, tmp_path: Path, conversion: Conversion, module: TrainedClassifier
) -> None:
    output = conversion(saved(tmp_path / "model", module), "--precision", "int8").output
    assert "measured on 8 made-up images only" in output
    files = [bundle / "int8.onnx" for bundle in (conversion.bundle, converted.bundle)]
    assert files[0].read_bytes() == files[1].read_bytes()
    entry = read_manifest(conversion.bundle)["precisions"]["int8"]
    assert "calibration" not in entry
    conversion.try_to(tmp_path / "model", "--precision", "fp16", "int8", "--overwrite").refused(
        "fp16 and int8 are measured on real images", "give --images"
    )


def test_missing_ranges_are_calibrated_and_need_images(
    converted: Converted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a bundle that `quantize` adds int8 to, which has all that training has found."""
    bundle = tmp_path / "bundle"
    shutil.copytree(converted.bundle, bundle)
    model = onnx.load(str(bundle / "fp32.onnx"))
    grids = read_grids(model)
    (missing,) = (name for name, grid in grids.items() if np.isclose(grid.high, 10, atol=0.1))
    write_grids(model, {name: grid for name, grid in grids.items() if name != missing})
    replace_model(bundle, model)
    ask = ("quantize", bundle, "--precision", "int8")
    run_here(capsys, *ask).refused(
        "training has found no range for", "1 of 4", "give --images with pictures"
    )
    output = run_here(capsys, *ask, "--images", converted.images).output
    assert "for 3 of 4 activations (the other one is calibrated)" in " ".join(output.split())
    entry = read_manifest(bundle)["precisions"]["int8"]
    assert entry["calibration"]["method"] == "minmax"
    assert entry["parity"]["training"]["calibrated"] == 1
    reaches = [127 * float(scale) for scale, _ in Int8File(bundle).quantizers()]
    wanted = sorted(value for name, value in REACHES.items() if name != "depthwise")
    others = [reach for reach in reaches if np.isclose(reach, wanted, rtol=0.01).any()]
    assert len(others) == 3 and len(reaches) == 4
    kept = (*ask, "--images", converted.images, "--keep-float", "depthwise", "Conv2D_1")
    output = run_here(capsys, *kept).output
    assert "for 2 of 2 activations, and its own rounding of the weights of 2 layers" in " ".join(
        output.split()
    )
    # What was measured of the int8 before is not told of this one.
    compared = json.loads((bundle / "report" / "report.json").read_text("utf-8"))["trained"]
    assert [row[0] for row in compared["rows"]] == ["fp32", "fp16"]
