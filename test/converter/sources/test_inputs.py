"""Every form in which a network can want its image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from test.converter.sources.conversion import Conversion
from test.converter.sources.models import CLASSES, Classifier, save, tf

IMAGENET_MEAN, IMAGENET_STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
CAFFE_MEAN = [103.939, 116.779, 123.68]


@dataclass(frozen=True)
class Case:
    """An input of a signature, and how an image becomes a value for it.

    Attributes:
        shape: of the input; None for any rank.
        options: of the command line.
        prepare: uint8 RGB ``[h, w, 3]`` → what TensorFlow gets.
        inside: what the network does with it first, to have about -1 to 1 in ``[N, h, w, c]``.
        outside: what it does with the scores ``[N, C]`` last.
    """

    shape: tuple[int | None, ...] | None
    options: tuple[object, ...]
    prepare: Callable[[np.ndarray], np.ndarray]
    inside: Callable[[Any], Any] = lambda images: images
    dtype: Any = tf.float32
    channels: int = 3
    outside: Callable[[Any], Any] = lambda scores: scores


def fractions(rgb: np.ndarray) -> np.ndarray:
    return rgb / np.float32(255)


def signed(rgb: np.ndarray) -> np.ndarray:
    return rgb / np.float32(127.5) - 1


def imagenet(rgb: np.ndarray) -> np.ndarray:
    return ((rgb / 255 - IMAGENET_MEAN) / IMAGENET_STD).astype(np.float32)


def caffe(rgb: np.ndarray) -> np.ndarray:
    return (rgb[..., ::-1] - CAFFE_MEAN).astype(np.float32)


def grey(rgb: np.ndarray) -> np.ndarray:
    return fractions(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))[..., None]


def planes(rgb: np.ndarray) -> np.ndarray:
    return np.moveaxis(fractions(rgb), -1, 0)


def preprocess_in_the_graph(images: Any) -> Any:
    """Resize, and scale each channel by its own numbers."""
    resized = tf.image.resize(tf.cast(images, tf.float32), (32, 48))
    return (resized / 255 - tf.constant(IMAGENET_MEAN)) / tf.constant(IMAGENET_STD)


SIZE = ("--input-size", "48x32")

CASES = {
    "one image, ImageNet": Case(
        (1, 32, 48, 3), ("--pixels", "imagenet"), lambda rgb: imagenet(rgb)[None]
    ),
    "four images, -1 to 1": Case(
        (4, 32, 48, 3),
        ("--pixels", "minus-one-to-one"),
        lambda rgb: np.repeat(signed(rgb)[None], 4, 0),
    ),
    "any size and channels, Caffe": Case(
        (None,) * 4,
        ("--pixels", "caffe", *SIZE),
        lambda rgb: caffe(rgb)[None],
        lambda images: images / 100,
    ),
    "any number of images, BGR": Case(
        (None, 32, 48, 3), ("--channels", "bgr"), lambda rgb: fractions(rgb[..., ::-1])[None]
    ),
    "any shape": Case(None, SIZE, lambda rgb: fractions(rgb)[None]),
    "no batch": Case((32, 48, 3), (), fractions, lambda image: image[None]),
    "no batch, channels first, none in the output": Case(
        (3, 32, 48),
        (),
        planes,
        lambda image: tf.transpose(image[None], [0, 2, 3, 1]),
        outside=lambda scores: scores[0],
    ),
    "channels first": Case(
        (None, 3, 32, 48),
        (),
        lambda rgb: planes(rgb)[None],
        lambda images: tf.transpose(images, [0, 2, 3, 1]),
    ),
    "grey": Case((None, 32, 48, 1), (), lambda rgb: grey(rgb)[None], channels=1),
    "bytes, prepared in the graph": Case(
        (None, None, None, 3),
        ("--input-size", "64x40"),
        lambda rgb: rgb[None],
        preprocess_in_the_graph,
        tf.uint8,
    ),
    "whole numbers": Case(
        (1, 32, 48, 3),
        (),
        lambda rgb: rgb[None].astype(np.int32),
        lambda images: tf.cast(images, tf.float32) / 127.5 - 1,
        tf.int32,
    ),
    "half precision": Case(
        (None, 32, 48, 3),
        (),
        lambda rgb: fractions(rgb)[None].astype(np.float16),
        lambda images: tf.cast(images, tf.float32),
        tf.float16,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_robot_prepares_the_image_as_the_network_wants_it(
    case: Case, tmp_path: Path, conversion: Conversion
) -> None:
    classifier = Classifier(case.channels)

    def predict(images: Any) -> dict[str, Any]:
        values = tf.ensure_shape(case.inside(images), (None, None, None, case.channels))
        return {"scores": case.outside(classifier(values))}

    spec = tf.TensorSpec(case.shape, case.dtype, name="images")
    conversion(save(tmp_path / "model", classifier, predict, spec), *case.options)

    def expected(rgb: np.ndarray) -> np.ndarray:
        scores = predict(tf.constant(case.prepare(rgb)))["scores"]
        return tf.reshape(scores, (-1, CLASSES))[0].numpy()

    conversion.gives(expected)
