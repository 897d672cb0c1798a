"""What a graph does with its pixels before its first layer shows the range that it expects."""

from pathlib import Path
from typing import Any, Callable, Optional

import numpy as np
import pytest
from keras import Sequential, applications, layers

from converter.export.graph_view import GraphView
from converter.inputs.quiet_tensorflow import tensorflow
from converter.preprocessing.own_scaling import OwnScaling, find_own_scaling
from converter.preprocessing.pixels_on_the_way import PixelsOnTheWay, entering_first_layers
from converter.verification.tensorflow_reference import FlatGraph, read_flat_graph
from test.converter.preprocessing.flat_graphs import SIDE, network_of, write_flat_graph

tf = tensorflow()

IMAGENET_MEAN, IMAGENET_STD = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
Prepare = Callable[[Any], Any]


def convolve(values: Any) -> Any:
    weights = np.random.default_rng(1).normal(size=(3, 3, values.shape[-1], 4))
    return tf.nn.conv2d(values, weights.astype(np.float32), 1, "SAME")


def scaling_of(
    prepare: Prepare, folder: Path, channels: int = 3, dtype: str = "float32"
) -> Optional[OwnScaling]:
    file, answer = write_flat_graph(lambda image: convolve(prepare(image)), folder, channels, dtype)
    tensors = entering_first_layers(GraphView(read_flat_graph(file)), answer.input)
    network = network_of(channels, dtype)
    way = PixelsOnTheWay(FlatGraph(file, answer, tensors), network, tensors)
    return find_own_scaling(way, network.takes_bytes)


def divide_if_large(image: Any) -> Any:
    return tf.cond(tf.reduce_max(image) > 1.5, lambda: image / 255, lambda: image)


def pad_and_resize(image: Any) -> Any:
    padded = tf.pad(image, [[0, 0], [1, 1], [2, 2], [0, 0]])
    return tf.image.resize(padded, (2 * SIDE, 2 * SIDE)) / 127.5 - 1


def normalise_by(mean: Any, variance: Any) -> Prepare:
    return layers.Normalization(mean=mean, variance=variance)


@pytest.mark.parametrize(
    ("prepare", "preset", "channels"),
    [
        (layers.Rescaling(1 / 255), "zero-to-255", ""),
        (layers.Rescaling(1 / 127.5, -1), "zero-to-255", ""),
        (lambda image: image / 128 - 1, "zero-to-255", ""),
        (lambda image: (image - 127.5) / 255, "zero-to-255", ""),
        (pad_and_resize, "zero-to-255", ""),
        (lambda image: 2 * image - 1, "zero-to-one", ""),
        (lambda image: (image + 1) * 127.5, "minus-one-to-one", ""),
        (divide_if_large, "zero-to-one", ""),
        (normalise_by(IMAGENET_MEAN, IMAGENET_STD**2), "zero-to-one", "rgb"),
        (normalise_by(255 * IMAGENET_MEAN, (255 * IMAGENET_STD) ** 2), "zero-to-255", "rgb"),
        (normalise_by(IMAGENET_MEAN[::-1], IMAGENET_STD[::-1] ** 2), "zero-to-one", "bgr"),
        (normalise_by([131.0, 120.0, 95.0], [5100.0, 4800.0, 5500.0]), "zero-to-255", ""),
        (applications.vgg16.preprocess_input, "zero-to-255", "rgb"),
        (lambda image: applications.vgg16.preprocess_input(image * 255), "zero-to-one", "rgb"),
        (lambda image: image - [103.939, 116.779, 123.68], "zero-to-255", "bgr"),
        (Sequential([layers.Rescaling(1 / 255), layers.ZeroPadding2D(2)]), "zero-to-255", ""),
    ],
)
def test_range_is_the_one_that_the_graph_prepares(
    prepare: Prepare, preset: str, channels: str, tmp_path: Path
) -> None:
    own = scaling_of(prepare, tmp_path)
    assert own is not None
    assert (own.preset, own.channels) == (preset, channels)


@pytest.mark.parametrize(
    "prepare",
    [
        lambda image: image,
        lambda image: image[..., ::-1],
        lambda image: tf.clip_by_value(image, -1000, 1000),
        lambda image: tf.transpose(image, [0, 2, 1, 3]),
    ],
)
def test_nothing_is_known_where_values_stay_as_they_are(prepare: Prepare, tmp_path: Path) -> None:
    assert scaling_of(prepare, tmp_path) is None


@pytest.mark.parametrize(
    "prepare",
    [
        normalise_by([0.2] * 3, [0.7] * 3),  # as a few steps of a moving average leave it
        lambda image: image * 3,
        lambda image: image * image,
        lambda image: tf.clip_by_value(image, 0, 255),
    ],
)
def test_nothing_is_chosen_where_arithmetic_fits_no_range(prepare: Prepare, tmp_path: Path) -> None:
    own = scaling_of(prepare, tmp_path)
    assert own is None or not own.preset


def test_standardised_images_may_have_any_range(tmp_path: Path) -> None:
    own = scaling_of(tf.image.per_image_standardization, tmp_path)
    assert own is not None
    assert own.ignores_range


def test_grey_images_are_followed_too(tmp_path: Path) -> None:
    own = scaling_of(lambda image: image / 255, tmp_path, channels=1)
    assert own is not None
    assert own.preset == "zero-to-255"


def test_order_of_channels_is_seen_behind_whole_numbers(tmp_path: Path) -> None:
    def prepare(image: Any) -> Any:
        return applications.vgg16.preprocess_input(tf.cast(image, tf.float32)[..., ::-1])

    own = scaling_of(prepare, tmp_path, dtype="uint8")
    assert own is not None
    assert own.channels == "bgr"
