"""The model that a bundle was made from, as one side of the comparison."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from converter.comparison.tolerance import NARROW_FLOATS, TOLERANCES, Tolerance
from converter.export.exported_network import Network
from converter.export.request_answer import Suppression
from converter.heads.base import Head
from converter.inputs.pixels import Pixels
from converter.verification.inner_reference import InnerReference
from converter.verification.tensorflow_reference import FlatGraph, Reference


@dataclass(frozen=True)
class SourceModel:
    """The model in TensorFlow, its exported network, and how pixels and outputs are understood.

    ``flat`` is the TensorFlow graph that was exported: tensors that are no outputs of the
    SavedModel, where a suppression was cut out, are read there. ``float_type`` is the one in which
    the SavedModel computes, and ``flat`` and ``network`` compute in float32. ``suppression`` was
    cut out of it. ``fake_quants`` nodes of a quantization-aware training are taken out of both, as
    they are of the bundle.
    """

    reference: Reference | InnerReference
    network: Network
    head: Head
    pixels: Pixels
    flat: FlatGraph | None = None
    float_type: str = "float32"
    suppression: Suppression | None = None
    fake_quants: int = 0

    @property
    def is_widened(self) -> bool:
        """Whether the network computes in float32 what the SavedModel computes in less."""
        return self.float_type in NARROW_FLOATS and self.flat is not None

    @property
    def tolerance(self) -> Tolerance:
        """How much the bundle may differ from what ``run`` returns."""
        return TOLERANCES["float32" if self.is_widened else self.float_type]

    def run(self, pixels: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Return the outputs of the SavedModel, and those that the head reads, by name, for one
        image. Of a network that is widened, these are TensorFlow's in float32: against them, a
        fault is not hidden by the rounding of a narrower type.

        Args:
            pixels: ``[height, width, channels]``, as the network wants them.
        """
        outputs = self.reference.run(pixels)
        if self.flat is None:
            return outputs, outputs
        inside = [
            output.name
            for output in self.network.outputs
            if self.is_widened or output.name not in outputs
        ]
        values = self.flat.outputs(self.network, pixels, inside) if inside else {}
        return outputs, {**outputs, **values}
