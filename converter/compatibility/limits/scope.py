"""The graphs of a model, with what is known of their tensors."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
import onnx
from onnx import numpy_helper

from converter.compatibility.limits.inferred_shapes import MOST_VALUES, count, with_shapes

_ONNX_DOMAINS = ("", "ai.onnx")
_SIZES = ("Shape", "Size")


class Scope:
    """One graph: its constants, its nodes by output, and the types of its tensors.

    Args:
        graph: with the types that shape inference has found.
        outer: the graph around it; its names can be used inside.
        holder: the node of ``outer`` that it is the body of.
    """

    def __init__(
        self,
        graph: onnx.GraphProto,
        opset: int,
        outer: Scope | None = None,
        holder: onnx.NodeProto | None = None,
    ) -> None:
        self.graph, self.opset, self.outer, self.holder = graph, opset, outer, holder
        self._constants = {tensor.name: tensor for tensor in graph.initializer}
        self._makers = {name: node for node in graph.node for name in node.output if name}
        self._types = {
            value.name: value.type.tensor_type
            for value in (*graph.input, *graph.value_info, *graph.output)
        }
        self._given = {value.name for value in graph.input} - set(self._constants)

    @property
    def is_whole(self) -> bool:
        """Whether it is the model's own graph, not the body of a loop or a branch."""
        return self.outer is None

    def maker(self, name: str) -> onnx.NodeProto | None:
        """The node of this graph that makes a tensor."""
        return self._makers.get(name)

    def type(self, name: str) -> int:
        """ONNX' number of an element type; 0 where it is not known."""
        owner = self._owner(name)
        if owner is None:
            return 0
        if name in owner._constants:
            return int(owner._constants[name].data_type)
        return int(owner._types[name].elem_type) if name in owner._types else 0

    def shape(self, name: str) -> tuple[int | None, ...] | None:
        """The sizes of a tensor, each None where it is not known; None for no known rank."""
        owner = self._owner(name)
        if owner is None:
            return None
        if name in owner._constants:
            return tuple(owner._constants[name].dims)
        known = owner._types.get(name)
        if known is None or not known.HasField("shape"):
            return None
        return tuple(
            size.dim_value if size.HasField("dim_value") else None for size in known.shape.dim
        )

    def is_weights(self, name: str, transposes: bool) -> bool:
        """Whether it is an initializer or a Constant, or the Transpose of one if these count."""
        owner = self._owner(name)
        if owner is None:
            return False
        node = owner._makers.get(name)
        if node is None:
            return name in owner._constants
        if transposes and node.op_type == "Transpose":
            return owner.is_weights(node.input[0], transposes)
        return node.op_type == "Constant"

    def is_constant(self, name: str) -> bool:
        """Whether it depends on no input of a graph, so that it can be computed beforehand."""
        return not any(
            owner is None or tensor in owner._given or (node is not None and _has_body(node))
            for owner, tensor, node in self._behind(name)
        )

    def is_made_by(self, name: str, operator: str) -> bool:
        """Whether an operator is among the nodes that it is computed by."""
        return any(
            node is not None and node.op_type == operator for _, _, node in self._behind(name)
        )

    def is_data_of(self, name: str, types: Collection[int]) -> bool:
        """Whether it is computed from what an input of the model of one of these types holds, not
        from its sizes alone."""
        return any(
            owner is not None
            and owner.is_whole
            and tensor in owner._given
            and owner.type(tensor) in types
            for owner, tensor, _ in self._behind(name, but=_SIZES)
        )

    def _behind(
        self, name: str, but: Collection[str] = ()
    ) -> Iterator[tuple[Scope | None, str, onnx.NodeProto | None]]:
        """A tensor and all that it is computed from, each with its graph and its node. What goes
        into the operators ``but`` is left out."""
        waiting: list[tuple[Scope, str]] = [(self, name)]
        seen = set()
        while waiting:
            scope, tensor = waiting.pop()
            owner = scope._owner(tensor)
            if (id(owner), tensor) in seen:
                continue
            seen.add((id(owner), tensor))
            node = None if owner is None else owner._makers.get(tensor)
            yield owner, tensor, node
            if owner is not None and node is not None and node.op_type not in but:
                waiting.extend((owner, given) for given in node.input if given)

    def values(self, name: str) -> np.ndarray | None:
        """The values of an initializer or Constant node; None where there are many, or none."""
        owner = self._owner(name)
        if owner is None:
            return None
        tensor = owner._constants.get(name)
        node = owner._makers.get(name)
        if tensor is None and node is not None and node.op_type == "Constant":
            return _values_of_constant(node)
        return None if tensor is None else _values_of_tensor(tensor)

    def _owner(self, name: str) -> Scope | None:
        scope: Scope | None = self
        while scope is not None and name and not scope._defines(name):
            scope = scope.outer
        return scope if name else None

    def _defines(self, name: str) -> bool:
        return name in self._makers or name in self._constants or name in self._given


def scopes(model: onnx.ModelProto) -> Iterator[Scope]:
    """Every graph of a model, those of its loops and branches after the one that they are in.

    Shapes and types are inferred; the model is left as it is, and no large weights are read.
    """
    opset = max(
        (one.version for one in model.opset_import if one.domain in _ONNX_DOMAINS), default=0
    )
    yield from _inside(Scope(with_shapes(model).graph, opset))


def _inside(scope: Scope) -> Iterator[Scope]:
    yield scope
    for node in scope.graph.node:
        left_out = _not_read(node, scope)
        for attribute in node.attribute:
            for body in (attribute.g, *attribute.graphs):
                if (body.node or body.output) and attribute.name != left_out:
                    yield from _inside(Scope(body, scope.opset, scope, node))


def _has_body(node: onnx.NodeProto) -> bool:
    return any(attribute.HasField("g") for attribute in node.attribute)


def _not_read(node: onnx.NodeProto, scope: Scope) -> str:
    """The branch of a constant condition that no parser looks at."""
    decided = scope.values(node.input[0]) if node.op_type == "If" else None
    if decided is None or decided.size != 1:
        return ""
    return "else_branch" if bool(decided.reshape(())) else "then_branch"


def _values_of_tensor(tensor: onnx.TensorProto) -> np.ndarray | None:
    if tensor.data_location == onnx.TensorProto.EXTERNAL or count(tensor) > MOST_VALUES:
        return None
    return numpy_helper.to_array(tensor)


def _values_of_constant(node: onnx.NodeProto) -> np.ndarray | None:
    for attribute in node.attribute:
        if attribute.name == "value":
            return _values_of_tensor(attribute.t)
        if attribute.name in ("value_float", "value_floats", "value_int", "value_ints"):
            return np.asarray(onnx.helper.get_attribute_value(attribute))
    return None
