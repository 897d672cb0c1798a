"""Resizes of images of known size, in place of tf2onnx's, which gives ONNX the factor as a float32.

A runtime takes floor(size * factor) for the size of the result, which misses it by one for almost
half of all pairs of sizes: 15 * float32(46 / 15) is below 46. So the size itself is written; but
a factor that float32 holds exactly stays a factor, because a DLA takes no other resize
(``IResizeLayer`` in NvInfer.h). ``sizes`` is a constant, or the sizes behind those of a batch of
any size: TensorRT takes both from 8.0 on (``importResize`` of onnx-tensorrt).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx

from converter.export.nearest_neighbours import nearest, resize_finds
from converter.export.tf2onnx_nodes import (
    ResizedSide,
    Step,
    flag,
    known_sides,
    make_constant,
    replace,
    take_float32,
)

_FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE)


def convert_resize(graph: Any, node: Any, _name: str, _arguments: Any) -> None:
    """Convert a resize, as a handler of tf2onnx (``custom_op_handlers``).

    Args:
        graph: tf2onnx's graph.
        node: ``ResizeBilinear`` or ``ResizeNearestNeighbor`` in it, which takes ``[N, h, w, C]``.
    """
    from tf2onnx.onnx_opset import nn

    if node.type == "ResizeBilinear":
        take_float32(graph, node)
    sides: Sequence[ResizedSide] | None = known_sides(graph, node)
    if sides is None:
        nn.Resize.version_11(graph, node)
        return
    if _centres(node) != "half_pixel":
        sides = _take_first(graph, node, sides)
    if all(side.before == side.after for side in sides):
        replace(graph, node, [("Identity", [node.input[0]], {})])
    elif node.type == "ResizeNearestNeighbor" and _must_pick(graph, node, sides):
        _pick(graph, node, sides)
    else:
        _resize(graph, node, sides)


def _centres(node: Any) -> str:
    """How TensorFlow counts pixels, with ONNX' name of it."""
    if flag(node, "align_corners"):
        return "align_corners"
    return "half_pixel" if flag(node, "half_pixel_centers") else "asymmetric"


def _take_first(graph: Any, node: Any, sides: Sequence[ResizedSide]) -> list[ResizedSide]:
    """Where one pixel is wanted, TensorFlow takes the first; ONNX' formula divides by 0."""
    left = list(sides)
    for axis, side in enumerate(sides, 1):
        if side.after == 1 < side.before:
            first = make_constant(graph, node, np.zeros(1, np.int64))
            shape, dtype = list(graph.get_shape(node.input[0])), graph.get_dtype(node.input[0])
            shape[axis] = 1
            picked = graph.make_node(
                "Gather", [node.input[0], first], {"axis": axis}, shapes=[shape], dtypes=[dtype]
            )
            graph.replace_input(node, node.input[0], picked.output[0], 0)
            left[axis - 1] = ResizedSide(1, 1)
    return left


def _must_pick(graph: Any, node: Any, sides: Sequence[ResizedSide]) -> bool:
    """Whether pixels are picked by number. Runtimes resize no whole numbers (TensorRT 8.0 takes
    floats alone), and round where TensorFlow rounds otherwise."""
    if graph.get_dtype(node.input[0]) not in _FLOATS:
        return True
    return not all(resize_finds(*side, _centres(node)) for side in sides)


def _pick(graph: Any, node: Any, sides: Sequence[ResizedSide]) -> None:
    steps: list[Step] = []
    data = node.input[0]
    for axis, side in enumerate(sides, 1):
        if side.before != side.after:
            numbers = make_constant(graph, node, nearest(*side, _centres(node)).astype(np.int64))
            steps.append(("Gather", [data, numbers], {"axis": axis}))
            data = ""  # what the step before gives
    replace(graph, node, steps)


def _resize(graph: Any, node: Any, sides: Sequence[ResizedSide]) -> None:
    """A resize of ``[N, C, h, w]``, as all runtimes have it."""
    data = graph.make_node("Transpose", [node.input[0]], {"perm": [0, 3, 1, 2]}).output[0]
    none = make_constant(graph, node, np.zeros(0, np.float32))
    if all(side.is_exact for side in sides):
        factors = np.array([1, 1, *(side.factor for side in sides)], np.float32)
        inputs = [data, none, make_constant(graph, node, factors)]
    else:
        inputs = [data, none, none, _sizes(graph, node, data, sides)]
    resize = ("Resize", inputs, _attributes(node))
    replace(graph, node, [resize, ("Transpose", [""], {"perm": [0, 2, 3, 1]})])


def _sizes(graph: Any, node: Any, data: str, sides: Sequence[ResizedSide]) -> str:
    """All sizes of the result, ``[N, C, h, w]``."""
    after = [side.after for side in sides]
    batch, *_, channels = graph.get_shape(node.input[0])
    if batch > 0 and channels > 0:
        return make_constant(graph, node, np.array([batch, channels, *after], np.int64))
    ends = (make_constant(graph, node, np.array([one], np.int64)) for one in (0, 2))
    shape = graph.make_node("Shape", [data]).output[0]
    first = graph.make_node("Slice", [shape, *ends]).output[0]
    last = make_constant(graph, node, np.array(after, np.int64))
    return str(graph.make_node("Concat", [first, last], {"axis": 0}).output[0])


def _attributes(node: Any) -> dict[str, Any]:
    centres = _centres(node)
    attributes = {"mode": "linear", "coordinate_transformation_mode": centres}
    if node.type == "ResizeNearestNeighbor":
        rounding = "floor" if centres == "asymmetric" else "round_prefer_ceil"
        attributes.update(mode="nearest", nearest_mode=rounding)
    return attributes
