"""Detectors of one convolution with a suppression behind it, as graphs, and what is left of them
when it is cut out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from converter.export.cut_at_entering import Cut
from converter.export.cut_suppression import cut_suppression
from converter.export.graph_view import GraphView
from converter.heads.evidence import BOXES_BEFORE_NMS, SCORES_BEFORE_NMS
from converter.inputs.quiet_tensorflow import tensorflow

tf = tensorflow()

ANCHORS, COLUMNS, MOST = 64, 5, 10
IOU, SCORE = 0.5, 0.25
IMAGE = np.random.default_rng(5).random((1, 64, 64, 3), np.float32)
KERNEL = np.random.default_rng(6).normal(0, 0.2, (8, 8, 3, 4 + COLUMNS)).astype(np.float32)

Found = dict[str, Any]


def boxes_and_scores(image: Any) -> tuple[Any, Any]:
    """Boxes [N, A, 4] in fractions, and probabilities [N, A, columns]."""
    values = tf.reshape(tf.nn.conv2d(image, KERNEL, 8, "VALID"), [-1, ANCHORS, 4 + COLUMNS])
    corner, sides = tf.sigmoid(values[..., :2]) * 0.6, tf.sigmoid(values[..., 2:4]) * 0.3 + 0.1
    return tf.concat([corner, corner + sides], -1), tf.nn.softmax(values[..., 4:])


def expected() -> tuple[np.ndarray, np.ndarray]:
    """Boxes and all columns of the image."""
    boxes, scores = boxes_and_scores(tf.constant(IMAGE))
    return boxes.numpy(), scores.numpy()


def frozen(suppress: Callable[..., Found], batch: int | None = 1) -> tuple[GraphView, Any]:
    """The graph of a detector, and its outputs by name."""

    def serve(image: Any) -> Found:
        found = suppress(*boxes_and_scores(image))
        return {name: tf.identity(value, name) for name, value in found.items()}

    spec = tf.TensorSpec((batch, 64, 64, 3), tf.float32, name="image")
    function = tf.function(serve, [spec]).get_concrete_function()
    outputs = {name: value.name for name, value in function.structured_outputs.items()}
    return GraphView(function.graph.as_graph_def()), outputs


def cut_of(suppress: Callable[..., Found], batch: int | None = 1) -> tuple[GraphView, Cut]:
    view, outputs = frozen(suppress, batch)
    found = cut_suppression(view, outputs)
    assert found is not None
    return view, found


def given_by(view: GraphView, cut: Cut, image: np.ndarray = IMAGE) -> tuple[np.ndarray, np.ndarray]:
    """What the graph gives for an image now."""
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(view.graph_def, name="")
    names = [cut.outputs[BOXES_BEFORE_NMS], cut.outputs[SCORES_BEFORE_NMS]]
    with tf.compat.v1.Session(graph=graph) as session:
        boxes, scores = session.run(names, {"image:0": image})
    return boxes, scores


def check_columns(
    suppress: Callable[..., Found], columns: list[int], numbers: list[int], batch: int | None = 1
) -> Cut:
    """That these columns are left, which the model numbers so."""
    view, cut = cut_of(suppress, batch)
    boxes, scores = given_by(view, cut)
    np.testing.assert_allclose(boxes, expected()[0], atol=1e-6)
    np.testing.assert_allclose(scores, expected()[1][..., columns], atol=1e-6)
    assert list(cut.thresholds.class_numbers) == numbers
    return cut


def filled(boxes: Any, scores: Any, numbers: Any = None) -> Found:
    """As many rows as there can be, and their count."""
    missing = MOST - tf.minimum(tf.size(scores), MOST)
    found = {
        "b": tf.pad(boxes[:MOST], [[0, missing], [0, 0]])[None],
        "s": tf.pad(scores[:MOST], [[0, missing]])[None],
        "n": (MOST - missing)[None],
    }
    if numbers is not None:
        found["c"] = tf.pad(numbers[:MOST], [[0, missing]])[None]
    return found
