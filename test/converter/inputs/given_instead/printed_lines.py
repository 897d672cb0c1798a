"""Lines of Python that a message has are run, and the SavedModel that they write is compared."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converter.errors import SavedModelError
from converter.inputs.saved_model import read_saved_model
from test.converter.networks import tf

HEIGHT, WIDTH, CLASSES = 12, 16, 5
IMAGES = np.random.default_rng(0).random((2, HEIGHT, WIDTH, 3)).astype(np.float32)


def refusal(path: Path) -> str:
    """The message about ``path``."""
    with pytest.raises(SavedModelError) as error:
        read_saved_model(path)
    return str(error.value)


def run_lines(message: str, **known: Any) -> Path:
    """Run the lines in a message, where ``known`` is defined, and return what it says to give."""
    _, lines, last = message.split("\n\n")
    exec(compile(lines, "message", "exec"), dict(known))  # as a user does
    found = re.fullmatch(r"Then give '(.*)'", last)
    assert found, last
    return Path(found[1])


def assert_gives(saved_model: Path, expected: np.ndarray, signature: str | None = None) -> None:
    """Check that a SavedModel gives what the model gave for ``IMAGES``."""
    chosen = read_saved_model(saved_model).signature(signature)
    function = tf.saved_model.load(str(saved_model)).signatures[chosen.name]
    (result,) = function(**{chosen.inputs[0].name: tf.constant(IMAGES)}).values()
    assert np.ptp(expected, axis=0).max() > 1e-3  # the images differ
    np.testing.assert_allclose(result.numpy(), expected, atol=1e-5)


def small_model(keras: Any, layer: Callable[[Any], Any] | None = None) -> Any:
    """A classifier of Keras 2 or 3 with random weights, with one more layer where one is given."""
    keras.utils.set_random_seed(3)
    layers = keras.layers
    images = keras.Input((HEIGHT, WIDTH, 3))
    values = layers.Conv2D(8, 3, 2, "same", kernel_initializer="random_normal")(images)
    values = layer(values) if layer is not None else values
    values = layers.Dense(CLASSES, kernel_initializer="random_normal")(layers.Flatten()(values))
    return keras.Model(images, layers.Softmax()(values))
