"""A small classifier as quantization-aware training leaves it: with FakeQuant nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from test.converter.sources.models import CLASSES, tf

HEIGHT, WIDTH = 24, 32
# Low and high of each activation: far from what any image gives, so that no calibration finds them.
RANGES = {
    "image": (-1.0, 1.0),
    "first": (0.0, 9.5),
    "depthwise": (-1.5, 10.0),
    "sum": (0.0, 12.0),
    "mean": (0.0, 7.0),
}
Fake = Callable[[Any, str], Any]


def _weights() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(12)

    def normal(*shape: int, spread: float) -> np.ndarray:
        return generator.normal(0, spread, shape).astype(np.float32)

    return {
        "first": normal(3, 3, 3, 8, spread=0.4),
        "scale": normal(8, spread=0.5) - 0.2,  # some below 0
        "offset": normal(8, spread=0.5),
        "depthwise": normal(3, 3, 8, 1, spread=0.4),
        "pointwise": normal(1, 1, 8, 8, spread=0.4),
        "dense": normal(8, 8, spread=0.8),
        "last": normal(8, CLASSES, spread=1.2),
    }


class TrainedClassifier(tf.Module):
    """The classifier with its weights and ranges in variables."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = {name: tf.Variable(value) for name, value in _weights().items()}
        self.ranges = {
            name: tuple(tf.Variable(np.float32(value)) for value in limits)
            for name, limits in RANGES.items()
        }
        self.largest = {
            name: tf.Variable(0.9 * np.abs(self.weights[name]).max(axis=(0, 1, 2)))
            for name in ("first", "pointwise")
        }

    def fake_quant(self, values: Any, name: str) -> Any:
        """An activation, per tensor."""
        return tf.quantization.fake_quant_with_min_max_vars(values, *self.ranges[name])

    def kernels(self) -> dict[str, Any]:
        """Weights as training has rounded them: per channel, in the layouts of tfmot, and per
        tensor, with limits in variables, as constants, and computed."""
        weights, per_channel = self.weights, {}
        for name, largest in self.largest.items():
            per_channel[name] = tf.quantization.fake_quant_with_min_max_vars_per_channel(
                weights[name], -largest, largest, narrow_range=True
            )
        flat = tf.reshape(weights["depthwise"], [3, 3, 8])
        most = tf.reduce_max(tf.abs(flat), [0, 1])
        depthwise = tf.quantization.fake_quant_with_min_max_vars_per_channel(
            flat, -most, most, narrow_range=True
        )
        dense = tf.quantization.fake_quant_with_min_max_args(
            weights["dense"], -1.25, 1.25, narrow_range=True
        )
        return {
            **per_channel,
            "depthwise": tf.reshape(depthwise, [3, 3, 8, 1]),
            "dense": dense,
        }

    def __call__(self, images: Any) -> Any:
        """As it was trained: float32 ``[N, h, w, 3]`` in 0 to 1 → probabilities."""
        return self.network(images, self.fake_quant, self.kernels())

    def floats(self, images: Any) -> Any:
        """The same without rounding."""
        return self.network(images, lambda values, name: values, {})

    def network(self, images: Any, fake: Fake, kernels: dict[str, Any]) -> Any:
        """The layers, with ``fake`` around activations and ``kernels`` in place of weights."""
        weights = {**self.weights, **kernels}
        values = fake(images * 2 - 1, "image")
        values = tf.nn.conv2d(values, weights["first"], 2, "SAME")
        values = tf.nn.relu(values * weights["scale"] + weights["offset"])
        shortcut = fake(values, "first")
        values = tf.nn.depthwise_conv2d(shortcut, weights["depthwise"], [1, 1, 1, 1], "SAME")
        values = fake(values, "depthwise")
        values = tf.nn.conv2d(values, weights["pointwise"], 1, "SAME")
        values = fake(tf.nn.relu(values + shortcut), "sum")
        values = fake(tf.reduce_mean(values, [1, 2]), "mean")
        values = tf.nn.relu(tf.matmul(values, weights["dense"]))
        return tf.nn.softmax(tf.matmul(values, weights["last"]))
