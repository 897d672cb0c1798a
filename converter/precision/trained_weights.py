"""Weights on eight bits as quantization-aware training has rounded them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx

from converter.onnx_tools.trained_grids import TrainedGrid
from converter.precision.fold_batch_norm import ScaledWeights

LOWEST, HIGHEST = -128, 127


@dataclass(frozen=True)
class TrainedWeights:
    """Weights as whole numbers times scales.

    Attributes:
        levels: int8.
        scales: float32, one for each channel on ``axis``, or a single one.
        axis: None where there is a single one.
        is_exact: whether they are the very numbers that training rounded them to.
    """

    levels: np.ndarray
    scales: np.ndarray
    axis: int | None
    is_exact: bool = True

    def scales_along(self, axis: int) -> np.ndarray | None:
        """Return the scales of the channels on ``axis``; None where they are of another axis."""
        if self.axis not in (None, axis):
            return None
        return np.broadcast_to(self.scales, self.levels.shape[axis])


def trained_weights(
    graph: onnx.GraphProto, grids: Mapping[str, TrainedGrid]
) -> dict[str, TrainedWeights]:
    """Round the weights in ``graph`` as training did."""
    return {
        tensor.name: _rounded(onnx.numpy_helper.to_array(tensor), grids[tensor.name])
        for tensor in graph.initializer
        if tensor.name in grids
    }


def held_by_int8(grid: TrainedGrid) -> bool:
    """Whether int8 with a zero point of 0 has all numbers of ``grid``, or all but the highest: of
    -1 to 1 in 255 steps, TensorFlow makes -127 to 128 of them."""
    return min(grid.first) >= LOWEST and max(grid.last) <= HIGHEST + 1


def _rounded(values: np.ndarray, grid: TrainedGrid) -> TrainedWeights:
    """On the numbers of the training; of a channel that has more of them than int8 on one side of
    0, as 0 to 1 in 255 steps has, on the nearest numbers with the same end."""
    steps, first, last = (np.array(one, np.float64) for one in (grid.steps, grid.first, grid.last))
    most = np.maximum(-first, last)
    held = (first >= LOWEST) & (last <= HIGHEST + 1)
    scales = np.where(held, steps, steps * most / HIGHEST)
    shape = [1] * values.ndim
    if grid.axis is not None:
        shape[grid.axis] = -1
    whole = np.rint(grid.levels(values) * (steps / scales).reshape(shape))
    is_exact = held_by_int8(grid) and bool((whole <= HIGHEST).all())
    kept = np.clip(whole, LOWEST, HIGHEST).astype(np.int8)
    return TrainedWeights(kept, scales.astype(np.float32), grid.axis, is_exact)


def scale_trained(
    weights: Mapping[str, TrainedWeights], scaled: Mapping[str, ScaledWeights]
) -> dict[str, TrainedWeights]:
    """Follow weights that were multiplied by one number for each channel."""
    found = dict(weights)
    for name, made in scaled.items():
        trained = weights.get(made.origin)
        if trained is not None and trained.axis in (None, made.axis):
            found[name] = _scaled(trained, made)
    return found


def _scaled(trained: TrainedWeights, made: ScaledWeights) -> TrainedWeights:
    shape = [1] * trained.levels.ndim
    shape[made.axis] = -1
    levels = trained.levels * np.sign(made.factors).astype(np.int16).reshape(shape)
    scales = np.broadcast_to(trained.scales * np.abs(made.factors), levels.shape[made.axis])
    kept = np.clip(levels, LOWEST, HIGHEST).astype(np.int8)  # which has no 128
    return TrainedWeights(kept, scales.astype(np.float32), made.axis, trained.is_exact)
