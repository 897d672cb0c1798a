"""A node of a model as the parser of some TensorRT sees it."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx

from converter.compatibility.limits.scope import Scope
from trt_inference.bundles.tensorrt_versions import reaches

# What TensorRT has in place of types that it lacks, and the first version that has them.
_REPLACED: dict[int, tuple[int, str]] = {
    onnx.TensorProto.DOUBLE: (onnx.TensorProto.FLOAT, ""),
    onnx.TensorProto.INT64: (onnx.TensorProto.INT32, "9.0"),
    onnx.TensorProto.UINT8: (onnx.TensorProto.INT32, "8.5"),
}
_KEEPS_TRANSPOSED_TENSORS = "8.4"
# An input of the model that has one of these types can be no shape.
_NO_SIZES = frozenset(onnx.TensorProto.DataType.values()) - {
    onnx.TensorProto.INT32,
    onnx.TensorProto.INT64,
    onnx.TensorProto.UNDEFINED,
}


class NodeView:
    """A node with the types, shapes and constants of its inputs, for one version of TensorRT.

    Types are ONNX' names in capitals, such as ``INT32``; before TensorRT 9 int64 is int32, and
    before 8.5 uint8 is, for the engine builder makes it so. Empty: not known, or no such input.
    """

    def __init__(self, node: onnx.NodeProto, scope: Scope, tensorrt: str) -> None:
        self.node, self.scope, self.tensorrt = node, scope, tensorrt

    @property
    def opset(self) -> int:
        """The version of ONNX' operators that the model has."""
        return self.scope.opset

    @property
    def is_in_loop(self) -> bool:
        """Whether it is in the body of a loop, or in a graph in there."""
        scope: Scope | None = self.scope
        while scope is not None and (scope.holder is None or scope.holder.op_type != "Loop"):
            scope = scope.outer
        return scope is not None

    def attribute(self, name: str, default: Any = None) -> Any:
        """The value of an attribute, with texts as str."""
        for given in self.node.attribute:
            if given.name == name:
                value = onnx.helper.get_attribute_value(given)
                return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        return default

    def texts(self, name: str) -> tuple[str, ...]:
        """The value of an attribute that is a list of texts; empty where there is none."""
        return tuple(one.decode("utf-8", "replace") for one in self.attribute(name, ()))

    def has_attribute(self, name: str) -> bool:
        """Whether the attribute is given."""
        return any(given.name == name for given in self.node.attribute)

    def has(self, index: int) -> bool:
        """Whether there is such an input: optional ones may be left out."""
        return bool(self._name(index))

    def gives(self, index: int) -> bool:
        """Whether there is such an output."""
        return index < len(self.node.output) and bool(self.node.output[index])

    def shape(self, index: int) -> tuple[int | None, ...] | None:
        """The shape of an input, None for each size that is not known."""
        return self.scope.shape(self._name(index))

    def rank(self, index: int) -> int | None:
        """How many axes an input has."""
        shape = self.shape(index)
        return None if shape is None else len(shape)

    def type(self, index: int) -> str:
        """The type of an input."""
        return self.type_of(self._name(index))

    def type_of(self, name: str) -> str:
        """The type of a tensor that can be seen from here."""
        element = self.scope.type(name)
        replacement, since = _REPLACED.get(element, (element, ""))
        if not since or not reaches(self.tensorrt, since):
            element = replacement
        return onnx.TensorProto.DataType.Name(element) if element else ""

    def types(self) -> tuple[str, ...]:
        """The types of all inputs that there are."""
        return tuple(self.type(index) for index in range(len(self.node.input)) if self.has(index))

    def is_weights(self, index: int) -> bool:
        """Whether the parser holds the values of an input: those of initializers and Constant
        nodes, of outer graphs too, and of their Transpose before 8.4. All other nodes make
        tensors, of constants too."""
        transposes = not reaches(self.tensorrt, _KEEPS_TRANSPOSED_TENSORS)
        return self.scope.is_weights(self._name(index), transposes)

    def is_computed(self, index: int) -> bool:
        """Whether there is such an input and it is no weights."""
        return self.has(index) and not self.is_weights(index)

    def depends(self, index: int) -> bool:
        """Whether there is such an input and it is computed from the inputs of a graph."""
        return self.has(index) and not self.scope.is_constant(self._name(index))

    def is_made_by(self, index: int, operator: str) -> bool:
        """Whether an operator is among the nodes that an input is computed by."""
        return self.scope.is_made_by(self._name(index), operator)

    def is_data(self, index: int) -> bool:
        """Whether an input is computed from the values of an input of the model that is no whole
        numbers, as float32 images are, not from its sizes alone."""
        return self.has(index) and self.scope.is_data_of(self._name(index), _NO_SIZES)

    def values(self, index: int) -> np.ndarray | None:
        """The values of an input that is a small initializer or Constant node."""
        return self.scope.values(self._name(index)) if self.has(index) else None

    def _name(self, index: int) -> str:
        return self.node.input[index] if index < len(self.node.input) else ""
