"""Put QuantizeLinear and DequantizeLinear where an engine makes int8 of what is between them.

The scheme is TensorRT's explicit quantisation ("Working with Quantized Types" in its developer
guide): symmetric, weights per output channel, activations per tensor, zero points 0. The input
and the weights of a product are quantised, its output is not, so that its activation function
stays with it. Of a sum with a shortcut, the shortcut is quantised: the sum then happens inside of
the product on the other side.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from converter.onnx_tools.edit import remove_unused, replace_entries
from converter.onnx_tools.trained_grids import TrainedGrid
from converter.precision.float32_model import Float32Model
from converter.precision.fold_batch_norm import count_uses
from converter.precision.narrowable_nodes import WEIGHTED

_LARGEST = 127
# Weights below are 0, and a scale of 0 is none.
_SMALLEST = 1e-30
# They have kernels, and TensorRT adds a shortcut inside of these.
_CONVOLUTIONS = ("Conv", "ConvTranspose")


@dataclass(frozen=True)
class QuantizableNode:
    """A node that can be quantised: which of its inputs is the activation, and the axis of its
    weights' output channels; None for a sum, which has none."""

    node: str
    input: int
    axis: int | None = None


def find_quantizable_nodes(source: Float32Model) -> tuple[QuantizableNode, ...]:
    """The products with constant weights that feed another product, and sums with shortcuts.

    The last products of the network, which predict, stay as they are: they are small, and boxes
    and scores are read off them.
    """
    constants = {tensor.name: tensor for tensor in source.model.graph.initializer}
    places: dict[str, QuantizableNode] = {}
    for node in source.nodes(source.body):
        axis = _channel_axis(node, constants)
        if axis is not None and node.name not in source.last:
            places[node.name] = QuantizableNode(node.name, 0, axis)
    made_by = {
        name
        for node in source.nodes(places)
        if node.op_type in _CONVOLUTIONS
        for name in node.output
    }
    uses = count_uses(source.model.graph)
    for node in source.nodes(source.body):
        if node.op_type == "Add" and all(source.is_float(name) for name in node.input):
            inside = [i for i, name in enumerate(node.input) if name in made_by and uses[name] == 1]
            if inside and not set(node.input) & set(constants):
                places[node.name] = QuantizableNode(node.name, 1 - inside[-1])
    return tuple(places[node.name] for node in source.nodes(places))


def _channel_axis(node: onnx.NodeProto, constants: Mapping[str, onnx.TensorProto]) -> int | None:
    """The axis of the weights' output channels; None where no weights can be quantised."""
    if node.op_type not in WEIGHTED or node.input[0] in constants:
        return None
    weights = constants.get(node.input[1])
    if weights is None or weights.data_type != onnx.TensorProto.FLOAT or len(weights.dims) < 2:
        return None
    given = {attribute.name: attribute.i for attribute in node.attribute}
    if node.op_type == "MatMul":  # of a stack of weights, runtimes quantise none by channels
        return 1 if len(weights.dims) == 2 else None
    if node.op_type == "Gemm":
        return 0 if given.get("transB") else 1
    if node.op_type == "ConvTranspose":
        return 1 if given.get("group", 1) == 1 else None
    return 0


def activations(source: Float32Model, places: Sequence[QuantizableNode]) -> tuple[str, ...]:
    """The tensors whose ranges must be known."""
    nodes = {node.name: node for node in source.model.graph.node}
    return tuple(dict.fromkeys(nodes[place.node].input[place.input] for place in places))


def quantize_graph(
    source: Float32Model,
    places: Sequence[QuantizableNode],
    ranges: Mapping[str, float],
    chosen: Container[str],
    as_trained: Mapping[str, TrainedGrid] | None = None,
) -> onnx.ModelProto:
    """A copy of the model with the places quantised whose nodes are in ``chosen``.

    Args:
        ranges: of each activation, the absolute value that becomes 127.
        as_trained: activations that are rounded to these numbers instead, in float32, as no
            engine can: to compare with.
    """
    model = onnx.ModelProto()
    model.CopyFrom(source.model)
    graph = model.graph
    del graph.value_info[:]
    writer = _Writer(source, ranges, as_trained or {})
    by_name = {place.node: place for place in places if place.node in chosen}
    for node in graph.node:
        writer.add(node, by_name.get(node.name))
    replace_entries(graph.node, writer.nodes)
    graph.initializer.extend(writer.constants)
    remove_unused(graph)
    return model


