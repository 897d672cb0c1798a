"""What a FakeQuant node of TensorFlow rounds to, or QuantizeAndDequantize, with which NVIDIA's
toolkit for TensorFlow trains in its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from converter.export.nodes import become_identity
from converter.inputs.quiet_tensorflow import tensorflow
from converter.onnx_tools.trained_grids import TrainedGrid

WITH_ARGUMENTS = "FakeQuantWithMinMaxArgs"
WITH_VARIABLES = "FakeQuantWithMinMaxVars"
PER_CHANNEL = "FakeQuantWithMinMaxVarsPerChannel"
# With a zero point of 0. One takes its number of bits as an input.
_WITH_BITS = "QuantizeAndDequantizeV3"
AROUND_ZERO = ("QuantizeAndDequantizeV2", _WITH_BITS, "QuantizeAndDequantizeV4")
FAKE_QUANT = (WITH_ARGUMENTS, WITH_VARIABLES, PER_CHANNEL, *AROUND_ZERO)


def become_identities(nodes: Iterable[Any]) -> None:
    """Let the FakeQuant nodes of a graph hand on what they are given."""
    for node in nodes:
        if node.op in FAKE_QUANT:
            waits = [name for name in node.input if name.startswith("^")]
            kind = tensorflow().float32.as_datatype_enum
            become_identity(node, node.input[0], node.attr["T"].type or kind)
            node.input.extend(waits)


def become_identities_inside(function: Any) -> None:
    """Do the same in the body of a function, where inputs name outputs by what they are called."""
    old = {f"{one.name}:outputs:0" for one in function.node_def if one.op in FAKE_QUANT}
    become_identities(function.node_def)
    for node in function.node_def:
        node.input[:] = [_called_output(name) if name in old else name for name in node.input]
    for key, name in function.ret.items():
        if name in old:
            function.ret[key] = _called_output(name)


def _called_output(name: str) -> str:
    return f"{name.partition(':')[0]}:output:0"


def range_tensors(node: Any) -> list[str]:
    """The tensors that decide what ``node`` rounds to: lowest and highest value, the values
    themselves where they are its range, and the bits where these are given so; none where its
    attributes say all."""
    if node.op == WITH_ARGUMENTS:
        return []
    found = list(node.input[1:3]) if _is_given(node) else [node.input[0]]
    return [*found, node.input[3]] if node.op == _WITH_BITS else found


def grid_of(node: Any, given: Sequence[np.ndarray]) -> TrainedGrid | None:
    """The numbers that ``node`` gives; None where it has no range, as before any training.

    Args:
        given: what its ``range_tensors`` have.
    """
    bits = int(node.attr["num_bits"].i) if "num_bits" in node.attr else 8
    if node.op == _WITH_BITS:
        *given, number = given
        bits = int(number)
    low, high = (np.asarray(one, np.float32).reshape(-1) for one in _limits(node, given))
    if not (np.isfinite(low).all() and np.isfinite(high).all() and (low < high).all()):
        return None
    axis = -1 if node.op == PER_CHANNEL else None
    if node.op in AROUND_ZERO:
        return _around_zero(node, bits, low, high, _axis(node))
    return _nudged(int(node.attr["narrow_range"].b), 2**bits - 1, low, high, axis)


def _is_given(node: Any) -> bool:
    """Whether inputs have the range; otherwise it is that of the values."""
    if node.op not in AROUND_ZERO:
        return True
    is_default = node.op == _WITH_BITS  # files may leave out what is the default
    return bool(node.attr["range_given"].b) if "range_given" in node.attr else is_default


def _axis(node: Any) -> int | None:
    """The axis with a range for each channel, from 0 on."""
    axis = int(node.attr["axis"].i) if "axis" in node.attr else -1
    return None if axis < 0 else axis


def _limits(node: Any, given: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
    """The lowest and highest value, one for all values or one for each channel."""
    if node.op == WITH_ARGUMENTS:
        named = {name: node.attr[name].f for name in ("min", "max") if name in node.attr}
        ends = named.get("min", -6.0), named.get("max", 6.0)
        return [np.array([one], np.float32) for one in ends]
    if _is_given(node):
        return given
    values, axis = np.asarray(given[0]), _axis(node)
    others = tuple(one for one in range(values.ndim) if axis is not None and one != axis)
    return values.min(axis=others or None), values.max(axis=others or None)


def _nudged(
    lowest: int, highest: int, low: np.ndarray, high: np.ndarray, axis: int | None
) -> TrainedGrid:
    """The range is moved so that 0 is among the numbers, as TensorFlow's kernels do it in float32
    (``Nudge`` in fake_quant_ops_functor.h)."""
    steps = (high - low) / np.float32(highest - lowest)
    zero = np.clip(np.float32(lowest) - low / steps, lowest, highest)
    zeros = np.floor(zero + np.float32(0.5)).astype(np.int64)
    first, last = lowest - zeros, highest - zeros
    return TrainedGrid(tuple(steps.tolist()), tuple(first.tolist()), tuple(last.tolist()), axis)


def _around_zero(
    node: Any, bits: int, low: np.ndarray, high: np.ndarray, axis: int | None
) -> TrainedGrid | None:
    """Whole numbers of ``bits`` with the finest step that reaches both ends of the range
    (``ComputeQuantizationRange`` in quantize_and_dequantize_op.h)."""
    signed = node.attr["signed_input"].b if "signed_input" in node.attr else True
    last = 2 ** (bits - 1) - 1 if signed else 2**bits - 1
    first = -last - int(not node.attr["narrow_range"].b) if signed else 0
    steps = np.maximum(high / np.float32(last), 0)
    if first:
        steps = np.maximum(steps, low / np.float32(first))
    if not (steps > 0).all():
        return None
    count = len(steps)
    return TrainedGrid(tuple(steps.tolist()), (first,) * count, (last,) * count, axis)


def of_whole_tensor(grid: TrainedGrid) -> TrainedGrid:
    """One grid for all channels, which TensorRT wants of activations: with as many numbers, and so
    wide that those of each channel are within."""
    if len(grid.steps) == 1:
        return TrainedGrid(grid.steps, grid.first, grid.last)
    count = max(last - first for first, last in zip(grid.first, grid.last, strict=True))
    step = (grid.high - grid.low) / count
    first = round(grid.low / step)
    return TrainedGrid((step,), (first,), (first + count,))
