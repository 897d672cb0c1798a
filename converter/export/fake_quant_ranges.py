"""What a FakeQuant node of TensorFlow rounds to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from converter.export.nodes import become_identity
from converter.inputs.quiet_tensorflow import tensorflow
from converter.onnx_tools.trained_grids import TrainedGrid

WITH_ARGUMENTS = "FakeQuantWithMinMaxArgs"
WITH_VARIABLES = "FakeQuantWithMinMaxVars"
PER_CHANNEL = "FakeQuantWithMinMaxVarsPerChannel"
FAKE_QUANT = (WITH_ARGUMENTS, WITH_VARIABLES, PER_CHANNEL)


def become_identities(nodes: Iterable[Any]) -> None:
    """Let the FakeQuant nodes of a graph hand on what they are given."""
    for node in nodes:
        if node.op in FAKE_QUANT:
            waits = [name for name in node.input if name.startswith("^")]
            become_identity(node, node.input[0], tensorflow().float32.as_datatype_enum)
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


def own_range(node: Any) -> tuple[np.ndarray, np.ndarray] | None:
    """The lowest and highest value where attributes of the node give them."""
    if node.op != WITH_ARGUMENTS:
        return None
    given = {name: node.attr[name].f for name in ("min", "max") if name in node.attr}
    low, high = given.get("min", -6.0), given.get("max", 6.0)
    return np.array([low], np.float32), np.array([high], np.float32)


def grid_of(node: Any, low: np.ndarray, high: np.ndarray) -> TrainedGrid | None:
    """The numbers that ``node`` gives; None where it has no range, as before any training.

    The range is moved so that 0 is among them, as TensorFlow's kernels do it in float32 (``Nudge``
    in fake_quant_ops_functor.h).

    Args:
        low, high: float32, one for all values or one for each channel on the last axis.
    """
    bits = int(node.attr["num_bits"].i) if "num_bits" in node.attr else 8
    lowest, highest = int(node.attr["narrow_range"].b), 2**bits - 1
    low, high = (np.asarray(one, np.float32).reshape(-1) for one in (low, high))
    if not (np.isfinite(low).all() and np.isfinite(high).all() and (low < high).all()):
        return None
    steps = (high - low) / np.float32(highest - lowest)
    zero = np.clip(np.float32(lowest) - low / steps, lowest, highest)
    zeros = np.floor(zero + np.float32(0.5)).astype(np.int64)
    first, last = lowest - zeros, highest - zeros
    axis = -1 if node.op == PER_CHANNEL else None
    return TrainedGrid(tuple(steps.tolist()), tuple(first.tolist()), tuple(last.tolist()), axis)


def of_whole_tensor(grid: TrainedGrid) -> TrainedGrid:
    """One grid for all channels, which TensorRT wants of activations: with as many numbers, and so
    wide that those of each channel are within."""
    if len(grid.steps) == 1:
        return TrainedGrid(grid.steps, grid.first, grid.last)
    count = max(last - first for first, last in zip(grid.first, grid.last, strict=True))
    step = (grid.high - grid.low) / count
    first = round(grid.low / step)
    return TrainedGrid((step,), (first,), (first + count,))
