"""The networks of the table of nodes on a GPU, as large as those that robots run, in Keras.

Their weights are random: what they take is right, what they find means nothing. Batch
normalisation is set on pictures, so that values inside are as large as in trained networks, which
narrower precisions need. Kernels have four values each, so that the files are small once packed.
"""

from typing import Any, Callable, Dict, List, Sequence, Tuple

import cv2
import keras
import numpy as np
import tensorflow as tf
from keras import layers

CLASSES = 80
BINS = 16  # of the distribution over the distance to an edge, in cells
STRIDES = (8, 16, 32)
_LEVELS = np.array([-3, -1, 1, 3]) / np.sqrt(5)  # variance 1


def classifier() -> keras.Model:
    """ResNet50 of 448x448 and 1000 classes: 25.6 million weights."""
    return keras.applications.ResNet50(weights=None, input_shape=(448, 448, 3))


def segmenter() -> keras.Model:
    """DeepLabV3 of 513x513 and 21 classes on MobileNetV2, whose last blocks see further by holes
    instead of steps: float32 [N, 513, 513, 21]."""
    side = 513
    body = keras.applications.MobileNetV2(
        weights=None, include_top=False, input_shape=(side, side, 3)
    )
    values = body.get_layer("block_12_add").output
    for filters in (160, 160, 160, 320):
        values = _inverted(values, filters)
    values = layers.Conv2D(21, 1)(_pyramid(values, 256))
    scores = layers.Resizing(side, side, interpolation="bilinear")(values)
    return keras.Model(body.input, scores, name="segmenter")


def detector() -> keras.Model:
    """A detector as large as YOLOv8s, block for block: 640x640, 80 classes, 11 million weights,
    14 billion multiplications; float32 [N, 84, 8400]: x, y, width, height in pixels, and scores."""
    images = keras.Input((640, 640, 3), name="images")
    values = _convolution(_convolution(images, 32, stride=2), 64, stride=2)
    values = _c2f(values, 64, 1, adds=True)
    fine = _c2f(_convolution(values, 128, stride=2), 128, 2, adds=True)
    middle = _c2f(_convolution(fine, 256, stride=2), 256, 2, adds=True)
    values = _c2f(_convolution(middle, 512, stride=2), 512, 1, adds=True)
    coarse = _pooled_thrice(values, 512)
    middle = _c2f(_joined(layers.UpSampling2D()(coarse), middle), 256, 1)
    fine = _c2f(_joined(layers.UpSampling2D()(middle), fine), 128, 1)
    middle = _c2f(_joined(_convolution(fine, 128, stride=2), middle), 256, 1)
    coarse = _c2f(_joined(_convolution(middle, 256, stride=2), coarse), 512, 1)
    rows = [_head(*one) for one in zip((fine, middle, coarse), STRIDES)]
    joined = layers.Concatenate(axis=1)(rows)
    return keras.Model(images, layers.Permute((2, 1))(joined), name="detector")


NETWORKS: Dict[str, Callable[[], keras.Model]] = {
    "detector": detector,
    "classifier": classifier,
    "segmenter": segmenter,
}


class DecodeBoxes(layers.Layer):
    """Distributions over the distances to the four edges, float32 [N, cells, 4 x BINS], to
    float32 [N, cells, 4]: centre x, centre y, width, height in pixels."""

    def __init__(self, side: int, stride: int) -> None:
        super().__init__()
        steps = np.arange(side, dtype=np.float32) + 0.5
        self._centres = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(1, -1, 2)
        self._cells, self._stride = side * side, float(stride)

    def call(self, values: tf.Tensor) -> tf.Tensor:
        bins = tf.nn.softmax(tf.reshape(values, (-1, self._cells, 4, BINS)))
        edges = tf.reduce_sum(bins * tf.range(BINS, dtype=tf.float32), axis=-1)
        low, high = self._centres - edges[..., :2], self._centres + edges[..., 2:]
        return tf.concat([(low + high) / 2, high - low], axis=-1) * self._stride


def pictures_of(images: Sequence[np.ndarray], side: int) -> np.ndarray:
    """uint8 BGR images of any size to float32 [N, side, side, 3], RGB, 0 to 1, stretched."""
    resized = [cv2.resize(image, (side, side))[..., ::-1] for image in images]
    return np.stack(resized).astype(np.float32) / 255


def prepare(model: keras.Model, pictures: np.ndarray, seed: int = 0) -> None:
    """Give a network its weights.

    Args:
        pictures: float32 [N, H, W, 3], 0 to 1, on which batch normalisation is set.
    """
    generator = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        if weight.path.endswith("kernel"):
            inputs = float(np.prod(weight.shape[: 2 if "depthwise" in weight.path else -1]))
            drawn = _LEVELS[generator.integers(0, len(_LEVELS), weight.shape)]
            weight.assign(drawn / np.sqrt(inputs))
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = 0.0  # what is seen once is kept
    model(pictures, training=True)


