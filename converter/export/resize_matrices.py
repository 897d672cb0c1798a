"""Resizes that ONNX or TensorRT do not have, as products with a matrix for each side.

They are bicubic, Lanczos and others with antialiasing, and the mean of areas. TensorRT has the
cubic from 8.5 on; ONNX Runtime 1.32 fails at one that makes images smaller; and TensorFlow rounds
its weights to a table. A product with TensorFlow's own weights runs everywhere, and is exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from converter.errors import ExportError
from converter.export.tf2onnx_nodes import (
    ResizedSide,
    Step,
    flag,
    known_sides,
    make_constant,
    replace,
    take_float32,
)
from converter.inputs.quiet_tensorflow import tensorflow


def convert_by_matrices(graph: Any, node: Any, _name: str, _arguments: Any) -> None:
    """Convert ``ResizeArea``, ``ResizeBicubic`` or ``ScaleAndTranslate``, as a handler of tf2onnx
    (``custom_op_handlers``).

    Args:
        graph: tf2onnx's graph.
        node: one of these in it, which takes ``[N, h, w, C]``.

    Raises:
        ExportError: the sizes, or how the image is moved, are not known.
    """
    sides = known_sides(graph, node)
    if sides is None or not all(one.is_const() for one in node.inputs[2:]):
        raise ExportError(f"{node.type} needs images of a known size and a size that is constant")
    high, wide = (_matrix(node, sides, axis) for axis in (0, 1))
    take_float32(graph, node)
    steps: list[Step] = [("Transpose", [node.input[0]], {"perm": [0, 3, 1, 2]})]
    if not _is_identity(wide):
        steps.append(("MatMul", ["", make_constant(graph, node, wide.T.copy())], {}))
    if not _is_identity(high):
        steps.append(("MatMul", [make_constant(graph, node, high), ""], {}))
    steps.append(("Transpose", [""], {"perm": [0, 2, 3, 1]}))
    replace(graph, node, steps)


def _is_identity(matrix: np.ndarray) -> bool:
    return matrix.shape[0] == matrix.shape[1] and np.array_equal(matrix, np.eye(len(matrix)))


def _matrix(node: Any, sides: Sequence[ResizedSide], axis: int) -> np.ndarray:
    """The weights of the pixels before, for each after, float32 ``[after, before]``: what
    TensorFlow makes of images that are 1 at one place and 0 elsewhere, one in each channel."""
    tf = tensorflow()
    side = sides[axis]
    shape = [1, 1, 1, side.before]
    shape[axis + 1] = side.before
    size = [1, 1]
    size[axis] = side.after
    units = np.eye(side.before, dtype=np.float32).reshape(shape)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        resized = getattr(tf.raw_ops, node.type)(images=units, size=size, **_options(node, axis))
        matrix: np.ndarray = session.run(resized)
    return matrix.reshape(side.after, side.before)


def _options(node: Any, axis: int) -> Mapping[str, Any]:
    """The other inputs and the attributes, along one axis."""
    if node.type != "ScaleAndTranslate":
        names = ["align_corners"] + ["half_pixel_centers"] * (node.type == "ResizeBicubic")
        return {name: flag(node, name) for name in names}
    scale, translation = np.ones(2, np.float32), np.zeros(2, np.float32)
    for values, source in zip((scale, translation), node.inputs[2:], strict=True):
        values[axis] = source.get_tensor_value(as_list=False)[axis]
    kernel = node.get_attr_str("kernel_type")
    options = {"kernel_type": kernel, "antialias": flag(node, "antialias")}
    return {"scale": scale, "translation": translation, **options}
