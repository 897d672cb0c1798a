"""Models with operators that a Jetson Nano's TensorRT lacks: `inspect` prints where to cut them,
and its command makes a bundle that this TensorRT takes."""

from __future__ import annotations

import functools
import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest

from test.converter import detectors
from test.converter.command_line import Result, run_here
from test.converter.expected import assert_same, detections_of
from test.converter.sources.conversion import SPREAD, by_class, frames
from test.converter.sources.models import (
    CLASSES,
    classify_values,
    features,
    images_of,
    random_weights,
    save,
    tf,
)
from trt_inference.bundles.bundle import load_bundle
from trt_inference.inference.detector import Detector

v1 = tf.compat.v1
KINDS = detectors.CLASSES - 1  # other than the numbers of a box
SIDE = detectors.SIDE
SCORE, IOU = 0.4, 0.5  # of the bundle, by default
BOARD = ("--target", "jetson-nano")


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Result]:
    """The command line, in the folder with the model."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: run_here(capsys, *arguments)


def command_in(result: Result) -> list[str]:
    """The command that an inspection prints, as a shell takes it apart."""
    lines = [line.strip() for line in result.output.splitlines()]
    (command,) = [line for line in lines if line.startswith("trt-inference convert ")]
    return shlex.split(command)[1:]


def follow(run: Callable[..., Result], inspected: Result, version: str = "8.2") -> Path:
    """Do what an inspection prints; the bundle, which that TensorRT takes."""
    command = command_in(inspected)
    converted = run(*command)
    assert converted.exit_code == 0, converted.output
    bundle = Path(command[command.index("--output") + 1])
    checked = run("check", bundle, "--tensorrt", version)
    assert checked.exit_code == 0, checked.output
    return bundle


def scenes() -> list[np.ndarray]:
    """BGR pictures of the network's size."""
    return [cv2.resize(frame, (SIDE, SIDE)) for frame in frames()]


def assert_detects(bundle: Path, network: Callable[[Any], tuple[Any, Any]]) -> None:
    """The bundle finds what TensorFlow's boxes and scores and a textbook suppression give.

    Args:
        network: RGB uint8 ``[1, h, w, 3]`` → boxes y1, x1, y2, x2 in fractions, and scores.
    """
    with Detector.open(load_bundle(bundle), "onnxruntime") as detector:
        for scene in scenes():
            boxes, scores = network(tf.constant(scene[None, ..., ::-1]))
            y1, x1, y2, x2 = SIDE * np.asarray(boxes)[0].T
            rows = np.stack([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1], 1)
            rows = np.concatenate([rows, np.asarray(scores)[0]], 1)
            assert_same(detector.detect(scene), detections_of(rows, SCORE, IOU))


def boxes_and_scores(images: Any, weight: Any, kinds: int = KINDS) -> tuple[Any, Any]:
    """What is before the ending, with the first classes alone: ``[N, A, 4]``, ``[N, A, kinds]``."""
    boxes, scores = detectors.boxes_and_scores(images, weight)
    return boxes, 0.95 * scores[..., :kinds]  # no sums of 1, as with a background


def masked(boxes: Any, scores: Any) -> dict[str, Any]:
    """The boxes above a threshold, as many as there are."""
    best = tf.reduce_max(scores, -1)
    keep = best > 0.5
    return {
        "boxes": tf.boolean_mask(boxes, keep),
        "classes": tf.boolean_mask(tf.argmax(scores, -1), keep),
        "scores": tf.boolean_mask(best, keep),
    }


def encoded(boxes: Any, scores: Any) -> dict[str, Any]:
    """The score of the best class alone, and the corners inside of the image."""
    best = tf.one_hot(tf.argmax(scores, -1), KINDS)
    return {"corners": tf.math.floormod(boxes, 1.0), "rated": best * scores}


def present(boxes: Any, scores: Any) -> dict[str, Any]:
    """The classes in the image, which ONNX has no operator for."""
    numbers, _ = tf.unique(tf.reshape(tf.argmax(scores, -1), [-1]))
    return {"boxes": boxes[:, :20], "present": numbers}


class Ending(keras.layers.Layer):
    """A postprocessing of users."""

    def call(self, boxes: Any, scores: Any) -> Any:
        index = tf.where(tf.reduce_max(scores, -1)[0] > 0.5)[:, 0]
        return tf.gather(boxes, index, axis=1), tf.gather(scores, index, axis=1)


def save_module(folder: Path, ending: Any, kinds: int = KINDS) -> Callable[[Any], Any]:
    """A detector of TensorFlow 2, whose function calls another one; what is before its ending."""
    module = tf.Module()
    module.weight = tf.Variable(detectors.weights())
    detect = tf.function(lambda images: boxes_and_scores(images, module.weight, kinds))
    end = tf.function(ending)
    save(
        folder,
        module,
        lambda images: end(*detect(images)),
        images_of(None, SIDE, SIDE, 3, dtype=tf.uint8),
    )
    return lambda images: boxes_and_scores(images, module.weight, kinds)


