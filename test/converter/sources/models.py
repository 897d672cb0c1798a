"""A small classifier with random weights, from which SavedModels of every kind are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from converter.inputs.quiet_tensorflow import tensorflow

tf = tensorflow()

CLASSES = 5


def random_weights(channels: int = 3) -> dict[str, np.ndarray]:
    """By name; ``deep`` is large enough to be set aside while the graph is converted."""
    generator = np.random.default_rng(6)

    def normal(*shape: int, spread: float = 1.0, centre: float = 0.0) -> np.ndarray:
        return generator.normal(centre, spread, shape).astype(np.float32)

    return {
        "kernel": normal(3, 3, channels, 16, spread=0.6),
        "mean": normal(16),
        "variance": 1 + normal(16) ** 2,
        "offset": normal(16),
        "deep": normal(5, 5, 16, 48, spread=0.1),
        "dense": normal(48, CLASSES, spread=0.35),
    }


def classify(images: Any, weights: Mapping[str, Any]) -> Any:
    """float32 ``[N, h, w, channels]`` of about -1 to 1 → probabilities ``[N, CLASSES]``."""
    return classify_values(features(images, weights), weights)


def features(images: Any, weights: Mapping[str, Any]) -> Any:
    """The layers before the last: ``[N, 48]``."""
    values = tf.nn.conv2d(images, weights["kernel"], 2, "SAME")
    values = tf.nn.batch_normalization(
        values, weights["mean"], weights["variance"], weights["offset"], None, 1e-3
    )
    values = tf.nn.conv2d(tf.nn.relu(values), weights["deep"], 2, "SAME")
    return tf.reduce_mean(tf.nn.relu(values), [1, 2])


def classify_values(values: Any, weights: Mapping[str, Any]) -> Any:
    """The last layer."""
    return tf.nn.softmax(tf.matmul(values, weights["dense"]))


class Classifier(tf.Module):
    """The classifier with its weights in variables."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.weights = {
            name: tf.Variable(value, name=name) for name, value in random_weights(channels).items()
        }

    def __call__(self, images: Any) -> Any:
        """float32 ``[N, h, w, channels]`` of about -1 to 1 → probabilities ``[N, CLASSES]``."""
        return classify(images, self.weights)


def save(
    folder: Path, module: Any, function: Callable[..., Any], *inputs: Any, **others: Any
) -> Path:
    """A SavedModel with ``function`` of ``module`` as its one signature."""
    concrete = tf.function(function).get_concrete_function(*inputs, **others)
    tf.saved_model.save(module, str(folder), signatures=concrete)
    return folder


def images_of(*shape: int | None, dtype: Any = tf.float32) -> Any:
    """The input ``images``."""
    return tf.TensorSpec(shape, dtype, name="images")
