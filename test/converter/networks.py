"""TensorFlow networks for the tests: finders of colored cells, and random weights."""

from pathlib import Path
from typing import Dict, Optional, Tuple

import numpy as np

from converter.inputs.quiet_tensorflow import tensorflow
from test.color_bundle import CELL

tf = tensorflow()

# From the channels red, green, blue to the classes blue, green, red: each less the two others.
CONTRAST = (2 * np.eye(3) - 1)[:, ::-1].astype(np.float32)


def cell_boxes(rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """Centre x, centre y, width, height of each cell in pixels: float32 [1, rows * columns, 4]."""
    down, across = tf.meshgrid(tf.range(rows), tf.range(columns), indexing="ij")
    centres = (tf.cast(tf.stack([across, down], axis=-1), tf.float32) + 0.5) * CELL
    boxes = tf.concat([centres, tf.fill(tf.shape(centres), float(CELL))], axis=-1)
    return tf.reshape(boxes, [1, -1, 4])


def color_rows(images: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
    """float32 RGB [N, h, w, 3] in [0, 1] → [N, A, 4+3], as in test/color_bundle.py."""
    means = tf.nn.avg_pool2d(images, CELL, CELL, "VALID")
    contrasts = tf.nn.conv2d(means, weight[None, None], 1, "VALID")
    batch, rows, columns = (tf.shape(means)[axis] for axis in range(3))
    boxes = tf.tile(cell_boxes(rows, columns), [batch, 1, 1])
    return tf.concat([boxes, tf.reshape(contrasts, [batch, -1, 3])], axis=-1)


class ColorModule(tf.Module):
    """Finds colored cells; boxes in fractions of the input, layout [N, A, 4+C]."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = tf.Variable(CONTRAST)

    def predict(self, Images: tf.Tensor) -> Dict[str, tf.Tensor]:
        """Names with capitals, and an output beside the predictions."""
        rows = color_rows(Images, self.weight)
        size = tf.cast(tf.shape(Images)[1:3], tf.float32)
        boxes = rows[..., :4] / tf.tile(size[::-1], [2])
        brightness = tf.reduce_mean(Images, axis=[1, 2])
        return {"Predictions": tf.concat([boxes, rows[..., 4:]], -1), "Brightness": brightness}


def save_color_module(folder: Path, signature: str, shape: Tuple[Optional[int], ...]) -> Path:
    """A tf.Module with one signature; ``shape`` of its input, None for any size."""
    module = ColorModule()
    function = tf.function(module.predict).get_concrete_function(
        tf.TensorSpec(shape, tf.float32, name="Images")
    )
    tf.saved_model.save(module, str(folder), signatures={signature: function})
    return folder


def save_color_model(folder: Path, size: int = 64) -> Path:
    """A Keras model, exported: boxes in pixels, layout [N, 4+C, A]."""
    from keras import Input, Model, layers

    class Colors(layers.Layer):
        def build(self, shape: Tuple[int, ...]) -> None:
            self.contrast = self.add_weight(shape=(3, 3), name="contrast")
            self.contrast.assign(CONTRAST)

        def call(self, images: tf.Tensor) -> tf.Tensor:
            return tf.transpose(color_rows(images, tf.convert_to_tensor(self.contrast)), [0, 2, 1])

    images = Input((size, size, 3), name="images")
    Model(images, Colors()(images)).export(str(folder), verbose=False)
    return folder


def save_random_model(folder: Path, height: int, width: int, classes: int) -> Path:
    """A convolutional Keras model with random weights, for pixels in [-1, 1]; [N, A, 4+C].

    Its boxes overlap and its scores differ, so that suppression has something to do.
    """
    import keras
    from keras import layers

    class Boxes(layers.Layer):
        def call(self, values: tf.Tensor) -> tf.Tensor:
            centres = cell_boxes(height // CELL, width // CELL)[..., :2] + 6 * values[..., :2]
            return tf.concat([centres, 24 + 12 * values[..., 2:]], axis=-1)

    keras.utils.set_random_seed(4)
    spread = keras.initializers.RandomNormal(stddev=0.6)
    images = keras.Input((height, width, 3), name="images")
    values = layers.Conv2D(16, 5, 4, "same", activation="relu", kernel_initializer=spread)(images)
    values = layers.BatchNormalization()(layers.Conv2D(16, 3, 2, "same")(values))
    boxes = layers.Conv2D(4, 1, activation="tanh", kernel_initializer=spread)(values)
    scores = layers.Conv2D(classes, 1, activation="sigmoid", kernel_initializer=spread)(values)
    rows = [Boxes()(layers.Reshape((-1, 4))(boxes)), layers.Reshape((-1, classes))(scores)]
    keras.Model(images, layers.Concatenate()(rows)).export(str(folder), verbose=False)
    return folder
