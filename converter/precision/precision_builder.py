"""What all precisions have in common: a model for each choice of layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Protocol

import onnx

from converter.errors import PrecisionError
from converter.precision.float32_model import Float32Model, short_name
from converter.precision.layers import Layer
from converter.precision.precision_results import Calibration, KeptLayer, TrainedRanges


class PrecisionBuilder(Protocol):
    """Builds the models of one precision of one network.

    Attributes:
        precision: its name in the bundle.
        source: the model in float32.
        layers: those that are narrowed, in the order of execution.
        must_keep: those that cannot be.
        calibration: how its ranges were found, where it has any.
    """

    precision: str
    source: Float32Model
    layers: tuple[Layer, ...]
    must_keep: tuple[KeptLayer, ...]
    calibration: Calibration | None

    def build(self, layers: Iterable[Layer]) -> onnx.ModelProto:
        """Build the model for the bundle, with these layers narrowed and all others in float32."""

    def trained_in(self, layers: Iterable[Layer]) -> TrainedRanges | None:
        """Return what these layers have of quantization-aware training; None where there was
        none."""

    def measurable(self, layers: Iterable[Layer]) -> onnx.ModelProto:
        """Build the same so that ONNX Runtime's CPU computes what a GPU will."""


@dataclass(frozen=True)
class LayerChoice:
    """Layers that are narrowed, and those that are not, by the user's wish or a measurement."""

    narrowed: tuple[Layer, ...]
    kept: tuple[KeptLayer, ...] = ()


def choose_layers(builder: PrecisionBuilder, patterns: Iterable[str]) -> LayerChoice:
    """Choose all layers but those that fit one of ``patterns``.

    Raises:
        PrecisionError: nothing is left.
    """
    fitting = [
        layer for layer in builder.layers if any(matches_pattern(layer, one) for one in patterns)
    ]
    return without(builder, {layer.name: "asked for by --keep-float" for layer in fitting})


def check_patterns(builders: Sequence[PrecisionBuilder], patterns: Iterable[str]) -> None:
    """Check that each pattern fits a layer of one of the precisions.

    Raises:
        PrecisionError: a pattern fits none; with the layers that there are.
    """
    layers = [layer for builder in builders for layer in builder.layers]
    wrong = [one for one in patterns if not any(matches_pattern(layer, one) for layer in layers)]
    if wrong and layers:
        names = dict.fromkeys(layer.name for layer in layers)
        raise PrecisionError(
            f"--keep-float: no layer fits '{wrong[0]}'. The layers are {', '.join(names)}"
        )


def matches_pattern(layer: Layer, pattern: str) -> bool:
    """Whether a layer, or a node in it, has a name that fits; ``*`` stands for anything."""
    names = (layer.name, *(short_name(node) for node in layer.nodes))
    return any(fnmatchcase(name, pattern) for name in names)


def without(builder: PrecisionBuilder, kept: Mapping[str, str]) -> LayerChoice:
    """Choose all layers but those in ``kept``, which maps their names to the reasons.

    Raises:
        PrecisionError: nothing is left.
    """
    names = [layer.name for layer in builder.layers]
    narrowed = tuple(layer for layer in builder.layers if layer.name not in kept)
    if not narrowed:
        raise PrecisionError(
            f"{builder.precision}: every layer would stay in float32. Keep fewer, or use fp32"
        )
    return LayerChoice(
        narrowed, tuple(KeptLayer(name, kept[name]) for name in names if name in kept)
    )
