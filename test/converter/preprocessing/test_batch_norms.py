"""Batch normalisations are found in every form in which TensorFlow writes them."""

from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
from keras import layers

from converter.export.graph_view import GraphView
from converter.inputs.quiet_tensorflow import tensorflow
from converter.preprocessing.batch_norms import find_batch_norms
from converter.verification.tensorflow_reference import FlatGraph, read_flat_graph
from test.converter.preprocessing.flat_graphs import SIDE, network_of, write_flat_graph

tf = tensorflow()

MEAN, VARIANCE = np.float32([0.5, -2, 3]), np.float32([1.5, 0.25, 4])
SCALE, OFFSET = np.float32([2, 3, 4]), np.float32([5, 6, 7])


def fused(values: Any) -> Any:
    return tf.raw_ops.FusedBatchNormV3(
        x=values, scale=SCALE, offset=OFFSET, mean=MEAN, variance=VARIANCE, is_training=False
    ).y


def fused_of_planes(values: Any) -> Any:
    normalised = tf.raw_ops.FusedBatchNormV3(
        x=tf.transpose(values, [0, 3, 1, 2]),
        scale=SCALE,
        offset=OFFSET,
        mean=MEAN,
        variance=VARIANCE,
        is_training=False,
        data_format="NCHW",
    )
    return normalised.y


def of_keras(**options: Any) -> Callable[[Any], Any]:
    layer = layers.BatchNormalization(**options)
    layer.build((None, SIDE, SIDE, 3))
    layer.moving_mean.assign(MEAN)
    layer.moving_variance.assign(VARIANCE)
    return lambda values: layer(values, training=False)


def written_out(scale: Any, offset: Any) -> Callable[[Any], Any]:
    mean, variance = tf.Variable(MEAN), tf.Variable(VARIANCE)
    return lambda values: tf.nn.batch_normalization(values, mean, variance, offset, scale, 1e-3)


@pytest.mark.parametrize(
    "normalise",
    [
        fused,
        fused_of_planes,
        of_keras(),
        of_keras(scale=False),
        of_keras(center=False),
        of_keras(axis=3),
        written_out(tf.Variable(SCALE), tf.Variable(OFFSET)),
        written_out(None, tf.Variable(OFFSET)),
        written_out(tf.Variable(SCALE), None),
        written_out(None, None),
    ],
)
def test_mean_variance_and_input_are_found(normalise: Callable[[Any], Any], tmp_path: Path) -> None:
    file, answer = write_flat_graph(lambda image: normalise(image * 2), tmp_path)
    norms = find_batch_norms(GraphView(read_flat_graph(file)), answer.input, 10)
    assert [norm.first for norm in norms] == [True]
    image = np.random.default_rng(0).random((SIDE, SIDE, 3)).astype(np.float32)
    wanted = [norms[0].mean, norms[0].variance, norms[0].input]
    mean, variance, entering = FlatGraph(file, answer).run(network_of(), image, wanted)
    np.testing.assert_array_equal(mean.ravel(), MEAN)
    np.testing.assert_array_equal(variance.ravel(), VARIANCE)
    if norms[0].channels_first:
        entering = entering.transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(entering[0], 2 * image)


def test_the_nearest_come_first_and_normalising_by_the_image_itself_is_none(
    tmp_path: Path,
) -> None:
    last, first = layers.LayerNormalization(), of_keras()
    last.build((None, SIDE, SIDE, 3))

    def network(image: Any) -> Any:
        return last(fused(tf.nn.relu(first(image))))

    file, answer = write_flat_graph(network, tmp_path)
    view = GraphView(read_flat_graph(file))
    norms = find_batch_norms(view, answer.input, 10)
    assert [norm.first for norm in norms] == [True, False]
    assert view.source(norms[1].input).op == "Relu"
    assert find_batch_norms(view, answer.input, 1) == norms[:1]
