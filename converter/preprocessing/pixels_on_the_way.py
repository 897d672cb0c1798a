"""What a graph makes of the pixels before its first layer with weights, found by running it.

Layers for preprocessing have many forms, but nearly all of them add and multiply by constants: two
plain images show by which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from converter.export.exported_network import Network
from converter.export.graph_view import GraphView, canonical, node_of
from converter.verification.tensorflow_reference import FlatGraph

_WITH_WEIGHTS = (
    *("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "Conv2D", "Conv2DBackpropInput", "Conv3D"),
    *("DepthwiseConv2dNative", "Einsum", "FusedBatchNorm", "FusedBatchNormV2"),
    *("FusedBatchNormV3", "MatMul"),
)
_LOOKS_AT_SIZE = ("Assert", "NoOp", "Rank", "Shape", "ShapeN", "Size")
_MOST_TENSORS = 4
_TOLERANCE = 1e-3


def entering_first_layers(view: GraphView, image: str) -> tuple[str, ...]:
    """The tensors that enter the first layers with weights, on all ways of the image."""
    found: dict[str, None] = {}
    order, seen = [node_of(image)], {node_of(image)}
    for name in order:
        for node in view.consumers(name):
            if node.op in _WITH_WEIGHTS:
                found.update((canonical(one), None) for one in node.input if node_of(one) == name)
            elif node.name not in seen and node.op not in _LOOKS_AT_SIZE:
                seen.add(node.name)
                order.append(node.name)
    return tuple(found)[:_MOST_TENSORS]


@dataclass(frozen=True)
class Affine:
    """``value * gain + offset`` for each channel of the image, float64 ``[channels]``."""

    gain: np.ndarray
    offset: np.ndarray

    @property
    def is_identity(self) -> bool:
        """Whether the values stay as they are."""
        return bool(np.allclose(self.gain, 1, 1e-3) and np.all(abs(self.offset) < 1e-3))

    def agrees_with(self, other: Affine) -> bool:
        """Whether the two are the same."""
        return bool(
            np.allclose(self.gain, other.gain, 1e-3)
            and np.allclose(self.offset, other.offset, 1e-3, 1e-6)
        )


class PixelsOnTheWay:
    """The beginning of a graph, up to its first layers with weights."""

    def __init__(self, flat: FlatGraph, network: Network, tensors: Sequence[str]) -> None:
        self._flat, self._network, self._tensors = flat, network, tensors
        self._shape = (*network.input_size, network.image.channels)

    def affine(self, low: float, high: float) -> Affine | None:
        """What the graph does to values from ``low`` to ``high``; None where it is something
        else, or not the same on all ways."""
        if not self._is_affine(low, high):
            return None
        found = [_affine_of(values, low, high) for values in self._of_plain(low, high)]
        known = [one for one in found if one is not None]
        if not known or not all(one.agrees_with(known[0]) for one in known):
            return None
        return known[0]

    def ignores_range(self) -> bool:
        """Whether the same comes out whatever the range is, as behind
        ``tf.image.per_image_standardization``."""
        noise = _noise(0, self._shape)
        one, other = self._run(noise), self._run(noise * 255)
        return all(
            np.ptp(first) > _TOLERANCE and np.allclose(first, second, 0, 0.02 * np.ptp(first))
            for first, second in zip(one, other, strict=True)
        )

    def _is_affine(self, low: float, high: float) -> bool:
        """Whether the result for the middle between two images is that between their results."""
        first, second = (low + (high - low) * _noise(seed, self._shape) for seed in (0, 1))
        if self._flat_takes_whole_numbers:
            first, second = 2 * np.rint(first / 2), 2 * np.rint(second / 2)
        ends = zip(
            self._run(first), self._run(second), self._run((first + second) / 2), strict=True
        )
        return all(
            np.abs((one + other) / 2 - middle).max() <= 3e-3 * max(np.ptp(one), np.ptp(other), 1e-9)
            for one, other, middle in ends
        )

    @property
    def _flat_takes_whole_numbers(self) -> bool:
        return self._network.takes_bytes

    def _of_plain(self, low: float, high: float) -> list[list[np.ndarray]]:
        """For each tensor its values for an image of ``low``, and for those with one channel
        raised to ``high``."""
        images = [np.full(self._shape, low, np.float32)]
        for channel in range(self._shape[-1]):
            raised = images[0].copy()
            raised[..., channel] = high
            images.append(raised)
        return [list(values) for values in zip(*map(self._run, images), strict=True)]

    def _run(self, image: np.ndarray) -> list[np.ndarray]:
        values = self._flat.run(self._network, image.astype(np.float32), self._tensors)
        return [value.astype(np.float64) for value in values]


def _noise(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers from 0 to 1."""
    return np.random.default_rng(seed).random(shape)


def _affine_of(values: Sequence[np.ndarray], low: float, high: float) -> Affine | None:
    """What was done to each channel; None where a value is made of several channels, or where
    one channel becomes several things."""
    base, *raised = values
    changes = np.stack([value - base for value in raised])
    moved = np.abs(changes) > 1e-9
    gains, offsets = [], []
    for channel, change in enumerate(changes):
        alone = moved[channel] & (moved.sum(axis=0) == 1)
        if alone.sum() < 0.5 * moved[channel].sum() or not alone.any():
            return None
        gain = change[alone] / (high - low)
        offset = base[alone] - gain * low
        usual_gain, usual_offset = float(np.median(gain)), float(np.median(offset))
        same = np.isclose(gain, usual_gain, 1e-2)
        if same.mean() < 0.5:  # borders may differ
            return None
        gains.append(usual_gain)
        offsets.append(usual_offset)
    return Affine(np.array(gains), np.array(offsets))
