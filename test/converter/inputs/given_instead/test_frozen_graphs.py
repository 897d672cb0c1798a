"""Graphs without a SavedModel around them, with the lines that save them as one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tf_keras
from google.protobuf import text_format
from tensorflow.python.framework import convert_to_constants

from test.converter.inputs.given_instead.printed_lines import (
    HEIGHT,
    IMAGES,
    WIDTH,
    assert_gives,
    refusal,
    run_lines,
    small_model,
)
from test.converter.networks import tf

v1 = tf.compat.v1
SHAPE = (None, HEIGHT, WIDTH, 3)


def frozen_keras(library: bool = False) -> tuple[Any, np.ndarray]:
    """A graph of TensorFlow 2, with functions in it where it has a library."""
    model = small_model(tf_keras)

    def in_a_branch(image: Any) -> Any:
        return tf.cond(tf.reduce_mean(image) > 0, lambda: model(image), lambda: 0 * model(image))

    function = tf.function(in_a_branch if library else model)
    concrete = function.get_concrete_function(tf.TensorSpec(SHAPE, name="image"))
    frozen = convert_to_constants.convert_variables_to_constants_v2(
        concrete, lower_control_flow=False
    )
    graph = frozen.graph.as_graph_def()
    assert bool(graph.library.function) == library
    return graph, model.predict(IMAGES, verbose=0)


def write_frozen(file: Path, graph: Any) -> Path:
    is_text = file.suffix == ".pbtxt"
    content = text_format.MessageToString(graph).encode() if is_text else graph.SerializeToString()
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)
    return file


@pytest.mark.parametrize(
    "name", ["frozen_inference_graph.pb", "graph.pbtxt", "saved_model.pb", "saved_model.pbtxt"]
)
@pytest.mark.parametrize("library", [False, True])
@pytest.mark.parametrize("given", ["the file", "its folder"])
def test_a_frozen_graph(name: str, library: bool, given: str, tmp_path: Path) -> None:
    graph, expected = frozen_keras(library)
    file = write_frozen(tmp_path / "model" / name, graph)
    message = refusal(file if given == "the file" else file.parent)
    assert "'image': tensor('image:0')," in message
    assert_gives(run_lines(message), expected)


def test_all_results_of_the_inference_are_outputs_and_nothing_else(tmp_path: Path) -> None:
    graph = tf.Graph()
    with graph.as_default():
        image = v1.placeholder(tf.float32, SHAPE, "input/images")
        label = v1.placeholder(tf.float32, [None, 3], "labels")
        training = v1.placeholder_with_default(False, [], "training")
        mean = tf.reduce_mean(tf.cond(training, lambda: image * 2, lambda: image), [1, 2])
        tf.nn.top_k(mean, 2, name="best")
        v1.summary.histogram("means", mean)
        tf.square(mean - label, name="loss")
        tf.nn.softmax(mean, name="scores")
    file = write_frozen(tmp_path / "graph.pb", graph.as_graph_def())
    saved = run_lines(refusal(file))
    signature = tf.saved_model.load(str(saved)).signatures["serving_default"]
    assert [one.name for one in signature.inputs if one.shape.rank == 4] == ["input/images:0"]
    assert len([one for one in signature.inputs if one.dtype != tf.resource]) == 1
    means = IMAGES.mean(axis=(1, 2))
    found = signature(tf.constant(IMAGES))
    expected = np.exp(means) / np.exp(means).sum(axis=1, keepdims=True)
    assert set(found) == {"scores", "best", "best_1"}
    np.testing.assert_allclose(found["scores"], expected, atol=1e-6)
    np.testing.assert_array_equal(found["best_1"], np.argsort(-means, axis=1)[:, :2])


def test_the_outputs_of_the_object_detection_api_are_its_detections(tmp_path: Path) -> None:
    names = ("detection_boxes", "detection_scores", "detection_classes", "num_detections")
    graph = tf.Graph()
    with graph.as_default():
        image = v1.placeholder(tf.uint8, (None, None, None, 3), "image_tensor")
        mean = tf.reduce_mean(tf.cast(image, tf.float32), [1, 2, 3])
        for name in (*names, "raw_detection_boxes"):
            tf.identity(mean, name)
    message = refusal(write_frozen(tmp_path / "frozen_inference_graph.pb", graph.as_graph_def()))
    assert "'image_tensor': tensor('image_tensor:0')," in message
    assert [name for name in names if f"'{name}': tensor('{name}:0')," in message] == list(names)
    assert "raw_" not in message


def test_a_graph_without_weights_needs_its_checkpoint(tmp_path: Path) -> None:
    graph = tf.Graph()
    with graph.as_default():
        image = v1.placeholder(tf.float32, SHAPE, "image")
        tf.identity(image * v1.get_variable("gain", ()), "result")
    v1.train.write_graph(graph, str(tmp_path), "graph.pbtxt")
    message = refusal(tmp_path / "graph.pbtxt")
    assert "without its weights: gain" in message and "checkpoint" in message
