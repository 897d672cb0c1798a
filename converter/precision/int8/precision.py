"""Int8: products with weights on eight bits, by ranges that were found on images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import onnx

from converter.errors import PrecisionError
from converter.inputs.dataset import Sample
from converter.precision.float32_model import Float32Model
from converter.precision.int8.calibration import calibrate
from converter.precision.int8.int8_graph import activations, find_quantizable_nodes, quantize_graph
from converter.precision.layers import Layer, split_into_layers
from converter.precision.precision_builder import matches_pattern
from converter.precision.precision_kinds import PrecisionKind, PrecisionRequest
from converter.precision.precision_results import Calibration, KeptLayer
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
        calibration: Iterable[Sample],
        method: str,
        keep_float: Sequence[str] = (),
    ) -> None:
        """
        Args:
            calibration: images to find the ranges on.
            method: see ``calibrate``.
            keep_float: patterns of layers that need no ranges, because they stay in float32.

        Raises:
            PrecisionError: nothing can be quantised.
        """
        self.source = source
        self._places = find_quantizable_nodes(source)
        self.layers = split_into_layers(source, [place.node for place in self._places])
        if not self.layers:
            raise PrecisionError(
                f"{NAME}: the network has no products with float32 weights but those that predict, "
                "which stay in float: use fp16 or fp32"
            )
        kept = {
            name
            for layer in self.layers
            if any(matches_pattern(layer, pattern) for pattern in keep_float)
            for name in layer.nodes
        }
        tensors = activations(source, [place for place in self._places if place.node not in kept])
        self._ranges, found = calibrate(source, tensors, bundle, calibration, method)
        self.calibration: Calibration | None = found

    def build(self, layers: Iterable[Layer]) -> onnx.ModelProto:
        """Build a model with QuantizeLinear and DequantizeLinear around the products of these
        layers."""
        chosen = {name for layer in layers for name in layer.nodes}
        return quantize_graph(self.source, self._places, self._ranges, chosen)

    def measurable(self, layers: Iterable[Layer]) -> onnx.ModelProto:
        """Build the same model: its rounding is in the graph."""
        return self.build(layers)


def _prepare(request: PrecisionRequest) -> Int8:
    images = request.track(request.calibration, f"calibrate {NAME}")
    options = request.options
    return Int8(request.source, request.bundle, images, options.method, options.keep_float)


PRECISION = PrecisionKind(
    NAME,
    largest_loss=0.01,
    calibrates=True,
    always_float32="all but products with weights, and the last of these",
    prepare=_prepare,
)
