"""Which layers suffer most from being narrow: each one alone, everything else in float32."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import onnx

from converter.inputs.dataset import Sample
from converter.precision.layers import Layer
from converter.precision.model_engine import ModelEngine, watch
from converter.precision.precision_protocol import Narrowing
from converter.precision.precision_results import Sensitivity
from trt_inference.bundles.bundle import Bundle

# So many show the order of the layers.
IMAGES = 16

TrackLayers = Callable[[Sequence[Layer], str], Iterable[Layer]]
ImageOutputs = Sequence[Mapping[str, np.ndarray]]


def measure_sensitivity(
    narrowing: Narrowing, bundle: Bundle, samples: Sequence[Sample], track: TrackLayers
) -> tuple[Sensitivity, ...]:
    """The layers of ``narrowing``, the most sensitive first.

    Args:
        samples: images that are not those of the final judgement; the first few are taken.
    """
    samples = samples[:IMAGES]
    reference = _outputs(narrowing.source.model, narrowing, bundle, samples)
    found = []
    for layer in track(narrowing.layers, f"try the layers of {narrowing.precision} one by one"):
        given = _outputs(narrowing.measurable([layer]), narrowing, bundle, samples)
        found.append(Sensitivity(layer.name, relative_error(reference, given)))
    return tuple(sorted(found, key=lambda one: -one.error))


def _outputs(
    model: onnx.ModelProto, narrowing: Narrowing, bundle: Bundle, samples: Sequence[Sample]
) -> ImageOutputs:
    engine = ModelEngine(model, bundle, narrowing.source.outputs)
    return [values for _, values in watch(engine, bundle, samples)]


def relative_error(reference: ImageOutputs, given: ImageOutputs) -> float:
    """The root mean square difference as a fraction of the reference's root mean square, of the
    output for which it is largest, over all images. Infinite where something is not finite."""
    return max((_of_output(name, reference, given) for name in reference[0]), default=0.0)


def _of_output(name: str, reference: ImageOutputs, given: ImageOutputs) -> float:
    wanted = np.stack([one[name] for one in reference]).astype(np.float64)
    found = np.stack([one[name] for one in given]).astype(np.float64)
    if not np.isfinite(found).all():
        return float("inf")
    power = float(np.mean(wanted**2))
    error = float(np.mean((found - wanted) ** 2))
    return float(np.sqrt(error / power)) if power else float(np.sqrt(error))
