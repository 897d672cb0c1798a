"""Find weights of a TensorFlow graph again in its ONNX model, where they lie in another layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import onnx

from converter.export.attach_weights import evaluate_node
from converter.onnx_tools.trained_grids import TrainedGrid

# They move values about and change none.
_MOVES = ("Identity", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten")


def follow_weights(
    model: onnx.ModelProto, grids: Mapping[str, TrainedGrid]
) -> dict[str, TrainedGrid]:
    """The grids of weights, and of all tensors that have their values in another layout.

    Args:
        model: with the weights as inputs.
        grids: by the names of these inputs; their axis may be counted from the end.
    """
    constants = {one.name: one for one in model.graph.initializer}
    found, channels = {}, {}
    for value in model.graph.input:
        if value.name in grids:
            shape = [size.dim_value for size in value.type.tensor_type.shape.dim]
            found[value.name] = grids[value.name]
            channels[value.name] = _channels(shape, grids[value.name])
    for node in model.graph.node:
        name = node.input[0] if node.input else ""
        if node.op_type not in _MOVES or name not in channels:
            continue
        if all(other in constants for other in node.input[1:]):
            others = {one: onnx.numpy_helper.to_array(constants[one]) for one in node.input[1:]}
            (moved,) = evaluate_node(node, {name: channels[name], **others}, model)
            channels[node.output[0]], found[node.output[0]] = moved, found[name]
    placed = {name: _placed(found[name], channels[name]) for name in found}
    return {name: grid for name, grid in placed.items() if grid is not None}


def _channels(shape: list[int], grid: TrainedGrid) -> np.ndarray:
    """The number of its channel for each of the weights, int32."""
    if grid.axis is None:
        return np.broadcast_to(np.zeros((), np.int32), shape)
    sizes = [1] * len(shape)
    sizes[grid.axis] = -1
    return np.broadcast_to(np.arange(shape[grid.axis], dtype=np.int32).reshape(sizes), shape)


def _placed(grid: TrainedGrid, channels: np.ndarray) -> TrainedGrid | None:
    """The grid for weights whose channels are where ``channels`` has them; None where they are on
    no axis of their own."""
    if grid.axis is None:
        return grid
    for axis in range(channels.ndim):
        others = tuple(one for one in range(channels.ndim) if one != axis)
        order = channels.min(axis=others)
        if np.array_equal(order, channels.max(axis=others)):
            lists = (grid.steps, grid.first, grid.last)
            steps, first, last = (tuple(one[index] for index in order) for one in lists)
            return replace(grid, steps=steps, first=first, last=last, axis=axis)
    return None
