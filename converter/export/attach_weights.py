"""Give an exported network its weights back, with what tf2onnx does to them done once.

Tensors stay in files beside the model (ONNX' external data), so that grafting, checking and
renaming handle a small graph, whatever the weights take.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

from converter.export.loop_constants import hoist_constants
from converter.onnx_tools.edit import replace_entries
from converter.onnx_tools.storage import DATA_FILE

_ALIGNMENT = 64  # bytes; runtimes map tensors into memory from there

# Done on views of the files, without reading them.
_LAYOUT: dict[str, Callable[[Sequence[np.ndarray], Mapping[str, Any]], np.ndarray]] = {
    "Identity": lambda inputs, _: inputs[0],
    "Transpose": lambda inputs, attributes: np.transpose(inputs[0], attributes.get("perm")),
    "Reshape": lambda inputs, _: np.reshape(
        inputs[0],
        [inputs[0].shape[i] if size == 0 else int(size) for i, size in enumerate(inputs[1])],
    ),
}


def attach(model: onnx.ModelProto, files: Mapping[str, Path], folder: Path) -> None:
    """Turn the inputs named in ``files`` into initializers with the values of these files.

    Nodes that have nothing but constants as inputs, and weights among them, are replaced by
    their results. The values go to ``DATA_FILE`` in ``folder``, which must be the model's.
    """
    graph = model.graph
    values: dict[str, np.ndarray] = {
        name: np.load(file, mmap_mode="r") for name, file in files.items()
    }
    hoisted = hoist_constants(graph, files)
    constants = {tensor.name: tensor for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in values]
    del graph.input[:]
    graph.input.extend(inputs)
    kept = []
    for node in graph.node:
        if not _fold(node, values, constants, model, hoisted):
            kept.append(node)
    replace_entries(graph.node, kept)
    _drop_unused(graph)
    used = _names_used(graph)
    with (folder / DATA_FILE).open("wb") as stream:
        for name, array in values.items():
            if name in used:
                graph.initializer.append(_write(stream, name, array))


def _fold(
    node: onnx.NodeProto,
    values: dict[str, np.ndarray],
    constants: Mapping[str, onnx.TensorProto],
    model: onnx.ModelProto,
    hoisted: Collection[str],
) -> bool:
    """Compute a node of weights and constants; False where it must stay. Those ``hoisted`` out of
    loops are computed without large weights too."""
    inputs = [name for name in node.input if name]
    known = all(name in values or name in constants for name in inputs)
    wanted = node.output[0] in hoisted or any(name in values for name in inputs)
    if not known or not wanted:
        return False
    arrays = [
        values[name] if name in values else onnx.numpy_helper.to_array(constants[name])
        for name in inputs
    ]
    if node.op_type in _LAYOUT:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        results = [_LAYOUT[node.op_type](arrays, attributes)]
    else:
        results = evaluate_node(node, dict(zip(inputs, arrays, strict=True)), model)
        if sum(one.nbytes for one in results) > 2 * sum(array.nbytes for array in arrays):
            return False  # better computed than stored
    values.update(zip(node.output, results, strict=True))
    return True


def evaluate_node(
    node: onnx.NodeProto, arrays: Mapping[str, np.ndarray], model: onnx.ModelProto
) -> list[np.ndarray]:
    """Compute the outputs of one node by ONNX' reference implementation."""
    inputs = [
        onnx.helper.make_tensor_value_info(
            name, onnx.helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
        )
        for name, array in arrays.items()
    ]
    outputs = [onnx.helper.make_empty_tensor_value_info(name) for name in node.output]
    graph = onnx.helper.make_graph([node], "node", inputs, outputs)
    single = onnx.helper.make_model(graph, opset_imports=model.opset_import)
    results = ReferenceEvaluator(single).run(
        None, {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    )
    return [np.asarray(result) for result in results]


def _write(stream: Any, name: str, array: np.ndarray) -> onnx.TensorProto:
    """Append the values to the file, and return a tensor that refers to them."""
    offset = -(-stream.tell() // _ALIGNMENT) * _ALIGNMENT
    stream.seek(offset)
    np.ascontiguousarray(array).tofile(stream)
    tensor = onnx.TensorProto(
        name=name,
        data_type=onnx.helper.np_dtype_to_tensor_dtype(array.dtype),
        dims=array.shape,
        data_location=onnx.TensorProto.EXTERNAL,
    )
    for key, value in (("location", DATA_FILE), ("offset", offset), ("length", array.nbytes)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def _drop_unused(graph: onnx.GraphProto) -> None:
    used = _names_used(graph)
    replace_entries(graph.initializer, [one for one in graph.initializer if one.name in used])


def _names_used(graph: onnx.GraphProto) -> set[str]:
    """Every tensor that a node of the graph or of a graph in it takes, and the outputs."""
    names = {value.name for value in graph.output}
    for node in graph.node:
        names.update(node.input)
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                names |= _names_used(inner)
    return names
