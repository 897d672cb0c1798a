"""Walks a model in the order of its nodes, as parseGraph does, and tells why it is refused."""

from typing import Any, Dict, Iterator, List

import onnx
from onnx import TensorProto

from test.tensorrt_double.importers.imported_node import CHECKERS, IMPORTERS, ImportedNode
from test.tensorrt_double.importers.operator_names import is_refused_by_name, operators_of
from test.tensorrt_double.importers.refusal import Refusal
from test.tensorrt_double.importers.values import (
    OF_TENSORS,
    OF_WEIGHTS,
    Value,
    is_read,
    tensor_of,
    tensors_of,
    weights_of,
)

NO_PLUGIN = 'creator && "Plugin not found, are the plugin name, version, and namespace correct?"'
TYPES = "Failed to convert ONNX date type to TensorRT data type."
OF_SHAPES = (TensorProto.INT32, TensorProto.INT64)  # inputs may be shapes
QUANTIZING = ("QuantizeLinear", "DequantizeLinear")


class ModelReader:
    """Reads one model.

    Args:
        native_normalization: whether InstanceNormalization becomes a layer.
    """

    def __init__(self, api: Any, model: onnx.ModelProto, native_normalization: bool) -> None:
        self.api, self.native_normalization = api, native_normalization
        self._graph = inferred(model).graph
        opsets = {opset.domain: opset.version for opset in model.opset_import}
        self.opset = opsets.get("", opsets.get("ai.onnx", 1))
        self.quantizes = any(node.op_type in QUANTIZING for node in nodes_of(model.graph))
        self._operators = operators_of(api)
        if api.at_least(10):
            self._operators |= {function.name for function in getattr(model, "functions", [])}
        self._values: Dict[str, Value] = {}

    def read(self) -> List[Refusal]:
        """All that is wrong: one error up to 8; 10 goes on with what it checks first."""
        found = self._read_inputs()
        if not found or self.api.at_least(10):
            found += self._read(self._graph, found)
        return found or self._read_outputs()

    def read_body(
        self, node: ImportedNode, graph: onnx.GraphProto, given: Dict[str, Value]
    ) -> Dict[str, Value]:
        """The outputs of a body.

        Args:
            given: what it knows beside the names around it.

        Raises:
            Refusal: it is refused.
        """
        around, self._values = self._values, {**self._values, **given}
        try:
            found = self._read(graph, [])
            if found:
                raise self._seen_from(node, found[-1])
            return {value.name: self._values.get(value.name, Value()) for value in graph.output}
        finally:
            self._values = around

    def _seen_from(self, node: ImportedNode, refusal: Refusal) -> Refusal:
        """8, and 10.15 and later, tell the number of the node that has the body."""
        if not (10, 0) <= self.api.numbers < (10, 15):
            refusal.node = node.number
        return refusal

    def _read_inputs(self) -> List[Refusal]:
        found = []
        weights = {tensor.name for tensor in self._graph.initializer}
        for value in self._graph.input:
            if value.name in weights:
                continue
            tensor = tensor_of(self.api, value)
            self._values[value.name] = tensor._replace(is_of_data=tensor.dtype not in OF_SHAPES)
            if not is_read(self.api, value.type.tensor_type.elem_type, OF_TENSORS):
                text = (
                    f'Assertion failed: convertDtype(onnxDtype.elem_type(), &trtDtype) && "{TYPES}"'
                )
                found.append(Refusal("UNSUPPORTED_NODE", text, "importInput", value.name))
        return found if self.api.at_least(10) else found[:1]

    def _read_outputs(self) -> List[Refusal]:
        condition = "convertDtype(output.type().tensor_type().elem_type(), &output_trt_dtype)"
        text = f'Assertion failed: {condition} && "{TYPES}"'
        return [
            Refusal("UNSUPPORTED_NODE", text, "importModel")
            for value in self._graph.output
            if not is_read(self.api, value.type.tensor_type.elem_type, OF_TENSORS)
        ][:1]

    def _read(self, graph: onnx.GraphProto, before: List[Refusal]) -> List[Refusal]:
        found: List[Refusal] = []
        try:
            self._read_weights(graph)
        except Refusal as refusal:
            return [refusal]
        types = tensors_of(self.api, (*graph.value_info, *graph.output))
        legal = {value.name for value in graph.output}
        for number, proto in enumerate(graph.node):
            try:
                found += self._read_node(proto, number, types, legal, bool(before or found))
            except Refusal as refusal:
                found.append(refusal)
            if found and not self.api.at_least(10):
                break
        return found

    def _read_weights(self, graph: onnx.GraphProto) -> None:
        for tensor in graph.initializer:
            if not is_read(self.api, tensor.data_type, OF_WEIGHTS):
                condition = "convertOnnxWeights(initializer, &weights, ctx)"
                text = f'Assertion failed: {condition} && "Failed to import initializer."'
                raise Refusal("UNSUPPORTED_NODE", text, "parseGraph")
            self._values[tensor.name] = weights_of(self.api, tensor)

    def _read_node(
        self,
        proto: onnx.NodeProto,
        number: int,
        types: Dict[str, Value],
        legal: Any,
        checks_only: bool,
    ) -> List[Refusal]:
        node = ImportedNode(self, proto, number)
        if self.api.at_least(10):
            self._check(node)
            if node.problems or checks_only:
                return node.problems
        self._find_inputs(node)
        if not self.api.at_least(10):
            self._check(node)
        for rule in IMPORTERS.get(proto.op_type, ()):
            rule(node)
        self._put_out(node, types, legal)
        return []

    def _check(self, node: ImportedNode) -> None:
        if node.operator in self._operators:
            for rule in CHECKERS.get(node.operator, ()):
                rule(node)
        elif is_refused_by_name(self.api, node.operator):
            node.complain("UNSUPPORTED_NODE", "false")
        elif self.api.at_least(10):
            node.complain("INVALID_NODE", NO_PLUGIN)
        else:
            node.complain("UNSUPPORTED_NODE", f"Assertion failed: {NO_PLUGIN}")

    def _find_inputs(self, node: ImportedNode) -> None:
        for name in node.proto.input:
            if name and name not in self._values:
                condition = "(ctx->tensors().count(inputName))"
                node.refuse_in_graph("INVALID_GRAPH", condition, "Node input was not registered.")
            node.inputs.append(self._values[name] if name else None)

    def _put_out(self, node: ImportedNode, types: Dict[str, Value], legal: Any) -> None:
        for name in node.proto.output:
            value = self._made(node, types.get(name, Value()))
            if name:
                self._values[name] = value
            if value.dtype != TensorProto.UINT8 or name in legal or not self.api.at_least(8, 6):
                continue
            node.refuse_in_graph(
                "UNSUPPORTED_NODE",
                "legalUINT8",
                "TensorRT does not support UINT8 types for intermediate tensors!",
            )

    def _made(self, node: ImportedNode, value: Value) -> Value:
        """What an output is, of which inference says ``value``."""
        if node.operator == "Constant":
            given = node.attribute("value")
            return weights_of(self.api, given) if given is not None else value
        first = node.value(0)
        if first is not None and first.weights is not None:
            if node.operator == "Identity":
                return first
            if node.operator == "Transpose" and not self.api.at_least(8, 4):
                turned = first.weights.transpose(node.attribute("perm"))
                return Value(first.dtype, turned.shape, turned)
        if value.dtype == TensorProto.UINT8:
            value = value._replace(dtype=_of_bytes(node))
        if node.operator in ("Shape", "Size"):
            return value
        return value._replace(is_of_data=any(given and given.is_of_data for given in node.inputs))


def inferred(model: onnx.ModelProto) -> onnx.ModelProto:
    """With the types and sizes that are known; parsers do not mind domains without an opset."""
    asked = onnx.ModelProto()
    asked.CopyFrom(model)
    domains = {node.domain for node in nodes_of(model.graph)}
    for domain in domains - {opset.domain for opset in model.opset_import}:
        asked.opset_import.add(domain=domain, version=1)
    return onnx.shape_inference.infer_shapes(asked)


def _of_bytes(node: ImportedNode) -> int:
    """What TensorRT makes where ONNX has uint8."""
    if node.operator == "QuantizeLinear":
        return TensorProto.INT8
    of_inputs = any(node.has_type(index, TensorProto.UINT8) for index in range(len(node.inputs)))
    is_cast = node.operator in ("Cast", "CastLike")
    return TensorProto.UINT8 if is_cast or of_inputs else TensorProto.INT32


def nodes_of(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """All of them, and those of the graphs in them."""
    for node in graph.node:
        yield node
        for body in bodies_of(node):
            yield from nodes_of(body)


def bodies_of(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    """The graphs in a node."""
    return (given.g for given in node.attribute if given.HasField("g"))
