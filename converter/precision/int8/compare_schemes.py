"""What symmetric scales change where training rounded asymmetrically."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from converter.inputs.sample import Sample
from converter.onnx_tools.trained_grids import TrainedGrid
from converter.precision.float32_model import Float32Model
from converter.precision.int8.int8_graph import QuantizableNode, quantize_graph
from converter.precision.model_engine import ModelEngine, watch
from converter.precision.sensitivity import IMAGES, relative_error
from trt_inference.bundles.bundle import Bundle


def compare_schemes(
    source: Float32Model,
    bundle: Bundle,
    places: Sequence[QuantizableNode],
    ranges: Mapping[str, float],
    grids: Mapping[str, TrainedGrid],
    samples: Sequence[Sample],
) -> float:
    """Return the difference that it makes of boxes and scores; see ``TrainedRanges.error``.

    Args:
        ranges: of all activations, symmetric.
        grids: those of activations that training rounded otherwise.
        samples: images; the first few are taken.
    """
    chosen = {place.node for place in places}
    found = []
    for as_trained in (grids, {}):
        model = quantize_graph(source, places, ranges, chosen, as_trained)
        engine = ModelEngine(model, bundle, source.outputs)
        found.append([values for _, values in watch(engine, bundle, samples[:IMAGES])])
    trained, symmetric = found
    return relative_error(trained, symmetric)
