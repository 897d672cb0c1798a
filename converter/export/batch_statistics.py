"""Batch normalisation by the mean and variance of the batch itself, as in training.

tf2onnx takes those that were trained instead, which is another network. ONNX has no operator for it
that TensorRT takes, so the arithmetic is written.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from converter.errors import ExportError
from converter.export.graph_view import GraphView, canonical
from converter.export.nodes import constant
from converter.export.unsupported import layer_of
from converter.inputs.quiet_tensorflow import tensorflow

_OPERATORS = ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")


def write_statistics(view: GraphView) -> tuple[str, ...]:
    """Replace such nodes of float32 in the graph.

    Returns:
        A note for the user, if there is one.

    Raises:
        ExportError: such a node gives its mean and variance to others.
    """
    taken = {canonical(name) for node in view.graph_def.node for name in node.input}
    layers, new = [], []
    for node in view.graph_def.node:
        if node.op in _OPERATORS and node.attr["is_training"].b and _is_float(node):
            layers.append(layer_of(node.name))
            if any(f"{node.name}:{port}" in taken for port in (1, 2)):
                raise ExportError(
                    f"layer {layers[-1]} normalises by the mean and variance of the batch, as in "
                    "training, and gives these to other layers, which cannot be converted: export "
                    "the model with training=False"
                )
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


def _is_float(node: Any) -> bool:
    return bool(node.attr["T"].type == tensorflow().float32.as_datatype_enum)


def _write(node: Any) -> list[Any]:
    """scale * (x - mean) / sqrt(variance + epsilon) + offset."""
    values, scale, offset = node.input[:3]
    name, epsilon = node.name, np.float32(node.attr["epsilon"].f)
    layout = (node.attr["data_format"].s or b"NHWC").decode()
    others = [axis for axis, letter in enumerate(layout) if letter != "C"]
    axes = constant(f"{name}/axes", np.array(others, np.int32))
    least = constant(f"{name}/epsilon", epsilon)
    mean = _mean(f"{name}/mean", values, axes.name)
    centred = _node(f"{name}/centred", "Sub", values, mean.name)
    square = _node(f"{name}/square", "Mul", centred.name, centred.name)
    variance = _mean(f"{name}/variance", square.name, axes.name)
    spread = _node(f"{name}/spread", "AddV2", variance.name, least.name)
    inverse = _node(f"{name}/inverse", "Rsqrt", spread.name)
    unit = _node(f"{name}/unit", "Mul", centred.name, inverse.name)
    sizes = [-1 if letter == "C" else 1 for letter in layout]
    shape = constant(f"{name}/shape", np.array(sizes, np.int32))
    gain = _reshape(f"{name}/gain", scale, shape.name)
    shift = _reshape(f"{name}/shift", offset, shape.name)
    scaled = _node(f"{name}/scaled", "Mul", unit.name, gain.name)
    node.CopyFrom(_node(name, "AddV2", scaled.name, shift.name))
    statistics = [axes, least, mean, centred, square, variance, spread, inverse, unit]
    return [*statistics, shape, gain, shift, scaled]


def _reshape(name: str, values: str, shape: str) -> Any:
    node = _node(name, "Reshape", values, shape)
    node.attr["Tshape"].type = tensorflow().int32.as_datatype_enum
    return node


def _mean(name: str, values: str, axes: str) -> Any:
    node = _node(name, "Mean", values, axes)
    node.attr["keep_dims"].b = True
    node.attr["Tidx"].type = tensorflow().int32.as_datatype_enum
    return node


def _node(name: str, operator: str, *inputs: str) -> Any:
    node = tensorflow().compat.v1.NodeDef(name=name, op=operator, input=inputs)
    node.attr["T"].type = tensorflow().float32.as_datatype_enum
    return node
