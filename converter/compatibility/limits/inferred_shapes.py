"""Types and shapes of the tensors of a model, without its large weights."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx

# Values that a limit depends on are few: a zero point or a scale for each channel at most.
MOST_VALUES = 4096
_PROBE = "shape probe of "


def with_shapes(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of a model with the types and shapes that can be inferred, in bodies too; weights of
    more than `MOST_VALUES` have no values in it.

    Up to opset 13 onnx finds what a computed shape holds, but not that Reshape makes a tensor of
    it: where a batch of any size is in it, nothing after the Reshape would be known.
    """
    light = without_large_weights(model)
    try:
        found = onnx.shape_inference.infer_shapes(light, data_prop=True)
        while True:
            reshaped = list(_reshaped(found))
            if not reshaped:
                return found
            _declare(found, reshaped)
            found = onnx.shape_inference.infer_shapes(found, data_prop=True)
    except (onnx.shape_inference.InferenceError, RuntimeError):
        return light  # what is declared has to do


def count(tensor: onnx.TensorProto) -> int:
    """How many values a tensor has."""
    return int(np.prod(tensor.dims, dtype=np.int64)) if tensor.dims else 1


def _reshaped(model: onnx.ModelProto) -> Iterator[tuple[str, onnx.TensorShapeProto]]:
    """The shapes that can be found in this way, of outputs of Reshape that have none."""
    graph = model.graph
    open_ones = {
        value.name for value in graph.value_info if not value.type.tensor_type.HasField("shape")
    }
    nodes = {
        _PROBE + node.output[0]: node
        for node in graph.node
        if node.op_type == "Reshape" and node.output[0] in open_ones
    }
    if not nodes:
        return
    probed = onnx.ModelProto()
    probed.CopyFrom(model)
    probed.graph.node.extend(
        onnx.helper.make_node("ConstantOfShape", [node.input[1]], [name])
        for name, node in nodes.items()
    )
    for value in onnx.shape_inference.infer_shapes(probed, data_prop=True).graph.value_info:
        if value.name in nodes and value.type.tensor_type.HasField("shape"):
            yield nodes[value.name].output[0], value.type.tensor_type.shape


def _declare(model: onnx.ModelProto, shapes: list[tuple[str, onnx.TensorShapeProto]]) -> None:
    """Add the shapes, without sizes that Reshape copies (0) or works out (-1)."""
    infos = {value.name: value for value in model.graph.value_info}
    for name, shape in shapes:
        own = infos[name].type.tensor_type.shape
        own.CopyFrom(shape)
        for size in own.dim:
            if size.HasField("dim_value") and size.dim_value < 1:
                size.ClearField("dim_value")


def _without_values(tensor: onnx.TensorProto) -> onnx.TensorProto:
    """The tensor itself where it is small, else its name, type and shape."""
    if tensor.data_location != onnx.TensorProto.EXTERNAL and count(tensor) <= MOST_VALUES:
        return tensor
    left = onnx.TensorProto(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)
    left.data_location = onnx.TensorProto.EXTERNAL
    left.external_data.add(key="location", value="elsewhere")
    return left


def with_one_batch(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of a model whose batch, the first size of its first input, is 1 where it was open.
    Large weights have no values in it."""
    light = without_large_weights(model)
    image = light.graph.input[0].type.tensor_type.shape.dim if light.graph.input else ()
    batch = image[0].dim_param if image else ""
    for value in (*light.graph.input, *light.graph.output, *light.graph.value_info):
        for size in value.type.tensor_type.shape.dim:
            if batch and size.dim_param == batch:
                size.dim_value = 1
    return light


def without_large_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of a model without the values of weights of more than `MOST_VALUES`."""
    light = onnx.ModelProto()
    light.ir_version = model.ir_version
    light.opset_import.extend(model.opset_import)
    light.functions.extend(model.functions)
    graph = light.graph
    graph.name = model.graph.name or "graph"
    for field in ("node", "input", "output", "value_info"):
        getattr(graph, field).extend(getattr(model.graph, field))
    graph.initializer.extend(map(_without_values, model.graph.initializer))
    return light
