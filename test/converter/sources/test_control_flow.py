"""Branches and loops on the way of the image, with weights that are used inside of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from test.converter.sources.conversion import Conversion
from test.converter.sources.graphs import Graph, Tensors, v1
from test.converter.sources.models import (
    CLASSES,
    Classifier,
    classify_values,
    features,
    images_of,
    save,
    tf,
)

# Some images are brighter, some darker.
BRIGHT = 0.5


def fractions(rgb: np.ndarray) -> np.ndarray:
    return rgb[None] / np.float32(255)


def branch(images: Any, weights: Tensors) -> Any:
    """Another way for bright images than for dark ones."""
    values = tf.cond(
        tf.reduce_mean(images) > BRIGHT,
        lambda: features(images, weights) * 0.5,
        lambda: features(images * 2 - 1, weights),
    )
    return classify_values(values, weights)


def loop(images: Any, weights: Tensors) -> Any:
    """As many rounds as the image is bright, each with a convolution and a large weight."""
    rounds = tf.cast(tf.reduce_mean(images) * 6, tf.int32)

    def next_round(count: Any, values: Any) -> tuple[Any, Any]:
        found = features(images - 0.2 * tf.cast(count, tf.float32), weights)
        return count + 1, 0.5 * values + found

    start = tf.zeros([tf.shape(images)[0], 48])
    shapes = [tf.TensorShape([]), tf.TensorShape([None, 48])]
    _, values = v1.while_loop(lambda count, _: count < rounds, next_round, [0, start], shapes)
    return classify_values(values, weights)


def each_image(images: Any, weights: Tensors) -> Any:
    """The images of the batch one by one."""

    def scores(image: Any) -> Any:
        return classify_values(features(image[None] * 2 - 1, weights), weights)[0]

    return tf.map_fn(scores, images)


WAYS = {"branch": branch, "loop": loop, "each image": each_image}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_tensorflow_2(
    way: Callable[[Any, Tensors], Any], tmp_path: Path, conversion: Conversion
) -> None:
    classifier = Classifier()

    def predict(images: Any) -> dict[str, Any]:
        return {"scores": way(images, classifier.weights)}

    conversion(save(tmp_path / "model", classifier, predict, images_of(None, 32, 48, 3)))
    conversion.gives(lambda rgb: predict(tf.constant(fractions(rgb)))["scores"])


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_tensorflow_1(
    way: Callable[[Any, Tensors], Any], tmp_path: Path, conversion: Conversion
) -> None:
    def build(weights: Tensors) -> tuple[Tensors, Tensors]:
        images = v1.placeholder(tf.float32, (None, 32, 48, 3), "images")
        return {"images": images}, {"scores": way(images, weights)}

    graph = Graph(build, "ref", control_flow=1)
    conversion(graph.save_simply(tmp_path / "model"))
    conversion.gives(lambda rgb: graph.run("scores", images=fractions(rgb)))


def test_a_counter_beside_a_loop_keeps_its_value(tmp_path: Path, conversion: Conversion) -> None:
    """As Keras counts the masks of a dropout that it draws for recurrent layers, and never uses
    in inference; the loop takes its weights as variables."""
    classifier = Classifier()
    module = tf.Module()
    module.classifier, module.drawn = classifier, tf.Variable(7, dtype=tf.int64)

    def predict(images: Any) -> dict[str, Any]:
        module.drawn.assign(module.drawn.read_value() + 1)

        def next_round(count: Any, scores: Any) -> tuple[Any, Any]:
            return count + 1, 0.5 * scores + classifier(images * 2 - 1)

        start = tf.zeros([tf.shape(images)[0], CLASSES])
        _, scores = tf.while_loop(lambda count, _: count < 3, next_round, [0, start])
        return {"scores": scores / 1.75}

    conversion(save(tmp_path / "model", module, predict, images_of(None, 32, 48, 3)))
    conversion.gives(lambda rgb: classifier(fractions(rgb) * 2 - 1))