class _Writer:
    """Puts nodes down one after the other; each tensor is quantised once."""

    def __init__(
        self,
        source: Float32Model,
        ranges: Mapping[str, float],
        as_trained: Mapping[str, TrainedGrid],
    ) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._known = {tensor.name: tensor for tensor in source.model.graph.initializer}
        self._trained, self._ranges = source.trained_weights, ranges
        self._as_trained = as_trained
        self._done: set[str] = set()

    def add(self, node: onnx.NodeProto, place: QuantizableNode | None) -> None:
        if place is not None:
            activation = node.input[place.input]
            node.input[place.input] = self._activation(activation)
            if place.axis is not None:
                _set_kernel_shape(node, self._known[node.input[1]])
                node.input[1] = self._weights(
                    node.input[1], place.axis, as_bytes=node.op_type in _CONVOLUTIONS
                )
        self.nodes.append(node)

    def _activation(self, name: str) -> str:
        scale, zero = f"{name}/scale", f"{name}/zero"
        if name in self._as_trained and name not in self._done:
            self._done.add(name)
            self._round(name, self._as_trained[name])
        if name not in self._done:
            self._done.add(name)
            value = np.float32((self._ranges[name] or 1.0) / _LARGEST)
            self._add_constant(scale, np.asarray(value))
            self._add_constant(zero, np.asarray(0, np.int8))
            self._quantize(name, [name, scale, zero])
            self._dequantize(name, [f"{name}/int8", scale, zero])
        return f"{name}/dequantized"

    def _weights(self, name: str, axis: int, as_bytes: bool) -> str:
        """Weights of convolutions are kept as bytes. Others are kept as floats that a node makes
        bytes of: TensorRT 8.6.0 fails at some products with constants of bytes
        ("convertMyelinWeightsToFp32 … params.weights.type() != DataType::kINT8")."""
        if name not in self._done:
            self._done.add(name)
            whole, scales = self._whole_numbers(name, axis)
            scale, zero = f"{name}/scale", f"{name}/zero"
            self._add_constant(scale, scales)
            self._add_constant(zero, np.zeros(len(scales), np.int8))
            if as_bytes:
                self._add_constant(f"{name}/int8", whole)
            else:
                steps = scales.reshape([-1 if one == axis else 1 for one in range(whole.ndim)])
                self._add_constant(f"{name}/rounded", whole * steps)
                self._quantize(name, [f"{name}/rounded", scale, zero], axis)
            self._dequantize(name, [f"{name}/int8", scale, zero], axis)
        return f"{name}/dequantized"

    def _whole_numbers(self, name: str, axis: int) -> tuple[np.ndarray, np.ndarray]:
        """int8 weights and the float32 scale of each channel: those of the training, where it had
        any."""
        trained = self._trained.get(name)
        scales = None if trained is None else trained.scales_along(axis)
        if trained is None or scales is None:
            return _whole_numbers(numpy_helper.to_array(self._known[name]), axis)
        return trained.levels, np.where(scales > _SMALLEST, scales, np.float32(1))

    def _round(self, name: str, grid: TrainedGrid) -> None:
        """Round to the numbers of ``grid``, in float32."""
        (step,), (first,), (last,) = grid.steps, grid.first, grid.last
        for part, value in (("step", step), ("low", first * step), ("high", last * step)):
            self._add_constant(f"{name}/{part}", np.asarray(value, np.float32))
        chain = (
            ("Clip", [name, f"{name}/low", f"{name}/high"], "clipped"),
            ("Div", [f"{name}/clipped", f"{name}/step"], "steps"),
            ("Round", [f"{name}/steps"], "whole"),
            ("Mul", [f"{name}/whole", f"{name}/step"], "dequantized"),
        )
        for operator, inputs, result in chain:
            output = f"{name}/{result}"
            self.nodes.append(helper.make_node(operator, inputs, [output], name=output))

    def _quantize(self, name: str, inputs: list[str], axis: int | None = None) -> None:
        self._convert("QuantizeLinear", inputs, f"{name}/int8", f"{name}/quantize", axis)

    def _dequantize(self, name: str, inputs: list[str], axis: int | None = None) -> None:
        self._convert("DequantizeLinear", inputs, f"{name}/dequantized", f"{name}/dequantize", axis)

    def _convert(
        self, operator: str, inputs: list[str], output: str, name: str, axis: int | None
    ) -> None:
        channels: dict[str, Any] = {} if axis is None else {"axis": axis}
        self.nodes.append(helper.make_node(operator, inputs, [output], name=name, **channels))

    def _add_constant(self, name: str, values: np.ndarray) -> None:
        self.constants.append(numpy_helper.from_array(values, name))


def _set_kernel_shape(node: onnx.NodeProto, weights: onnx.TensorProto) -> None:
    """TensorRT's parser looks for a kernel's size in the attribute alone where a node makes the
    weights ("misaligns with the input kernel shape": importConv of onnx-tensorrt)."""
    named = {attribute.name for attribute in node.attribute}
    if node.op_type in _CONVOLUTIONS and "kernel_shape" not in named:
        node.attribute.append(helper.make_attribute("kernel_shape", weights.dims[2:]))


def _whole_numbers(weights: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """int8 weights and the float32 scale of each channel along ``axis``."""
    others = tuple(index for index in range(weights.ndim) if index != axis)
    largest = np.abs(weights).max(axis=others, keepdims=True)
    scales = np.where(largest > _SMALLEST, largest, 1.0).astype(np.float32) / np.float32(_LARGEST)
    whole = np.clip(np.rint(weights / scales), -_LARGEST, _LARGEST).astype(np.int8)
    return whole, scales.reshape(-1)
