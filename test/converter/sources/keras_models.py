"""The same small network in Keras 3 and in Keras 2, whose SavedModels are of different make."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

HEIGHT, WIDTH, CLASSES = 32, 48, 5


def keras_model(keras: ModuleType) -> Any:
    """A model for images of 0 to 1, in ``keras`` or ``tf_keras``: usual layers, random weights,
    statistics too."""
    layers = keras.layers
    images = keras.Input((HEIGHT, WIDTH, 3), name="images")
    values = layers.Rescaling(2.0, -1.0)(images)
    values = layers.Conv2D(16, 3, 2, padding="same", use_bias=False)(values)
    values = layers.Activation("swish")(layers.BatchNormalization()(values))
    values = layers.ZeroPadding2D(1)(values)
    values = layers.DepthwiseConv2D(3, 2)(values)
    shortcut = values = layers.ReLU(6.0)(layers.BatchNormalization()(values))
    values = layers.Conv2D(96, 3, padding="same", activation="gelu")(values)
    values = layers.Conv2D(16, 1)(layers.UpSampling2D(2, interpolation="bilinear")(values))
    values = layers.Add()([layers.MaxPooling2D(2)(values), shortcut])
    values = layers.GlobalAveragePooling2D()(layers.LayerNormalization()(values))
    values = layers.Dropout(0.5)(values)
    model = keras.Model(images, layers.Dense(CLASSES, "softmax", name="scores")(values))
    _randomise(model)
    return model


def _randomise(model: Any) -> None:
    generator = np.random.default_rng(5)
    for layer in model.layers:
        values = [generator.normal(0, 0.8, weight.shape) for weight in layer.get_weights()]
        if "batch_normalization" in layer.name:
            values[3] = 0.5 + values[3] ** 2  # the variance
        layer.set_weights(values)
