"""The architectures of tf.keras.applications, against TensorFlow on images.

The weights are random. So that an untrained network does not give the same for every image, the
statistics of its batch normalisation are taken from a batch of noise, as training would, and the
last layer is scaled.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

from test.converter.command_line import run_here
from trt_inference.bundles.bundle import load_bundle
from trt_inference.inference.detector import Detector
from trt_inference.inference.results import Classification

CLASSES = 12
# The size of the input, and how its pixels are prepared.
ARCHITECTURES = {
    "ConvNeXtTiny": (64, "zero-to-255"),
    "DenseNet121": (64, "imagenet"),
    "EfficientNetB0": (64, "zero-to-255"),
    "EfficientNetV2B0": (64, "zero-to-255"),
    "InceptionV3": (80, "minus-one-to-one"),
    "MobileNet": (64, "minus-one-to-one"),
    "MobileNetV2": (64, "minus-one-to-one"),
    "MobileNetV3Large": (64, "zero-to-255"),
    "MobileNetV3Small": (64, "zero-to-255"),
    "NASNetMobile": (64, "minus-one-to-one"),
    "ResNet50": (64, "caffe"),
    "ResNet50V2": (64, "minus-one-to-one"),
    "VGG16": (64, "caffe"),
    "VGG19": (64, "caffe"),
    "Xception": (80, "minus-one-to-one"),
}
# The others take most of the time of all tests of the converter.
ALWAYS = ("MobileNet", "MobileNetV2", "MobileNetV3Small")


def prepared(frame: np.ndarray, way: str) -> np.ndarray:
    """BGR ``[h, w, 3]`` of 0 to 255 as ``keras.applications`` documents its preprocessing."""
    blue_green_red = frame.astype(np.float64)
    red_green_blue = blue_green_red[..., ::-1]
    ways = {
        "zero-to-255": red_green_blue,
        "minus-one-to-one": red_green_blue / 127.5 - 1,
        "imagenet": (red_green_blue / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225],
        "caffe": blue_green_red - [103.939, 116.779, 123.68],
    }
    return ways[way][None].astype(np.float32)


def build(name: str, side: int, way: str) -> keras.Model:
    keras.backend.clear_session()
    keras.utils.set_random_seed(7)
    model = getattr(keras.applications, name)(
        weights=None, classes=CLASSES, input_shape=(side, side, 3)
    )
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    noise = np.random.default_rng(0).integers(0, 256, (8, side, side, 3), np.uint8)
    model(np.concatenate([prepared(image, way) for image in noise]), training=True)
    if isinstance(model.layers[-1], keras.layers.Dense):
        spread_scores(model, np.concatenate([prepared(image, way) for image in frames(side)]))
    return model


def spread_scores(model: keras.Model, images: np.ndarray) -> None:
    """Let the last layer tell ``images`` apart, as it does in a trained network."""
    layer = model.layers[-1]
    features = keras.Model(model.input, layer.input)(images).numpy()
    kernel, bias = layer.get_weights()
    logits = features @ kernel
    gain = 2 / logits.std(axis=0).mean()
    layer.set_weights([gain * kernel, bias - gain * logits.mean(axis=0)])


def frames(side: int) -> list[np.ndarray]:
    """Pictures that differ in color and in detail."""
    generator = np.random.default_rng(3)
    return [
        cv2.resize(generator.integers(0, 256, (cells, cells, 3), np.uint8), (side, side))
        for cells in (3, 9, 27)
    ]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in ALWAYS else [pytest.mark.long])
        for name in ARCHITECTURES
    ],
)
def test_the_robot_gives_the_scores_of_tensorflow(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    side, way = ARCHITECTURES[name]
    model = build(name, side, way)
    model.export(str(tmp_path / "model"), verbose=False)
    result = run_here(
        capsys,
        "convert",
        tmp_path / "model",
        "--output",
        tmp_path / "bundle",
        "--pixels",
        way,
        "--max-detections",
        CLASSES,
    )
    assert result.exit_code == 0, result.output
    bundle = load_bundle(tmp_path / "bundle")
    scores = []
    with Detector.open(bundle, "onnxruntime") as detector:
        for frame in frames(side):
            found = detector.detect(frame)
            assert isinstance(found, Classification)
            (expected,) = model(prepared(frame, way)).numpy()
            in_order = np.empty(CLASSES)
            in_order[found.class_ids] = found.scores
            # Random weights amplify rounding, which differs between CPUs: by up to 2.5e-4.
            np.testing.assert_allclose(in_order, expected, atol=5e-4)
            scores.append(in_order)
    assert np.abs(np.diff(scores, axis=0)).max() > 1e-2  # the network tells the pictures apart
