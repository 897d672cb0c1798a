"""Fold a multiplication or addition after a convolution into its weights and bias.

Keras exports batch normalisation as both, or as one operator. In float32 runtimes do this when they
load a model; once weights are int8 or float16 they cannot any more, and the convolution loses its
activation.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import onnx

from converter.onnx_tools.edit import remove_unused, replace_entries, used_inside

# Which axis of the weights belongs to the channels that come out.
_CHANNEL_AXIS = {"Conv": 0, "ConvTranspose": 1}
_BATCH_NORM = "BatchNormalization"


@dataclass(frozen=True)
class ScaledWeights:
    """Weights that were made of others: the name of these, and what each channel on ``axis`` was
    multiplied by."""

    origin: str
    factors: np.ndarray
    axis: int


def fold_scales(graph: onnx.GraphProto) -> dict[str, ScaledWeights]:
    """Change ``graph`` in place. Convolutions whose output or weights are also used elsewhere
    stay.

    Returns:
        What new weights were made of, by their names.
    """
    made: dict[str, ScaledWeights] = {}
    constants = {tensor.name: tensor for tensor in graph.initializer}
    uses = count_uses(graph)
    producers: dict[str, onnx.NodeProto] = {}
    folded: set[str] = set()
    for node in graph.node:
        convolution = _foldable(node, producers, constants, uses)
        if convolution is not None:
            _fold(convolution, node, constants, graph, made)
            folded.add(node.name)
            producers[node.output[0]] = convolution
        else:
            producers.update((name, node) for name in node.output)
    _drop(graph, folded)
    return made


def count_uses(graph: onnx.GraphProto) -> Counter[str]:
    """How often each tensor is taken."""
    counts = Counter(value.name for value in graph.output)
    for node in graph.node:
        counts.update(node.input)
        counts.update(used_inside(node))
    return counts


def _foldable(
    node: onnx.NodeProto,
    producers: dict[str, onnx.NodeProto],
    constants: dict[str, onnx.TensorProto],
    uses: Counter[str],
) -> onnx.NodeProto | None:
    """The convolution that ``node`` scales or shifts by one number a channel, if it does."""
    if node.op_type not in ("Mul", "Add", _BATCH_NORM):
        return None
    values = [name for name in node.input if name not in constants]
    if len(values) != 1 or uses[values[0]] != 1:
        return None
    convolution = producers.get(values[0])
    if convolution is None or convolution.op_type not in _CHANNEL_AXIS:
        return None
    weights = constants.get(convolution.input[1])
    if weights is None or not _known_bias(convolution, constants) or _is_grouped(convolution):
        return None
    if uses[convolution.input[1]] > 1:  # each user would need a copy
        return None
    channels = weights.dims[_CHANNEL_AXIS[convolution.op_type]]
    if node.op_type == _BATCH_NORM:
        can = weights.data_type == onnx.TensorProto.FLOAT and _is_fixed(node)
    else:
        (constant,) = (constants[name] for name in node.input if name in constants)
        can = _is_per_channel(constant, channels, len(weights.dims))
    return convolution if can else None


def _is_fixed(batch_norm: onnx.NodeProto) -> bool:
    """Whether it takes the statistics that it is given, not those of the images."""
    trains = any(one.name == "training_mode" and one.i for one in batch_norm.attribute)
    return not trains and len(batch_norm.output) == 1


def _known_bias(convolution: onnx.NodeProto, constants: dict[str, onnx.TensorProto]) -> bool:
    return len(convolution.input) < 3 or convolution.input[2] in constants


def _is_grouped(convolution: onnx.NodeProto) -> bool:
    """A transposed convolution in groups has its channels on two axes."""
    groups = [attribute.i for attribute in convolution.attribute if attribute.name == "group"]
    return convolution.op_type == "ConvTranspose" and groups not in ([], [1])


def _is_per_channel(constant: onnx.TensorProto, channels: int, rank: int) -> bool:
    """``[C, 1, 1]`` or ``[1, C, 1, 1]``, or one number for all."""
    if constant.data_type != onnx.TensorProto.FLOAT or len(constant.dims) > rank:
        return False
    shape = [1] * (rank - len(constant.dims)) + list(constant.dims)
    return shape == [1] * rank or shape == [1, channels, *[1] * (rank - 2)]


def _fold(
    convolution: onnx.NodeProto,
    node: onnx.NodeProto,
    constants: dict[str, onnx.TensorProto],
    graph: onnx.GraphProto,
    made: dict[str, ScaledWeights],
) -> None:
    """The convolution gives from now on what ``node`` gave."""
    weights = onnx.numpy_helper.to_array(constants[convolution.input[1]])
    axis = _CHANNEL_AXIS[convolution.op_type]
    bias = _bias(convolution, constants, weights.shape[axis])
    scale, shift = _scale_and_shift(node, constants)
    if scale is not None:
        origin = convolution.input[1]
        shape = [-1 if index == axis else 1 for index in range(weights.ndim)]
        _replace(convolution, 1, weights * scale.reshape(shape), constants, graph)
        bias = bias * scale
        before = made.get(origin, ScaledWeights(origin, np.ones(1, np.float32), axis))
        made[convolution.input[1]] = ScaledWeights(before.origin, before.factors * scale, axis)
    if shift is not None:
        bias = bias + shift
    _replace(convolution, 2, bias, constants, graph)
    convolution.output[0] = node.output[0]


def _scale_and_shift(
    node: onnx.NodeProto, constants: dict[str, onnx.TensorProto]
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """What a node multiplies each channel by and what it adds; None for nothing."""
    given = [onnx.numpy_helper.to_array(constants[n]) for n in node.input if n in constants]
    if node.op_type != _BATCH_NORM:
        values = given[0].reshape(-1)
        return (values, None) if node.op_type == "Mul" else (None, values)
    epsilon = next((one.f for one in node.attribute if one.name == "epsilon"), 1e-5)
    gamma, beta, mean, variance = (one.astype(np.float64) for one in given)
    scale = gamma / np.sqrt(variance + epsilon)
    return scale.astype(np.float32), (beta - mean * scale).astype(np.float32)


def _bias(
    convolution: onnx.NodeProto, constants: dict[str, onnx.TensorProto], channels: int
) -> np.ndarray:
    if len(convolution.input) < 3:
        return np.zeros(channels, np.float32)
    return onnx.numpy_helper.to_array(constants[convolution.input[2]])


def _replace(
    convolution: onnx.NodeProto,
    index: int,
    values: np.ndarray,
    constants: dict[str, onnx.TensorProto],
    graph: onnx.GraphProto,
) -> None:
    """A constant of the convolution's own: others may share the one that it had."""
    name = f"{convolution.name}/{('weights', 'bias')[index - 1]}"
    while name in constants:
        name += "'"
    tensor = onnx.numpy_helper.from_array(values.astype(np.float32), name)
    graph.initializer.append(tensor)
    constants[name] = tensor
    inputs = [*convolution.input, ""][: max(index + 1, len(convolution.input))]
    inputs[index] = name
    convolution.input[:] = inputs


def _drop(graph: onnx.GraphProto, names: set[str]) -> None:
    replace_entries(graph.node, [node for node in graph.node if node.name not in names])
    remove_unused(graph)
