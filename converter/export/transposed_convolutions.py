"""Transposed convolutions whose sizes are known, in place of tf2onnx's.

tf2onnx pads by a negative number where TensorFlow's result is larger than what the kernel reaches:
with an ``output_padding``, or a kernel smaller than the stride. ONNX has ``output_padding`` for
that. TensorRT takes it from 8.0 on (``ConvTranspose`` in onnx-tensorrt), but before 8.4 no padding
of volumes that differs between the two ends; there, the result is cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from converter.export.tf2onnx_nodes import make_constant

_VOLUME = 3


class Ends(NamedTuple):
    """What is taken away at the begin and the end of an axis, and what is added at the end."""

    begin: int
    end: int
    added: int


def convert_transposed(graph: Any, node: Any, _name: str, _arguments: Any) -> None:
    """Convert ``Conv2DBackpropInput`` or ``Conv3DBackpropInputV2``, as a handler of tf2onnx
    (``custom_op_handlers``).

    Args:
        graph: tf2onnx's graph.
        node: one of these in it.
    """
    from tf2onnx.onnx_opset import nn

    spatial = 3 if node.type == "Conv3DBackpropInputV2" else 2
    before, after = _sizes(graph, node, spatial)
    if not before or not after:
        nn.ConvTranspose.version_11(graph, node)
        return
    ends = _ends(graph, node, before, after)
    channels = _channels(graph, node, spatial)
    node.type = "ConvTranspose"
    nn.conv_kernel_shape(graph, node, 1, spatial=spatial)
    for name in ("strides", "dilations"):
        nn.conv_dims_attr(node, name, spatial=spatial)
    node.set_attr("auto_pad", "NOTSET")
    node.set_attr("group", channels)
    graph.replace_inputs(node, [node.input[2], node.input[1]])
    nn.conv_convert_inputs(graph, node, with_kernel=True, spatial=spatial, quantization_axis=1)
    _pad(graph, node, ends)


def _sizes(
    graph: Any, node: Any, spatial: int
) -> tuple[Sequence[int] | None, Sequence[int] | None]:
    """Height and width, of volumes the depth before them, before and after; None where not all
    are known."""
    from tf2onnx.onnx_opset import nn

    first = 1 if nn.is_channels_last(node) else 2
    wanted = nn.get_shape_from_const_or_concat(graph, node.inputs[0])
    shapes = graph.get_shape(node.input[2]), wanted or graph.get_shape(node.output[0])
    sides = [list(shape[first : first + spatial]) if shape else None for shape in shapes]
    before, after = (one if one and min(one) > 0 else None for one in sides)
    return before, after


def _channels(graph: Any, node: Any, spatial: int) -> int:
    """The number of groups of channels."""
    from tf2onnx.onnx_opset import nn

    shape, kernel = graph.get_shape(node.output[0]), graph.get_shape(node.input[1])
    channels = shape[-1 if nn.is_channels_last(node) else 1] if shape else -1
    return channels // kernel[spatial] if channels > 0 and kernel[spatial] > 0 else 1


def _ends(graph: Any, node: Any, before: Sequence[int], after: Sequence[int]) -> list[Ends]:
    """By the gradient of a convolution, which TensorFlow defines it as:
    https://www.tensorflow.org/api_docs/python/tf/nn/conv2d_transpose."""
    spatial = len(before)
    kernel = graph.get_shape(node.input[1])[:spatial]
    strides, dilations = (_of_sides(node, name, spatial) for name in ("strides", "dilations"))
    padding = node.get_attr_str("padding")
    given = list(node.get_attr("explicit_paddings").ints) if padding == "EXPLICIT" else []
    ends = []
    for axis in range(spatial):
        reach = strides[axis] * (before[axis] - 1) + dilations[axis] * (kernel[axis] - 1) + 1
        begin, end = 0, 0
        if padding == "SAME":
            total = max(0, reach - after[axis])
            begin, end = total // 2, total - total // 2
        elif given:
            first = 2 * (axis + _first_side(node))
            begin, end = given[first : first + 2]
        ends.append(Ends(begin, end, after[axis] - (reach - begin - end)))
    return ends


def _first_side(node: Any) -> int:
    from tf2onnx.onnx_opset import nn

    return 1 if nn.is_channels_last(node) else 2


def _of_sides(node: Any, name: str, spatial: int) -> list[int]:
    """An attribute that has a value for each axis, 1 where it is not there."""
    values = node.get_attr(name)
    first = _first_side(node)
    return list(values.ints)[first : first + spatial] if values else [1] * spatial


def _pad(graph: Any, node: Any, ends: Sequence[Ends]) -> None:
    """Give the node its paddings, and cut what must not be one."""
    cut = len(ends) == _VOLUME and any(one.begin != one.end for one in ends)
    begins = [min(one.begin, one.end) if cut else one.begin for one in ends]
    lasts = begins if cut else [one.end for one in ends]
    node.set_attr("pads", [*begins, *lasts])
    if any(one.added for one in ends):
        node.set_attr("output_padding", [one.added for one in ends])
    if cut:
        _cut(graph, node, [Ends(one.begin - b, one.end - b, 0) for one, b in zip(ends, begins)])


def _cut(graph: Any, node: Any, ends: Sequence[Ends]) -> None:
    """Leave away what is too much of ``[N, C, ...]``."""
    most = np.iinfo(np.int64).max
    axes = np.arange(2, 2 + len(ends))
    starts = np.array([one.begin for one in ends])
    stops = np.array([-one.end if one.end else most for one in ends])
    bounds = (starts, stops, axes)
    inputs = [make_constant(graph, node, values.astype(np.int64)) for values in bounds]
    consumers = graph.find_output_consumers(node.output[0])
    cut = graph.make_node("Slice", [node.output[0], *inputs])
    graph.replace_all_inputs(node.output[0], cut.output[0], ops=consumers)
