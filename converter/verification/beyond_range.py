"""Find the first layer whose values a narrow float type cannot hold."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from converter.export.unsupported import layer_of
from converter.inputs.quiet_tensorflow import tensorflow
from converter.inputs.sample import Sample
from converter.verification.source_model import SourceModel

_MOST_IMAGES = 20


def first_beyond_range(source: SourceModel, samples: Iterable[Sample]) -> str:
    """Return a sentence that names the layer, for the first image in which there is one; without
    one, that there is none."""
    limit = float(tensorflow().dtypes.as_dtype(source.float_type).max)
    for _, sample in zip(range(_MOST_IMAGES), samples, strict=False):
        for tensor, largest in _largest_values(source, sample.read()).items():
            if not largest <= limit:
                return (
                    f"Values of layer {layer_of(tensor)} reach {largest:.3g} in float32 on "
                    f"{sample.name}, and {source.float_type} ends at {limit:.0f}."
                )
    return f"No layer reaches the end of {source.float_type}, {limit:.3g}."


def _largest_values(source: SourceModel, frame: np.ndarray) -> dict[str, float]:
    """The largest absolute value of every tensor that the exported network has too, in its
    order; NaN where one is NaN."""
    network, flat = source.network, source.flat
    if flat is None:
        return {}
    pixels = source.pixels.apply(cv2.resize(frame, network.input_size[::-1]))
    made = (name for node in network.model.graph.node for name in node.output)
    names = [name for name in made if ":" in name and name.partition(":")[0] in flat.nodes]
    values = flat.run(network, pixels, names)
    return {
        name: float(np.abs(value).max(initial=0))
        for name, value in zip(names, values, strict=True)
        if value.dtype == np.float32
    }