def set_candidates(
    model: keras.Model, pictures: np.ndarray, wanted: int, threshold: float
) -> List[float]:
    """Shift the scores of ``detector`` so that as many boxes reach the threshold in the median of
    the pictures.

    Returns:
        The thresholds that 30, 100 and 300 boxes reach.
    """
    scores = np.asarray(model(pictures))[:, 4:].max(axis=1)
    best = np.sort(np.log(scores / (1 - scores)), axis=1)[:, ::-1]
    shift = np.log(threshold / (1 - threshold)) - float(np.median(best[:, wanted]))
    for layer in model.layers:
        if layer.name.startswith("classes"):
            layer.bias.assign_add(np.full(layer.bias.shape, shift))
    reached = np.median(best[:, [30, 100, 300]], axis=0) + shift
    return [float(value) for value in 1 / (1 + np.exp(-reached))]


def weights_and_multiplications(model: keras.Model) -> Tuple[int, float]:
    """How large a network is; convolutions count alone."""
    multiplications = 0.0
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D) and hasattr(layer, "kernel"):
            cells = float(np.prod(layer.output.shape[1:3]))
            multiplications += cells * float(np.prod(layer.kernel.shape))
    return model.count_params(), multiplications


def _convolution(
    values: Any,
    filters: int,
    size: int = 3,
    stride: int = 1,
    rate: int = 1,
    activation: str = "silu",
) -> Any:
    """Without a bias, then batch normalisation: the exporter makes them one."""
    options = {"padding": "same", "dilation_rate": rate, "use_bias": False}
    values = layers.Conv2D(filters, size, stride, **options)(values)
    values = layers.BatchNormalization()(values)
    return layers.Activation(activation)(values)


def _inverted(values: Any, filters: int) -> Any:
    """MobileNetV2's block with holes of 2."""
    wide = _convolution(values, 6 * values.shape[-1], 1, activation="relu6")
    wide = layers.DepthwiseConv2D(3, padding="same", dilation_rate=2, use_bias=False)(wide)
    wide = layers.Activation("relu6")(layers.BatchNormalization()(wide))
    narrow = layers.BatchNormalization()(layers.Conv2D(filters, 1, use_bias=False)(wide))
    return narrow if values.shape[-1] != filters else layers.Add()([values, narrow])


def _pyramid(values: Any, filters: int) -> Any:
    """Sees each cell, what is around it at three distances, and the whole picture."""
    pooled = layers.GlobalAveragePooling2D(keepdims=True)(values)
    pooled = _convolution(pooled, filters, 1, activation="relu")
    branches = [layers.UpSampling2D(values.shape[1])(pooled)]
    branches.append(_convolution(values, filters, 1, activation="relu"))
    for rate in (6, 12, 18):
        branches.append(_convolution(values, filters, 3, rate=rate, activation="relu"))
    return _convolution(layers.Concatenate()(branches), filters, 1, activation="relu")


def _c2f(values: Any, filters: int, depth: int, adds: bool = False) -> Any:
    half = filters // 2
    values = _convolution(values, filters, 1)
    parts = [values[..., :half], values[..., half:]]
    for _ in range(depth):
        last = parts[-1]
        inner = _convolution(_convolution(last, half), half)
        parts.append(layers.Add()([last, inner]) if adds else inner)
    return _convolution(_joined(*parts), filters, 1)


def _pooled_thrice(values: Any, filters: int) -> Any:
    parts = [_convolution(values, filters // 2, 1)]
    for _ in range(3):
        parts.append(layers.MaxPooling2D(5, 1, padding="same")(parts[-1]))
    return _convolution(_joined(*parts), filters, 1)


def _head(values: Any, stride: int) -> Any:
    """Rows of one size of cells, [N, cells, 4 + CLASSES]."""
    side = values.shape[1]
    boxes = _convolution(_convolution(values, 64), 64)
    boxes = layers.Conv2D(4 * BINS, 1, name=f"boxes_{stride}")(boxes)
    boxes = DecodeBoxes(side, stride)(layers.Reshape((side * side, 4 * BINS))(boxes))
    classes = _convolution(_convolution(values, 128), 128)
    classes = layers.Conv2D(CLASSES, 1, name=f"classes_{stride}")(classes)
    classes = layers.Reshape((side * side, CLASSES))(classes)
    return layers.Concatenate()([boxes, layers.Activation("sigmoid")(classes)])


def _joined(*parts: Any) -> Any:
    return layers.Concatenate()(list(parts))
