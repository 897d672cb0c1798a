"""Find the layers that lose most when they are narrowed: each alone, all else in float32."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import onnx

from converter.inputs.sample import Sample
from converter.precision.layers import Layer
from converter.precision.model_engine import ModelEngine, watch
from converter.precision.precision_builder import PrecisionBuilder
from converter.precision.precision_results import Sensitivity
from trt_inference.bundles.bundle import Bundle

# So many show the order of the layers.
IMAGES = 16

TrackLayers = Callable[[Sequence[Layer], str], Iterable[Layer]]
ImageOutputs = Sequence[Mapping[str, np.ndarray]]


def measure_sensitivity(
    builder: PrecisionBuilder, bundle: Bundle, samples: Sequence[Sample], track: TrackLayers
) -> tuple[Sensitivity, ...]:
    """Measure the layers of ``builder``; the most sensitive comes first.

    Args:
        samples: images that are not those of the final judgement; the first few are taken.
    """
    samples = samples[:IMAGES]
    reference = _outputs(builder.source.model, builder, bundle, samples)
    found = []
    for layer in track(builder.layers, f"try the layers of {builder.precision} one by one"):
        given = _outputs(builder.measurable([layer]), builder, bundle, samples)
        found.append(Sensitivity(layer.name, relative_error(reference, given)))
    return tuple(sorted(found, key=lambda one: -one.error))


def _outputs(
    model: onnx.ModelProto, builder: PrecisionBuilder, bundle: Bundle, samples: Sequence[Sample]
) -> ImageOutputs:
    engine = ModelEngine(model, bundle, builder.source.outputs)
    return [values for _, values in watch(engine, bundle, samples)]


def relative_error(reference: ImageOutputs, given: ImageOutputs) -> float:
    """Return the root mean square difference as a fraction of the reference's root mean square,
    for the output where it is largest, over all images. Infinite where something is not finite."""
    return max((_of_output(name, reference, given) for name in reference[0]), default=0.0)


def _of_output(name: str, reference: ImageOutputs, given: ImageOutputs) -> float:
    wanted = np.stack([one[name] for one in reference]).astype(np.float64)
    found = np.stack([one[name] for one in given]).astype(np.float64)
    if not np.isfinite(found).all():
        return float("inf")
    power = float(np.mean(wanted**2))
    error = float(np.mean((found - wanted) ** 2))
    return float(np.sqrt(error / power)) if power else float(np.sqrt(error))
