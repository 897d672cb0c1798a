"""Int8: products with weights on eight bits, by ranges that training or images have shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import onnx

from converter.errors import PrecisionError
from converter.inputs.sample import Sample
from converter.precision.float32_model import Float32Model, short_name
from converter.precision.int8.calibration import calibrate
from converter.precision.int8.compare_schemes import compare_schemes
from converter.precision.int8.int8_graph import (
    QuantizableNode,
    activations,
    find_quantizable_nodes,
    quantize_graph,
)
from converter.precision.int8.trained_ranges import TrainedRange, trained_ranges
from converter.precision.layers import Layer, split_into_layers
from converter.precision.precision_builder import matches_pattern
from converter.precision.precision_kinds import PrecisionKind, PrecisionRequest
from converter.precision.precision_results import Calibration, KeptLayer, TrainedRanges
from trt_inference.bundles.bundle import Bundle

NAME = "int8"


class Int8:
    """See ``PrecisionBuilder``."""

    precision = NAME
    must_keep: tuple[KeptLayer, ...] = ()

    def __init__(
        self,
        source: Float32Model,
        bundle: Bundle,
        calibration: Iterable[Sample] | None,
        method: str,
        keep_float: Sequence[str] = (),
        measured_on: Sequence[Sample] = (),
    ) -> None:
        """
        Args:
            calibration: images to find the ranges on that training did not find; None where there
                are no images.
            method: see ``calibrate``.
            keep_float: patterns of layers that need no ranges, because they stay in float32.
            measured_on: images that show what symmetric scales change of what was trained.

        Raises:
            PrecisionError: nothing can be quantised, or a range is missing.
        """
        self.source = source
        self._places = find_quantizable_nodes(source)
        self.layers = split_into_layers(source, [place.node for place in self._places])
        if not self.layers:
            raise PrecisionError(
                f"{NAME}: the network has no products with float32 weights but those that predict, "
                "which stay in float: use fp16 or fp32"
            )
        places = self._quantized(keep_float)
        known = _known_ranges(source, places, or_wide=calibration is None)
        missing = [name for name in activations(source, places) if name not in known]
        self._ranges = {name: one.reach for name, one in known.items()}
        self.calibration: Calibration | None = None
        if missing and calibration is None:
            raise PrecisionError(
                f"{NAME}: training has found no range for {short_name(missing[0])} "
                f"({len(missing)} of {len(missing) + len(known)}), and there are no images to "
                "calibrate on: give --images with pictures of the robot's camera"
            )
        if missing and calibration is not None:
            found, self.calibration = calibrate(source, missing, bundle, calibration, method)
            self._ranges.update(found)
        self._known, self._bundle, self._measured_on = known, bundle, measured_on

    def _quantized(self, keep_float: Sequence[str]) -> list[QuantizableNode]:
        """The places whose layers no pattern of ``keep_float`` fits."""
        kept = {
            name
            for layer in self.layers
            if any(matches_pattern(layer, pattern) for pattern in keep_float)
            for name in layer.nodes
        }
        return [place for place in self._places if place.node not in kept]

    def trained_in(self, layers: Iterable[Layer]) -> TrainedRanges | None:
        """Return what of the training these layers have, and what symmetric scales change of it;
        None where there was none."""
        source, chosen = self.source, {name for layer in layers for name in layer.nodes}
        if not (self._known or source.trained_weights):
            return None
        places = [place for place in self._places if place.node in chosen]
        needed = activations(source, places)
        known = {name: one for name, one in self._known.items() if name in needed}
        nodes = source.nodes(place.node for place in places if place.axis is not None)
        weights = [source.trained_weights.get(node.input[1]) for node in nodes]
        others = {name: one for name, one in known.items() if one.grid and not one.as_trained}
        widest = max(others.values(), key=lambda one: one.high - one.low, default=None)
        return TrainedRanges(
            activations=len(known),
            calibrated=len(needed) - len(known),
            weights=sum(one is not None and one.is_exact for one in weights),
            asymmetric=len(others),
            example=None if widest is None else (widest.low, widest.high),
            error=self._error(places, known) if others and self._measured_on else None,
        )

    def _error(self, places: Sequence[QuantizableNode], known: Mapping[str, TrainedRange]) -> float:
        """What symmetric scales change."""
        grids = {name: one.grid for name, one in known.items() if one.grid is not None}
        return compare_schemes(
            self.source, self._bundle, places, self._ranges, grids, self._measured_on
        )

    def build(self, layers: Iterable[Layer]) -> onnx.ModelProto:
        """Build a model with QuantizeLinear and DequantizeLinear around the products of these
        layers."""
        chosen = {name for layer in layers for name in layer.nodes}
        return quantize_graph(self.source, self._places, self._ranges, chosen)

    def measurable(self, layers: Iterable[Layer]) -> onnx.ModelProto:
        """Build the same model: its rounding is in the graph."""
        return self.build(layers)


def _known_ranges(
    source: Float32Model, places: Sequence[QuantizableNode], or_wide: bool
) -> dict[str, TrainedRange]:
    """The ranges of training that these places need, and ``or_wide`` ones."""
    found = trained_ranges(source)
    return {
        name: found[name]
        for name in activations(source, places)
        if name in found and (or_wide or not found[name].is_wide)
    }


def has_all_ranges(source: Float32Model) -> bool:
    """Whether training has found every range, so that none is calibrated."""
    places = find_quantizable_nodes(source)
    known = _known_ranges(source, places, or_wide=True)
    return bool(places) and len(known) == len(activations(source, places))


def _prepare(request: PrecisionRequest) -> Int8:
    options, images = request.options, None
    if request.calibration:
        images = request.track(request.calibration, f"calibrate {NAME}")
    return Int8(
        request.source,
        request.bundle,
        images,
        options.method,
        options.keep_float,
        request.held_out,
    )


PRECISION = PrecisionKind(
    NAME,
    largest_loss=0.01,
    calibrates=True,
    always_float32="all but products with weights, and the last of these",
    prepare=_prepare,
    has_all_ranges=has_all_ranges,
)