def save_keras(folder: Path, ending: Any) -> Callable[[Any], Any]:
    """A detector of Keras 3."""
    layers = keras.layers
    images = keras.Input((SIDE, SIDE, 3), name="images", dtype="uint8")
    values = layers.Rescaling(1 / 127.5, -1.0)(images)
    width = 4 + detectors.CLASSES
    convolution = layers.Conv2D(width, detectors.CELL, detectors.CELL, use_bias=False)
    values = layers.Reshape((detectors.ANCHORS, width))(convolution(values))
    convolution.set_weights([detectors.weights()])
    corner, sides = values[..., :2], values[..., 2:4]
    corner = keras.ops.sigmoid(corner) * 0.6
    boxes = layers.Concatenate(name="boxes")(
        [corner, corner + keras.ops.sigmoid(sides) * 0.3 + 0.1]
    )
    scores = layers.Softmax(name="scores")(8 * values[..., 4:])[..., :KINDS]
    network = keras.Model(images, [boxes, scores])
    found = ending(boxes, scores)
    keras.Model(images, dict(zip(("boxes", "scores"), found, strict=True))).export(
        str(folder), verbose=False
    )
    return network


def save_graph(folder: Path, ending: Any) -> Callable[[Any], Any]:
    """A detector of TensorFlow 1."""
    with tf.Graph().as_default(), v1.Session() as session:
        images = v1.placeholder(tf.uint8, [None, SIDE, SIDE, 3], "images")
        with v1.variable_scope("detector"):
            weight = v1.get_variable("weight", initializer=detectors.weights(), use_resource=False)
            found = ending(*boxes_and_scores(images, weight))
        session.run(v1.global_variables_initializer())
        v1.saved_model.simple_save(session, str(folder), {"images": images}, found)
    return lambda images: boxes_and_scores(images, detectors.weights())


@pytest.mark.parametrize(
    ("write", "ending", "function"),
    [
        pytest.param(
            functools.partial(save_module, kinds=4),  # as many as a box has numbers
            masked,
            "tf.boolean_mask",
            id="tf.Module",
        ),
        pytest.param(save_graph, encoded, "tf.one_hot", id="TensorFlow 1"),
        pytest.param(
            save_keras,
            Ending(name="ending"),
            "tf.where with one argument",
            id="Keras 3",
            marks=pytest.mark.long,
        ),
        pytest.param(save_module, present, "tf.unique", id="not in ONNX", marks=pytest.mark.long),
    ],
)
def test_a_detector_is_cut_before_what_the_board_lacks_and_still_detects(
    write: Any, ending: Any, function: str, tmp_path: Path, run: Callable[..., Result]
) -> None:
    network = write(tmp_path / "model", ending)
    inspected = run("inspect", "model", *BOARD)
    assert inspected.exit_code == 0
    # What the others give has as many rows as there are objects, which no bundle can have.
    assert ("but TensorRT 8.2 does not build it" in inspected.output) == (ending is encoded)
    assert f"made by {function}" in inspected.output
    assert "was not looked into" not in inspected.output
    bundle = follow(run, inspected)
    assert_detects(bundle, network)
    source = json.loads((bundle / "model.json").read_text("utf-8"))["source"]
    command = command_in(inspected)
    names = command[command.index("--outputs") + 1 : command.index("--target")]
    assert source["outputs"] == [name.partition("=")[0] for name in names]
    assert set(source["inner_tensors"]) == set(source["outputs"]) - {"corners"}


def save_classifier(folder: Path, predict: Callable[[Any, Any], Any]) -> None:
    weights = {name: tf.constant(value) for name, value in random_weights().items()}
    save(folder, tf.Module(), lambda images: predict(images, weights), images_of(None, 32, 48, 3))


def test_a_classifier_is_cut_before_an_odd_last_operator(
    tmp_path: Path, run: Callable[..., Result]
) -> None:
    def predict(images: Any, weights: Any) -> dict[str, Any]:
        scores = classify_values(features(images, weights), weights)
        best = tf.one_hot(tf.argmax(scores, -1), CLASSES)
        return {"result": best * scores}

    save_classifier(tmp_path / "model", predict)
    bundle = follow(run, run("inspect", "model", *BOARD))
    weights = random_weights()
    with Detector.open(load_bundle(bundle), "onnxruntime") as detector:
        for frame in frames():
            picture = cv2.resize(frame, (48, 32))
            rgb = picture[None, ..., ::-1] / np.float32(255)
            expected = classify_values(features(rgb, weights), weights)
            assert np.ptp(expected) > SPREAD
            np.testing.assert_allclose(by_class(detector.detect(picture)), expected[0], atol=1e-4)


