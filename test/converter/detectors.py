"""Detectors with a suppression inside, as the TensorFlow Object Detection API exports them."""

from pathlib import Path
from typing import Any, Dict, Tuple

import numpy as np

from converter.inputs.quiet_tensorflow import tensorflow

tf = tensorflow()

SIDE, CELL, CLASSES = 64, 8, 4
ANCHORS = (SIDE // CELL) ** 2
IOU, SCORE, MOST = 0.45, 0.55, 60


def weights() -> np.ndarray:
    """The kernel of a convolution that gives a box and class scores for each cell."""
    generator = np.random.default_rng(11)
    return generator.normal(0, 0.12, (CELL, CELL, 3, 4 + CLASSES)).astype(np.float32)


def boxes_and_scores(image: Any, weight: Any) -> Tuple[Any, Any]:
    """uint8 [N, h, w, 3] → boxes y1, x1, y2, x2 in fractions, [N, A, 4], and [N, A, C].

    Each box has one class with a score that counts, because a suppression inside looks at all
    classes and the robot at the best one.
    """
    resize = tf.compat.v1.image.resize_bilinear
    pixels = resize(tf.cast(image, tf.float32), [SIDE, SIDE]) / 127.5 - 1
    values = tf.nn.conv2d(pixels, weight, CELL, "VALID")
    values = tf.reshape(values, [-1, ANCHORS, 4 + CLASSES])
    corner, sides = tf.sigmoid(values[..., :2]) * 0.6, tf.sigmoid(values[..., 2:4]) * 0.3 + 0.1
    return tf.concat([corner, corner + sides], -1), tf.nn.softmax(8 * values[..., 4:])


def combined(boxes: Any, scores: Any) -> Dict[str, Any]:
    """The suppression of newer exports."""
    found = tf.image.combined_non_max_suppression(boxes[:, :, None], scores, MOST, MOST, IOU, SCORE)
    return outputs(found[0], found[1], found[2] + 1, tf.cast(found[3], tf.float32))


def outputs(boxes: Any, scores: Any, classes: Any, count: Any) -> Dict[str, Any]:
    """With the names of the API; classes count from 1."""
    names = ("detection_boxes", "detection_scores", "detection_classes", "num_detections")
    return dict(zip(names, (boxes, scores, classes, count), strict=True))


def one_image(boxes: Any, scores: Any, first: int = 0) -> Tuple[Any, Any, Any, Any]:
    """The suppression of older exports: class after class, then the best, filled up with zeros.
    ``first``: the column of the first class."""
    kept = []
    for number in range(CLASSES):
        of_class = scores[:, first + number]
        index = tf.image.non_max_suppression(boxes, of_class, MOST, IOU, SCORE)
        classes = tf.fill([tf.size(index)], float(number + 1))
        kept.append((tf.gather(boxes, index), tf.gather(of_class, index), classes))
    boxes, scores, classes = (tf.concat(part, 0) for part in zip(*kept, strict=True))
    count = tf.minimum(MOST, tf.size(scores))
    best, index = tf.nn.top_k(scores, count)
    rest = MOST - count
    return (
        tf.pad(tf.gather(boxes, index), [[0, rest], [0, 0]]),
        tf.pad(best, [[0, rest]]),
        tf.pad(tf.gather(classes, index), [[0, rest]]),
        tf.cast(count, tf.float32),
    )


def per_class_in_a_loop(boxes: Any, scores: Any) -> Dict[str, Any]:
    """Over the images of a batch."""
    found = tf.map_fn(
        lambda image: one_image(*image), (boxes, scores), fn_output_signature=(tf.float32,) * 4
    )
    return outputs(*found)


def per_class(boxes: Any, scores: Any, first: int = 0) -> Dict[str, Any]:
    """For a batch of one."""
    found = one_image(boxes[0], scores[0], first)
    return outputs(*(part[None] for part in found))


def behind_the_background(boxes: Any, scores: Any) -> Dict[str, Any]:
    """A suppression for each class but the first, which is the background."""
    return per_class(boxes, tf.concat([1 - 0.1 * scores[..., :1], scores], -1), 1)


def of_faces(boxes: Any, scores: Any) -> Dict[str, Any]:
    """A suppression of one class, beside a background; nothing gives class numbers."""

    def of_image(image: Any) -> Tuple[Any, Any, Any]:
        index = tf.image.non_max_suppression(*image, MOST, IOU, SCORE)
        rest = MOST - tf.size(index)
        found = tf.gather(image[0], index), tf.gather(image[1], index)
        return (
            tf.pad(found[0], [[0, rest], [0, 0]]),
            tf.pad(found[1], [[0, rest]]),
            tf.size(index),
        )

    both = tf.stack([1 - scores[..., 2], scores[..., 2]], -1)
    found = tf.map_fn(
        of_image, (boxes, both[:, :, 1]), fn_output_signature=(tf.float32, tf.float32, tf.int32)
    )
    return dict(zip(("boxes", "scores", "num_boxes"), found, strict=True))


def agnostic(boxes: Any, scores: Any) -> Dict[str, Any]:
    """The best class is chosen first: its number does not go through the suppression."""
    best = tf.reduce_max(scores, -1)[0]
    classes = tf.cast(tf.argmax(scores, -1)[0], tf.float32)
    index = tf.image.non_max_suppression(boxes[0], best, MOST, IOU, SCORE)
    rest = MOST - tf.size(index)
    return outputs(
        tf.pad(tf.gather(boxes[0], index), [[0, rest], [0, 0]])[None],
        tf.pad(tf.gather(best, index), [[0, rest]])[None],
        tf.pad(tf.gather(classes, index) + 1, [[0, rest]])[None],
        tf.cast(tf.size(index), tf.float32)[None],
    )


def save(folder: Path, suppress: Any, extra: bool = False) -> Path:
    """A SavedModel of TensorFlow 2; ``extra`` adds an output that does not come from it."""
    module = tf.Module()
    module.weight = tf.Variable(weights())

    def serve(input_tensor: Any) -> Dict[str, Any]:
        boxes, scores = boxes_and_scores(input_tensor, module.weight)
        more = {"anchor_count": tf.fill([1], float(ANCHORS))} if extra else {}
        return {**suppress(boxes, scores), **more}

    spec = tf.TensorSpec((1, None, None, 3), tf.uint8, name="input_tensor")
    tf.saved_model.save(module, str(folder), signatures=tf.function(serve, [spec]))
    return folder


def save_old(folder: Path) -> Path:
    """A SavedModel of TensorFlow 1, with its loop of Enter, Switch, Merge and Exit."""
    graph = tf.Graph()
    with graph.as_default(), tf.compat.v1.Session(graph=graph) as session:
        tf.compat.v1.disable_control_flow_v2()
        try:
            image = tf.compat.v1.placeholder(tf.uint8, [None, None, None, 3], "image_tensor")
            weight = tf.compat.v1.get_variable("weight", initializer=weights())
            found = per_class_in_a_loop(*boxes_and_scores(image, weight))
        finally:
            tf.compat.v1.enable_control_flow_v2()
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.saved_model.simple_save(session, str(folder), {"inputs": image}, found)
    return folder
