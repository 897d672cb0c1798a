"""Inputs and outputs of an exported network: their names, types and batch."""

from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence, Set, Union

import numpy as np
import onnx

from converter.onnx_tools.trained_grids import rename_grid

# Operators that only move values about, so that they work on any type alike.
_MOVES = ("Transpose", "Reshape", "Squeeze", "Unsqueeze", "Identity", "Slice", "Expand", "Tile")
_TYPES_OF_IMAGES = (
    onnx.TensorProto.UINT8,
    onnx.TensorProto.INT8,
    onnx.TensorProto.INT16,
    onnx.TensorProto.INT32,
    onnx.TensorProto.INT64,
)


def rename_outputs(model: onnx.ModelProto, names: Mapping[str, str]) -> None:
    """Give outputs the names that the user knows, in their order; others are no outputs then.

    Args:
        names: name in the model by name for the user.
    """
    graph = model.graph
    by_name = {value.name: value for value in graph.output}
    taken = {name for node in graph.node for name in (*node.input, *node.output)}
    outputs = []
    for wanted, current in names.items():
        value = onnx.ValueInfoProto()
        value.CopyFrom(by_name[current])
        if wanted in taken:
            _rename(graph, wanted, f"{wanted}__inside")
            rename_grid(model, wanted, f"{wanted}__inside")
        graph.node.append(onnx.helper.make_node("Identity", [current], [wanted]))
        value.name = wanted
        outputs.append(value)
    del graph.output[:]
    graph.output.extend(outputs)


def _rename(graph: onnx.GraphProto, old: str, new: str) -> None:
    for node in graph.node:
        node.input[:] = [new if name == old else name for name in node.input]
        node.output[:] = [new if name == old else name for name in node.output]
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                _rename(inner, old, new)
    for value in (*graph.value_info, *graph.input, *graph.initializer):
        if value.name == old:
            value.name = new


def takes_bytes(model: onnx.ModelProto) -> bool:
    """Whether the image is of whole numbers."""
    return model.graph.input[0].type.tensor_type.elem_type in _TYPES_OF_IMAGES


def take_floats(model: onnx.ModelProto) -> None:
    """Let an image input of whole numbers take float32, where the network turns it into floats
    before it does anything else. TensorRT has no such tensors inside of a network."""
    if not takes_bytes(model):
        return
    value = model.graph.input[0]
    moved = _until_floats(model.graph, value.name)
    if moved is None:
        return
    value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    kept = [info for info in model.graph.value_info if info.name not in moved]
    del model.graph.value_info[:]
    model.graph.value_info.extend(kept)


def _until_floats(graph: onnx.GraphProto, start: str) -> Optional[Set[str]]:
    """The tensors between the input and the casts to float; None where something else is done."""
    consumers: Dict[str, List[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            consumers.setdefault(name, []).append(node)
    moved, waiting = set(), [start]
    ends = {value.name for value in graph.output}
    while waiting:
        tensor = waiting.pop()
        moved.add(tensor)
        if tensor in ends:
            return None
        for node in consumers.get(tensor, []):
            if node.op_type in _MOVES and node.input[0] == tensor:
                waiting.extend(node.output)
            elif not (node.op_type == "Shape" or _is_float_cast(node)):
                return None
    return moved


def _is_float_cast(node: onnx.NodeProto) -> bool:
    to = {attribute.name: attribute.i for attribute in node.attribute}.get("to")
    return node.op_type == "Cast" and to == onnx.TensorProto.FLOAT


def add_batch_to_outputs(model: onnx.ModelProto) -> None:
    """Put an axis of one image before the outputs of a network that takes a single image, where
    they have none."""
    graph = model.graph
    axis = onnx.numpy_helper.from_array(np.zeros(1, np.int64), "batch_axis")
    graph.initializer.append(axis)
    for value in graph.output:
        shape = value.type.tensor_type.shape
        sizes = [size.dim_value or size.dim_param or None for size in shape.dim]
        if has_batch(sizes):
            continue
        inner = f"{value.name}__single"
        _rename(graph, value.name, inner)
        rename_grid(model, value.name, inner)
        graph.node.append(onnx.helper.make_node("Unsqueeze", [inner, axis.name], [value.name]))
        shape.CopyFrom(onnx.helper.make_tensor_type_proto(1, [1, *sizes]).tensor_type.shape)


def has_batch(shape: Sequence[Optional[Union[int, str]]]) -> bool:
    """Whether an output for a single image has an axis of one image before the others: most such
    networks put one before the image, and leave it at their outputs."""
    return len(shape) > 1 and shape[0] == 1


@dataclass(frozen=True)
class NetworkInput:
    """What the network's input is: order of its axes, and ONNX' number of its type."""

    layout: str = "NHWC"
    element_type: int = int(onnx.TensorProto.FLOAT)
