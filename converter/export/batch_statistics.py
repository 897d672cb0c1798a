"""Batch normalisation by the mean and variance of the batch itself, as in training.

tf2onnx takes those that were trained instead, which is another network. ONNX has no operator for it
that TensorRT takes, so the arithmetic is written.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from converter.export.graph_view import GraphView, canonical
from converter.export.nodes import constant
from converter.export.unsupported import layer_of
from converter.inputs.quiet_tensorflow import tensorflow

_OPERATORS = ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")


def write_statistics(view: GraphView) -> tuple[str, ...]:
    """Replace such nodes of float32, whose channels are last, in the graph.

    Returns:
        A note for the user, if there is one.
    """
    taken = {canonical(name) for node in view.graph_def.node for name in node.input}
    layers, new = [], []
    for node in view.graph_def.node:
        if node.op in _OPERATORS and node.attr["is_training"].b and _fits(node, taken):
            layers.append(layer_of(node.name))
            new += _write(node)
    view.graph_def.node.extend(new)
    view.refresh()
    if not layers:
        return ()
    return (
        f"layer {layers[0]} normalises by the mean and variance of the batch, as in training "
        f"({len(layers)} in all): what is found in an image depends on the others of its batch. "
        "Export the model with training=False unless that is meant",
    )


def _fits(node: Any, taken: set[str]) -> bool:
    """Whether a node is of float32, has its channels last, and gives its statistics to none."""
    layout = node.attr["data_format"].s or b"NHWC"
    is_float = node.attr["T"].type == tensorflow().float32.as_datatype_enum
    return layout == b"NHWC" and is_float and not any(f"{node.name}:{n}" in taken for n in (1, 2))


def _write(node: Any) -> list[Any]:
    """scale * (x - mean) / sqrt(variance + epsilon) + offset."""
    values, scale, offset = node.input[:3]
    name, epsilon = node.name, np.float32(node.attr["epsilon"].f)
    axes = constant(f"{name}/axes", np.arange(3, dtype=np.int32))
    least = constant(f"{name}/epsilon", epsilon)
    mean = _mean(f"{name}/mean", values, axes.name)
    centred = _node(f"{name}/centred", "Sub", values, mean.name)
    square = _node(f"{name}/square", "Mul", centred.name, centred.name)
    variance = _mean(f"{name}/variance", square.name, axes.name)
    spread = _node(f"{name}/spread", "AddV2", variance.name, least.name)
    inverse = _node(f"{name}/inverse", "Rsqrt", spread.name)
    unit = _node(f"{name}/unit", "Mul", centred.name, inverse.name)
    scaled = _node(f"{name}/scaled", "Mul", unit.name, scale)
    node.CopyFrom(_node(name, "AddV2", scaled.name, offset))
    return [axes, least, mean, centred, square, variance, spread, inverse, unit, scaled]


def _mean(name: str, values: str, axes: str) -> Any:
    node = _node(name, "Mean", values, axes)
    node.attr["keep_dims"].b = True
    node.attr["Tidx"].type = tensorflow().int32.as_datatype_enum
    return node


def _node(name: str, operator: str, *inputs: str) -> Any:
    node = tensorflow().compat.v1.NodeDef(name=name, op=operator, input=inputs)
    node.attr["T"].type = tensorflow().float32.as_datatype_enum
    return node
