"""Ranges of activations that quantization-aware training has found, where the int8 scheme needs
them: a layer that only picks or moves values has the range of what it is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import onnx
from onnx import numpy_helper

from converter.onnx_tools.trained_grids import TrainedGrid
from converter.precision.float32_model import Float32Model
from converter.precision.trained_weights import HIGHEST, held_by_int8

_MOVES = (
    "Transpose",
    "Reshape",
    "Squeeze",
    "Unsqueeze",
    "Flatten",
    "Identity",
    "Slice",
    "Split",
    "Gather",
    "Expand",
    "Tile",
    "DepthToSpace",
    "SpaceToDepth",
    "MaxPool",
    "GlobalMaxPool",
    "ReduceMax",
)
# Means of values lie within their range, but may take only a small part of it.
_MEANS = ("AveragePool", "Resize")
_MEANS_OF_ALL = ("GlobalAveragePool", "ReduceMean")
# As many as eight bits have: with fewer, a tensor on more numbers is no worse.
_ALL_STEPS = 254


@dataclass(frozen=True)
class TrainedRange:
    """Where the values of a tensor lie, by the training.

    Attributes:
        low, high: the lowest and the highest value.
        grid: the numbers that they were rounded to; None where they are not on it any more.
        is_wide: they may take only a small part of the range.
    """

    low: float
    high: float
    grid: TrainedGrid | None = None
    is_wide: bool = False

    @property
    def as_trained(self) -> bool:
        """Whether int8 can have the very numbers that training rounded to, see ``held_by_int8``."""
        grid = self.grid
        if grid is None or grid.last[0] - grid.first[0] < _ALL_STEPS:
            return False
        return held_by_int8(grid)

    @property
    def reach(self) -> float:
        """The absolute value that becomes 127."""
        if self.grid is not None and self.as_trained:
            return self.grid.steps[0] * HIGHEST
        return max(-self.low, self.high)


def trained_ranges(source: Float32Model) -> dict[str, TrainedRange]:
    """Return the ranges of all tensors of which training shows them."""
    found: dict[str, TrainedRange] = {}
    constants = {one.name: one for one in source.model.graph.initializer}
    for node in source.model.graph.node:
        passed = _passed_on(node, found, constants)
        for name in node.output:
            if name in source.trained:
                found[name] = _own(node, source.trained[name], constants)
            elif passed is not None:
                found[name] = passed
    return found


def _own(
    node: onnx.NodeProto, grid: TrainedGrid, constants: Mapping[str, onnx.TensorProto]
) -> TrainedRange:
    """The range of the output of ``node``, which training rounded to ``grid``."""
    own = TrainedRange(grid.low, grid.high, grid)
    return _clipped(own, *_limits(node, constants))


def _passed_on(
    node: onnx.NodeProto,
    found: Mapping[str, TrainedRange],
    constants: Mapping[str, onnx.TensorProto],
) -> TrainedRange | None:
    """The range of what a node gives, by the ranges of what it takes."""
    kind = node.op_type
    if kind == "Concat":
        return _hull([found.get(name) for name in node.input])
    given = found.get(node.input[0]) if node.input else None
    if given is None:
        return None
    if kind in ("Relu", "Clip"):
        return _clipped(given, *_limits(node, constants))
    if kind in (*_MEANS, *_MEANS_OF_ALL) and not _is_cubic(node):
        return replace(given, grid=None, is_wide=given.is_wide or kind in _MEANS_OF_ALL)
    if kind in _MOVES or (kind == "Pad" and _pads_with_zeros(node, constants)):
        return given
    return None


def _limits(node: onnx.NodeProto, constants: Mapping[str, onnx.TensorProto]) -> tuple[float, float]:
    """Between which values all outputs of a node are."""
    if node.op_type == "Relu":
        return 0.0, np.inf
    if node.op_type != "Clip":
        return -np.inf, np.inf
    given = [constants.get(name) for name in [*node.input, "", ""][1:3]]
    values = [None if one is None else float(numpy_helper.to_array(one)) for one in given]
    low, high = values
    return -np.inf if low is None else low, np.inf if high is None else high


def _clipped(given: TrainedRange, low: float, high: float) -> TrainedRange:
    return replace(given, low=max(given.low, min(low, 0.0)), high=min(given.high, max(high, 0.0)))


def _hull(given: Iterable[TrainedRange | None]) -> TrainedRange | None:
    """The range of all of them together; None where one is not known."""
    known = list(given)
    parts = [one for one in known if one is not None]
    if len(parts) != len(known) or not parts:
        return None
    low, high = min(one.low for one in parts), max(one.high for one in parts)
    grid = parts[0].grid if all(one.grid == parts[0].grid for one in parts) else None
    return TrainedRange(low, high, grid, any(one.is_wide for one in parts))


def _pads_with_zeros(node: onnx.NodeProto, constants: Mapping[str, onnx.TensorProto]) -> bool:
    """Whether a Pad adds nothing that is out of a range, which always has 0."""
    mode = next((one.s for one in node.attribute if one.name == "mode"), b"constant")
    name = node.input[2] if len(node.input) > 2 else ""
    value = constants.get(name)
    zero = not name or (value is not None and not numpy_helper.to_array(value).any())
    return mode != b"constant" or zero


def _is_cubic(node: onnx.NodeProto) -> bool:
    """Whether a resize may overshoot."""
    return any(one.name == "mode" and one.s == b"cubic" for one in node.attribute)