def test_what_goes_on_behind_the_obstacle_is_told_with_the_tensors_before_it(
    tmp_path: Path, run: Callable[..., Result]
) -> None:
    def predict(images: Any, weights: Any) -> dict[str, Any]:
        values = features(images, weights)
        largest = tf.one_hot(tf.argmax(values, -1), 48)
        return {"scores": classify_values(values * largest, weights)}

    save_classifier(tmp_path / "model", predict)
    result = run("inspect", "model", *BOARD)
    assert "OneHot, made by tf.one_hot; OneHot in ONNX" in result.output
    assert "is no head that a bundle can have" in result.output
    assert "Mean:0: float32 [?, 48]" in result.output
    assert "1 node of it with weights" in result.output
    assert "trt-inference convert model" not in result.output


@pytest.mark.long
def test_what_leaves_the_reading_of_a_cut_open_is_told_with_the_option_that_decides(
    tmp_path: Path, run: Callable[..., Result]
) -> None:
    """Four probabilities that sum to 1 may have one for the background."""

    def suppressed(boxes: Any, scores: Any) -> dict[str, Any]:
        best = tf.one_hot(tf.argmax(scores, -1), detectors.CLASSES)
        return detectors.combined(boxes, best * scores)

    detectors.save(tmp_path / "model", suppressed)
    result = run("inspect", "model", *BOARD)
    (line,) = [line for line in result.output.splitlines() if "what may be read is" in line]
    assert "scores=Softmax:0" in line
    assert "boxes=" in line
    assert "--background first or last, or none" in line
    command = command_in(run("inspect", "model", *BOARD, "--background", "none"))
    assert "scores=Softmax:0" in command
    assert "--background" in command


def test_an_obstacle_in_a_loop_over_the_images_is_found(
    tmp_path: Path, run: Callable[..., Result]
) -> None:
    def looped(boxes: Any, scores: Any) -> dict[str, Any]:
        best = tf.map_fn(lambda one: tf.one_hot(tf.argmax(one, -1), KINDS) * one, scores)
        return {"corners": boxes, "rated": best}

    network = save_module(tmp_path / "model", looped)
    inspected = run("inspect", "model", *BOARD)
    assert_detects(follow(run, inspected), network)
    # The loop might as well have weighted the scores.
    assert "in loops and branches after the cut was not looked into" in inspected.output


def test_a_cut_before_classes_are_put_in_order_is_told_and_not_offered(
    tmp_path: Path, run: Callable[..., Result]
) -> None:
    def predict(images: Any, weights: Any) -> dict[str, Any]:
        scores = classify_values(features(images, weights), weights)
        best = tf.one_hot(tf.argmax(scores, -1), CLASSES) * scores
        return {"result": best[..., ::-1]}

    save_classifier(tmp_path / "model", predict)
    result = run("inspect", "model", *BOARD)
    assert "but the model goes on to compute with that: slices" in result.output
    assert "trt-inference convert model" not in result.output


def test_an_obstacle_at_the_image_leaves_no_cut(tmp_path: Path, run: Callable[..., Result]) -> None:
    def predict(images: Any, weights: Any) -> dict[str, Any]:
        levels = tf.one_hot(tf.cast(images[..., 0] * 3, tf.int32), 3)
        return {"scores": classify_values(features(levels, weights), weights)}

    save_classifier(tmp_path / "model", predict)
    result = run("inspect", "model", *BOARD)
    assert "cut: none. What is in the way takes the image itself" in result.output
    assert "trt-inference convert model" not in result.output


@pytest.mark.parametrize("options", [("--tensorrt", "8.5"), ("--target", "jetpack6")])
def test_nothing_is_cut_for_a_tensorrt_that_takes_the_model(
    options: tuple[str, str], tmp_path: Path, run: Callable[..., Result]
) -> None:
    save_module(tmp_path / "model", encoded)
    result = run("inspect", "model", *options)
    assert "does not have OneHot" in result.output  # of other boards
    assert "build it" not in result.output
    assert "cut:" not in result.output


def test_options_of_the_inspection_are_in_the_command(
    tmp_path: Path, run: Callable[..., Result]
) -> None:
    save_graph(tmp_path / "model", encoded)
    given = ("--channels", "bgr", "--outputs", "corners", "rated", "--tensorrt", "8.2.1.8")
    command = command_in(run("inspect", "model", *given))
    start = ["convert", "model", "--channels", "bgr", "--output", "model-bundle", "--outputs"]
    assert command[: len(start)] == start
    assert command[-2:] == ["--target", "jetson-nano"]
    assert set(command[len(start) : -2]) == {"corners", "detector/mul_3:0"}
