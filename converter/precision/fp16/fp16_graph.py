"""Compute chosen nodes of a model in float16.

Float16 is in the model itself: tensors and weights have that type, and a Cast stands at each
border. So it is what every TensorRT builds, with flags for precisions or without, and what ONNX
Runtime runs.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from converter.onnx_tools.edit import all_nodes, remove_unused, used_inside
from converter.onnx_tools.node_names import EXACT, IN_FLOAT16, IN_FLOAT32, ROUNDED
from converter.precision.float32_model import Float32Model

_FLOAT16 = "tensor(float16)"
# They return the shape of whatever they get.
_ANY_TYPE = ("Shape", "Size")


def can_be_float16(node: onnx.NodeProto, source: Float32Model) -> bool:
    """Whether ONNX defines the operator for float16, and float32 goes in or comes out."""
    if node.op_type in _ANY_TYPE or list(used_inside(node)) or _sets_type(node):
        return False
    takes = [
        _takes_float16(node, index, source.opset)
        for index, name in enumerate(node.input)
        if source.is_float(name)
    ]
    gives = [
        _gives_float16(node, index, source.opset)
        for index, name in enumerate(node.output)
        if source.is_float(name)
    ]
    return all(gives) and any((*gives, *takes))


def _sets_type(node: onnx.NodeProto) -> bool:
    """Whether an operator makes a tensor of a type that it names itself."""
    return any(attribute.name == "dtype" for attribute in node.attribute)


def _takes_float16(node: onnx.NodeProto, index: int, opset: int) -> bool:
    schema = onnx.defs.get_schema(node.op_type, opset, node.domain)
    return _allows_float16(schema, schema.inputs, index)


def _gives_float16(node: onnx.NodeProto, index: int, opset: int) -> bool:
    schema = onnx.defs.get_schema(node.op_type, opset, node.domain)
    return _allows_float16(schema, schema.outputs, index)


def _allows_float16(
    schema: onnx.defs.OpSchema, parameters: Sequence[onnx.defs.OpSchema.FormalParameter], index: int
) -> bool:
    """The last parameter may stand for any number of inputs or outputs."""
    kind = parameters[min(index, len(parameters) - 1)].type_str
    allowed = {one.type_param_str: one.allowed_type_strs for one in schema.type_constraints}
    return _FLOAT16 in allowed.get(kind, [kind])


def narrow(source: Float32Model, chosen: Container[str], rounded: bool = False) -> onnx.ModelProto:
    """Return a copy of the model that computes the nodes named in ``chosen`` in float16.

    Args:
        rounded: give a model of float32 instead, in which the same tensors and weights are
            rounded to float16 and back. It shows on a CPU what a GPU computes: ONNX Runtime's
            CPU runs a float16 network in float32 from end to end, without rounding and overflow.
    """
    model = onnx.ModelProto()
    model.CopyFrom(source.model)
    graph = model.graph
    del graph.value_info[:]  # of the types that were
    nodes = list(graph.node)
    writer = _Writer(source, {tensor.name: tensor for tensor in graph.initializer}, rounded)
    for node in nodes:
        writer.add(node, node.name in chosen)
    del graph.node[:]
    graph.node.extend(writer.nodes)
    graph.initializer.extend(writer.constants)
    remove_unused(graph)
    return model


class _Writer:
    """Puts nodes down one after the other, with Casts where one type meets the other."""

    def __init__(
        self, source: Float32Model, constants: dict[str, TensorProto], rounded: bool
    ) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[TensorProto] = []
        self._source, self._known, self._rounded = source, constants, rounded
        self._float16: set[str] = set()  # tensors that are of float16 now
        self._other: dict[str, str] = {}  # the same in the other type

    def add(self, node: onnx.NodeProto, narrow: bool) -> None:
        """``node``, which the graph no longer needs, with its inputs and outputs in their types."""
        node = onnx.NodeProto.FromString(node.SerializeToString())
        for index, name in enumerate(node.input):
            if self._source.is_float(name) and node.op_type not in _ANY_TYPE:
                wanted = narrow and _takes_float16(node, index, self._source.opset)
                node.input[index] = self._as_float16(name) if wanted else self._as_float32(name)
        for name in set(used_inside(node)) & self._float16:
            _rename_inside(node, name, self._as_float32(name))
        self.nodes.append(node)
        if narrow:
            self._give_float16(node)

    def _give_float16(self, node: onnx.NodeProto) -> None:
        for index, name in enumerate(node.output):
            if self._source.is_float(name):
                self._float16.add(name)
                if self._rounded:
                    node.output[index] = name + EXACT
                    self._round(name + EXACT, name)
        if not self._rounded and self._source.is_float(node.output[0]):
            _make_attributes_float16(node)

    def _as_float16(self, name: str) -> str:
        if name in self._float16:
            return name
        if name not in self._other:
            self._other[name] = name + IN_FLOAT16
            if name in self._known:
                self.constants.append(self._float16_constant(self._known[name], name + IN_FLOAT16))
            elif self._rounded:
                self._round(name, name + IN_FLOAT16)
            else:
                self._cast(name, name + IN_FLOAT16, TensorProto.FLOAT16)
        return self._other[name]

    def _as_float32(self, name: str) -> str:
        if name not in self._float16 or self._rounded:
            return name
        if name not in self._other:
            self._other[name] = name + IN_FLOAT32
            self._cast(name, name + IN_FLOAT32, TensorProto.FLOAT)
        return self._other[name]

    def _float16_constant(self, tensor: TensorProto, name: str) -> TensorProto:
        values = numpy_helper.to_array(tensor).astype(np.float16)
        return numpy_helper.from_array(values.astype(np.float32) if self._rounded else values, name)

    def _round(self, name: str, result: str) -> None:
        self._cast(name, result + ROUNDED, TensorProto.FLOAT16)
        self._cast(result + ROUNDED, result, TensorProto.FLOAT)

    def _cast(self, name: str, result: str, kind: int) -> None:
        self.nodes.append(
            helper.make_node("Cast", [name], [result], name=f"{result}/cast", to=kind)
        )


def _rename_inside(node: onnx.NodeProto, name: str, other: str) -> None:
    for attribute in node.attribute:
        for body in (attribute.g, *attribute.graphs):
            for inner in all_nodes(body):
                inner.input[:] = [other if one == name else one for one in inner.input]


def _make_attributes_float16(node: onnx.NodeProto) -> None:
    """Change the attributes that set the type of the output. Only Casts have one here: nodes that
    make constants do not depend on the image."""
    for attribute in node.attribute:
        if node.op_type == "Cast" and attribute.name == "to":
            attribute.i = TensorProto.FLOAT16
