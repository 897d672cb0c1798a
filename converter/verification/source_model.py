"""The model that a bundle was made from, as one side of the comparison."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from converter.export.exported_network import Network
from converter.export.request_answer import Suppression
from converter.heads.base import Head
from converter.inputs.pixels import Pixels
from converter.verification.tensorflow_reference import FlatGraph, Reference


@dataclass(frozen=True)
class SourceModel:
    """The model in TensorFlow, its exported network, and how pixels and outputs are understood.

    ``flat`` is the TensorFlow graph that was exported: tensors that are no outputs of the
    SavedModel, where a suppression was cut out, are read there. ``float_type`` is the narrowest
    in which it computes. ``suppression`` was cut out of it. ``fake_quants`` nodes of a
    quantization-aware training are taken out of both, as they are of the bundle.
    """

    reference: Reference
    network: Network
    head: Head
    pixels: Pixels
    flat: FlatGraph | None = None
    float_type: str = "float32"
    suppression: Suppression | None = None
    fake_quants: int = 0

    def run(self, pixels: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Return the outputs of the SavedModel, and those that the head reads, by name, for one
        image.

        Args:
            pixels: ``[height, width, channels]``, as the network wants them.
        """
        outputs = self.reference.run(pixels)
        inside = [output.name for output in self.network.outputs if output.name not in outputs]
        if inside and self.flat is not None:
            values = self.flat.outputs(self.network, pixels, inside)
            return outputs, {**outputs, **values}
        return outputs, outputs
