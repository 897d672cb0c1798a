"""A small anchor-free detector with an output laid out like that of YOLO v8.

The network divides the picture into cells of 16 x 16 pixels. Each cell predicts what lies near
its centre: a box and a probability per class.
"""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from examples.shapes.drawing import CLASS_NAMES

SIDE = 320  # pixels of the square input
STRIDE = 16  # pixels of a cell
CELLS = SIDE // STRIDE
# A shape is learnt by the cells whose centres are at most this far from its own, in cells.
REACH = 0.9


def convolution(
    values: keras.KerasTensor, filters: int, size: int = 3, stride: int = 1
) -> keras.KerasTensor:
    """Convolution, batch normalisation, ReLU: TensorRT fuses the three into one kernel."""
    values = layers.Conv2D(filters, size, stride, padding="same", use_bias=False)(values)
    values = layers.BatchNormalization(momentum=0.97)(values)
    return layers.ReLU()(values)


class DecodeBoxes(layers.Layer):
    """Turn what a cell predicts, relative to itself, into a box in pixels of the input.

    float32 [N, 400, 4] of offsets of the centre and sides, to float32 [N, 400, 4] of
    centre x, centre y, width, height.
    """

    def call(self, values: tf.Tensor) -> tf.Tensor:
        centres = tf.constant(cell_centres(), tf.float32) + values[..., :2] * STRIDE
        sides = tf.nn.softplus(values[..., 2:]) * STRIDE
        return tf.concat([centres, sides], axis=-1)


def build_model() -> keras.Model:
    """The detector.

    Input `images`: float32 [N, 320, 320, 3], RGB, 0 to 1.
    Output `predictions`: float32 [N, 4 + C, 400]; rows 0 to 3 are centre x, centre y, width
    and height in pixels of the input, the others are probabilities of the C classes.
    """
    images = keras.Input((SIDE, SIDE, 3), name="images")
    values = convolution(images, 24, size=6, stride=4)
    values = convolution(values, 48, stride=2)
    values = convolution(values, 96, stride=2)
    for filters in (64, 64, 96):  # each sees one cell further: in the end 7 x 7 cells
        values = convolution(values, filters)
    boxes = layers.Conv2D(4, 1, name="boxes")(values)
    # Nearly all cells are background: start with low probabilities.
    rare = keras.initializers.Constant(-4.0)
    classes = layers.Conv2D(len(CLASS_NAMES), 1, bias_initializer=rare, name="classes")(values)
    boxes = DecodeBoxes()(layers.Reshape((CELLS * CELLS, 4))(boxes))
    classes = layers.Reshape((CELLS * CELLS, len(CLASS_NAMES)))(classes)
    classes = layers.Activation("sigmoid")(classes)
    rows = layers.Concatenate(axis=-1)([boxes, classes])
    predictions = layers.Permute((2, 1), name="predictions")(rows)
    return keras.Model(images, predictions, name="shapes")


def cell_centres() -> np.ndarray:
    """Centres x, y of the cells, row by row, in pixels of the input, float64 [400, 2]."""
    steps = (np.arange(CELLS) + 0.5) * STRIDE
    return np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)


def make_target(xyxy: np.ndarray, class_ids: np.ndarray) -> np.ndarray:
    """The targets of one picture, in the layout of the model's output.

    Args:
        xyxy: [n, 4] in pixels of the input. class_ids: [n].

    Returns:
        float32 [4 + C, 400]; the boxes of background cells are 0.
    """
    target = np.zeros((4 + len(CLASS_NAMES), CELLS * CELLS), np.float32)
    centres, sides = (xyxy[:, :2] + xyxy[:, 2:]) / 2, xyxy[:, 2:] - xyxy[:, :2]
    distances = np.linalg.norm(cell_centres()[:, None] - centres, axis=-1) / STRIDE
    if len(xyxy) == 0:
        return target
    nearest = distances.argmin(axis=1)
    cells = np.flatnonzero(distances.min(axis=1) < REACH)
    shapes = nearest[cells]
    target[:2, cells] = centres[shapes].T
    target[2:4, cells] = sides[shapes].T
    target[4 + class_ids[shapes], cells] = 1
    return target


def detection_loss(target: tf.Tensor, predictions: tf.Tensor) -> tf.Tensor:
    """The loss of the classes plus, in the cells that hold a shape, that of the boxes.

    Both tensors are float32 [N, 4 + C, 400]; returns one number per picture, float32 [N].
    """
    truth, probability = target[:, 4:], tf.clip_by_value(predictions[:, 4:], 1e-6, 1 - 1e-6)
    holds_shape = tf.reduce_max(truth, axis=1)
    # Focal loss on the background, most of which is easy. Plain cross-entropy on the shapes:
    # focal loss there finds shapes as fast, but takes far longer to tell their classes apart.
    weight = tf.where(holds_shape[:, None] > 0, 1.0, probability**2)
    classes = -weight * tf.math.log(tf.where(truth > 0, probability, 1 - probability))
    boxes = holds_shape * box_loss(target[:, :4], predictions[:, :4])
    count = tf.reduce_mean(tf.reduce_sum(holds_shape, axis=1)) + 1
    return (tf.reduce_sum(classes, axis=[1, 2]) + tf.reduce_sum(boxes, axis=1)) / count


def box_loss(target: tf.Tensor, predicted: tf.Tensor) -> tf.Tensor:
    """1 - IoU, plus the error in pixels, as a part of the size: float32 [N, 4, 400] to [N, 400]."""
    size = tf.maximum(target[:, 2:], 1.0)
    error = tf.abs(target - predicted) / tf.concat([size, size], axis=1)
    low = tf.maximum(target[:, :2] - target[:, 2:] / 2, predicted[:, :2] - predicted[:, 2:] / 2)
    high = tf.minimum(target[:, :2] + target[:, 2:] / 2, predicted[:, :2] + predicted[:, 2:] / 2)
    both = tf.reduce_prod(tf.maximum(high - low, 0.0), axis=1)
    either = tf.reduce_prod(target[:, 2:], axis=1) + tf.reduce_prod(predicted[:, 2:], axis=1) - both
    return 1 - both / either + tf.reduce_mean(error, axis=1)
