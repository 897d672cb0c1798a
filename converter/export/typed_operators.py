"""Which operators of an exported network take the types of their inputs from a later opset on only.

tf2onnx writes them all the same: ``Relu`` of int32 at opset 13, which ONNX has from 14 on.
"""

from __future__ import annotations

import onnx

from converter.export.opsets import OpsetNeed
from converter.onnx_tools.edit import all_nodes


def types_of_later_opsets(model: onnx.ModelProto, highest: int) -> tuple[OpsetNeed, ...]:
    """The nodes whose operator does not take their types at the model's opset, but does at one of
    up to ``highest``."""
    current = next(one.version for one in model.opset_import if one.domain in ("", "ai.onnx"))
    types = _types(model)
    needs = []
    for node in all_nodes(model.graph):
        given = [types.get(name, 0) for name in node.input]
        refused = _refused(node, given, current)
        later = (o for o in range(current + 1, highest + 1) if not _refused(node, given, o))
        opset = next(later, None) if refused else None
        if opset is not None:
            needs.append(OpsetNeed(f"{node.op_type} of {refused}", opset, node.name))
    return tuple(needs)


def _types(model: onnx.ModelProto) -> dict[str, int]:
    """ONNX' number of each tensor's type, where it is known."""
    graph = onnx.shape_inference.infer_shapes(model).graph
    values = (*graph.value_info, *graph.input, *graph.output)
    known = {value.name: value.type.tensor_type.elem_type for value in values}
    return known | {tensor.name: tensor.data_type for tensor in graph.initializer}


def _refused(node: onnx.NodeProto, types: list[int], opset: int) -> str:
    """The first type among those of the inputs that the operator does not take; empty where it
    takes all. The type 0 is unknown."""
    try:
        schema = onnx.defs.get_schema(node.op_type, opset, node.domain)
    except onnx.defs.SchemaError:  # not an operator of that opset at all
        return ""
    constraints = {one.type_param_str: one.allowed_type_strs for one in schema.type_constraints}
    for index, kind in enumerate(types):
        formal = schema.inputs[min(index, len(schema.inputs) - 1)]
        name = onnx.TensorProto.DataType.Name(kind).lower()
        allowed = constraints.get(formal.type_str, [formal.type_str])
        if kind and f"tensor({name})" not in allowed:
            return name
    return ""
