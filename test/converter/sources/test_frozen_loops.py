"""Models that were frozen, with loops on the way of the image."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from converter.commands.convert_options import SourceOptions
from converter.commands.prepare import export_network, read_source
from converter.heads.evidence import BOXES_BEFORE_NMS, SCORES_BEFORE_NMS
from test.converter.sources.conversion import Conversion
from test.converter.sources.graphs import Graph, Tensors, save_frozen, v1
from test.converter.sources.models import (
    classify,
    classify_values,
    features,
    images_of,
    random_weights,
    tf,
)
from trt_inference.bundles.bundle import load_bundle


def resized(images: Any, weights: Tensors) -> Any:
    """Each image resized, as the Object Detection API does; the factor is given from outside."""
    factor = 2 + 0 * tf.reduce_mean(images)

    def one(image: Any) -> Any:
        return tf.image.resize(image, [24, 40]) * factor - 1

    found = tf.map_fn(one, images)
    return classify(found, weights)


def two_results(images: Any, weights: Tensors) -> Any:
    """Each image twice, with its number."""

    def one(arguments: Any) -> Any:
        image, number = arguments
        return image * 2 - 1, tf.reduce_mean(image) + tf.cast(number, tf.float32)

    numbers = tf.range(tf.shape(images)[0])
    types = tf.float32, tf.float32
    found, means = tf.map_fn(one, (images, numbers), dtype=types)
    return classify_values(features(found, weights) * means[:, None], weights)


def with_branch(images: Any, weights: Tensors) -> Any:
    """Another way for each bright image."""

    def one(image: Any) -> Any:
        bright = tf.reduce_mean(image) > 0.5
        found = tf.cond(bright, lambda: image * 0.5, lambda: image * 2 - 1)
        return features(found[None], weights)[0]

    return classify_values(tf.map_fn(one, images), weights)


def loop_inside(images: Any, weights: Tensors) -> Any:
    """For each image a loop over its rows."""

    def one(image: Any) -> Any:
        return tf.map_fn(lambda row: row * 2 - tf.reduce_mean(row), image)

    return classify(tf.map_fn(one, images), weights)


def before_and_behind(images: Any, weights: Tensors) -> Any:
    """A loop before the network, and one behind it."""
    found = tf.map_fn(lambda image: image * 2 - 1, images)
    values = features(found, weights)
    return classify_values(tf.map_fn(lambda value: value - tf.reduce_mean(value), values), weights)


WAYS = (resized, two_results, with_branch, loop_inside, before_and_behind)
BATCHES = (1, None)


def scores_of(way: Callable[[Any, Tensors], Any]) -> Callable[[Any], dict[str, Any]]:
    weights = random_weights()
    return lambda images: {"scores": way(images, weights)}


def fractions(rgb: np.ndarray) -> Any:
    return tf.constant(rgb[None] / np.float32(255))


@pytest.mark.parametrize("lower", [True, False], ids=["lowered", "functional"])
@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("way", WAYS)
def test_loops_over_the_batch(
    way: Callable[[Any, Tensors], Any],
    batch: int | None,
    lower: bool,
    tmp_path: Path,
    conversion: Conversion,
) -> None:
    predict = scores_of(way)
    model = save_frozen(tmp_path / "m", predict, images_of(batch, 32, 48, 3), lower=lower)
    conversion(model)
    conversion.gives(lambda rgb: predict(fractions(rgb))["scores"])
    assert way is loop_inside or not loops_in(conversion.bundle)


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("way", WAYS)
def test_loops_over_the_batch_in_tensorflow_1(
    way: Callable[[Any, Tensors], Any], batch: int | None, tmp_path: Path, conversion: Conversion
) -> None:
    def build(weights: Tensors) -> tuple[Tensors, Tensors]:
        images = v1.placeholder(tf.float32, (batch, 32, 48, 3), "images")
        return {"images": images}, {"scores": way(images, weights)}

    graph = Graph(build, "none", control_flow=1)
    conversion(graph.save_simply(tmp_path / "model"))
    conversion.gives(lambda rgb: graph.run("scores", images=rgb[None] / np.float32(255)))


def running_mean(images: Any, weights: Tensors) -> Any:
    """A scan over the rows."""
    rows = tf.transpose(images * 2 - 1, [1, 0, 2, 3])
    found = tf.scan(lambda before, row: 0.5 * before + row, rows)
    return classify(tf.transpose(found, [1, 0, 2, 3]), weights)


def several_rounds(images: Any, weights: Tensors) -> Any:
    """Three rounds, whatever the image."""
    start = [tf.constant(0), images * 2 - 1]
    _, found = tf.while_loop(lambda n, _: n < 3, lambda n, x: (n + 1, x * 0.9 + 0.05), start)
    return classify(found, weights)


def as_many_as_bright(images: Any, weights: Tensors) -> Any:
    """As many rounds as the image is bright."""
    rounds = tf.cast(tf.reduce_mean(images) * 6, tf.int32)
    start = [tf.constant(0), images * 2 - 1]
    _, found = tf.while_loop(lambda n, _: n < rounds, lambda n, x: (n + 1, x * 0.8), start)
    return classify(found, weights)


def rows(images: Any, weights: Tensors) -> Any:
    """A loop over the rows of the image, not over images."""
    turned = tf.transpose(images, [1, 0, 2, 3])
    found = tf.map_fn(lambda row: row * 2 - tf.reduce_max(row), turned)
    return classify(tf.transpose(found, [1, 0, 2, 3]), weights)


def recurrent(images: Any, weights: Tensors) -> Any:
    """An LSTM over the rows."""
    sequence = tf.reduce_mean(images, 2) * 2 - 1
    kernel = tf.constant(np.random.default_rng(3).normal(0, 0.2, (3 + 48, 4 * 48)).astype("f"))

    def step(state: Any, row: Any) -> Any:
        before, cell = state
        gates = tf.split(tf.concat([row, before], 1) @ kernel, 4, 1)
        cell = tf.sigmoid(gates[0]) * cell + tf.sigmoid(gates[1]) * tf.tanh(gates[2])
        return tf.sigmoid(gates[3]) * tf.tanh(cell), cell

    zero = tf.zeros([tf.shape(images)[0], 48])
    found, _ = tf.scan(step, tf.transpose(sequence, [1, 0, 2]), (zero, zero))
    return classify_values(8 * found[-1], weights)


OTHERS = (running_mean, several_rounds, as_many_as_bright, rows, recurrent)


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("way", OTHERS)
def test_other_loops_give_what_they_gave(
    way: Callable[[Any, Tensors], Any], batch: int | None, tmp_path: Path, conversion: Conversion
) -> None:
    predict = scores_of(way)
    model = save_frozen(tmp_path / "m", predict, images_of(batch, 32, 48, 3), lower=True)
    conversion(model)
    conversion.gives(lambda rgb: predict(fractions(rgb))["scores"])


@pytest.mark.parametrize("way", OTHERS)
def test_other_loops_of_tensorflow_1(
    way: Callable[[Any, Tensors], Any], tmp_path: Path, conversion: Conversion
) -> None:
    def build(weights: Tensors) -> tuple[Tensors, Tensors]:
        images = v1.placeholder(tf.float32, (None, 32, 48, 3), "images")
        return {"images": images}, {"scores": way(images, weights)}

    graph = Graph(build, "none", control_flow=1)
    conversion(graph.save_simply(tmp_path / "model"))
    conversion.gives(lambda rgb: graph.run("scores", images=rgb[None] / np.float32(255)))


def as_many_rows_as_bright(images: Any, weights: Tensors) -> Any:
    """A list whose length follows from the picture, and layers behind it."""
    count = tf.cast(tf.reduce_mean(images) * 20, tf.int32) + 2
    turned = tf.transpose(images * 2 - 1, [1, 0, 2, 3])[:count]
    found = tf.scan(lambda before, row: 0.5 * before + row, turned)
    values = tf.nn.conv2d(tf.transpose(found, [1, 0, 2, 3]), weights["kernel"], 2, "SAME")
    values = tf.nn.conv2d(tf.nn.bias_add(values, weights["offset"]), weights["deep"], 2, "SAME")
    return classify_values(tf.reduce_mean(values, [1, 2]), weights)


def test_the_loop_is_named_that_cannot_be_converted(tmp_path: Path, conversion: Conversion) -> None:
    predict = scores_of(as_many_rows_as_bright)
    model = save_frozen(tmp_path / "m", predict, images_of(1, 32, 48, 3), lower=True)
    result = conversion.try_to(model)
    assert result.exit_code != 0
    assert "layer scan" in result.output
    assert "export again without freezing" in result.output
    assert "BiasAdd" not in result.output


def suppressed(images: Any, weights: Tensors) -> dict[str, Any]:
    """Two boxes of each cell, and a suppression for each image of the batch."""
    values = tf.nn.conv2d(images, weights["kernel"], 4, "SAME")
    values = tf.reshape(values, [-1, 8 * 12, 16])
    corner = tf.sigmoid(values[..., :2]) * 0.5
    boxes = tf.concat([corner, corner + 0.1 + 0.3 * tf.sigmoid(values[..., 2:4])], -1)
    scores = tf.nn.softmax(values[..., 4:6])[:, :, 1]

    def one(arguments: Any) -> Any:
        kept, scored = arguments
        chosen = tf.image.non_max_suppression(kept, scored, 20, 0.5)
        missing = 20 - tf.size(chosen)
        padded = tf.pad(tf.gather(kept, chosen), [[0, missing], [0, 0]])
        return tf.ensure_shape(padded, (20, 4)), tf.pad(tf.gather(scored, chosen), [[0, missing]])

    types = tf.float32, tf.float32
    found, best = tf.map_fn(one, (boxes, scores), fn_output_signature=types)
    return {"boxes": found, "scores": tf.ensure_shape(best, (None, 20))}


@pytest.mark.parametrize("lower", [True, False], ids=["lowered", "functional"])
def test_a_suppression_in_a_loop_is_cut_out(lower: bool, tmp_path: Path) -> None:
    weights = random_weights()
    model = save_frozen(
        tmp_path / "m",
        lambda images: suppressed(images, weights),
        images_of(None, 32, 48, 3),
        lower=lower,
    )
    source = read_source(SourceOptions(model))
    exported, _ = export_network(source, SourceOptions(model), tmp_path)
    assert set(exported.answer.outputs) == {BOXES_BEFORE_NMS, SCORES_BEFORE_NMS}


def loops_in(bundle: Path) -> list[str]:
    """Names of the loops in the bundle's network."""
    model = onnx.load(str(load_bundle(bundle).model_file("fp32")))
    return [node.name for node in model.graph.node if node.op_type in ("Loop", "Scan")]
