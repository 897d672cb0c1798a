"""The input stage: a camera's uint8 BGR image → what the network was trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx

from converter.graph.text import floats, model_from_text

INPUT = "image"
OUTPUT = "pixels"


@dataclass(frozen=True)
class Pixels:
    """What the network expects: ``(value * scale - mean) / std`` in ``channels`` order.

    ``value`` is 0 to 255; ``mean`` and ``std`` have one number for each of the network's
    channels, in its order.
    """

    channels: str = "rgb"
    scale: float = 1 / 255
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def apply(self, image: np.ndarray) -> np.ndarray:
        """The same in NumPy: uint8 ``[..., 3]`` BGR → float32 ``[..., 3]``."""
        ordered = image[..., ::-1] if self.channels == "rgb" else image
        values = ordered.astype(np.float32) * np.float32(self.scale)
        return ((values - self.mean) / self.std).astype(np.float32)


def input_stage(height: int, width: int, pixels: Pixels, opset: int) -> onnx.ModelProto:
    """uint8 ``image [N, height, width, 3]`` → float32 ``pixels`` of the same shape.

    The work is done on whole planes, between two transpositions: the second cancels the one with
    which an exported TensorFlow network begins, and picking planes is twelve times faster in
    ONNX Runtime than swapping the channels of each pixel.
    """
    order = "2, 1, 0" if pixels.channels == "rgb" else "0, 1, 2"
    scale = np.float32(pixels.scale) / np.asarray(pixels.std, np.float32)
    offset = -np.asarray(pixels.mean, np.float32) / np.asarray(pixels.std, np.float32)
    return model_from_text(
        opset,
        f"""
        input_stage (uint8[N, {height}, {width}, 3] {INPUT})
            => (float[N, {height}, {width}, 3] {OUTPUT})
        <int64[3] order = {{{order}}},
         float[3, 1, 1] scale = {{{floats(scale)}}},
         float[3, 1, 1] offset = {{{floats(offset)}}}>
        {{
            values = Cast <to = 1> ({INPUT})
            planes = Transpose <perm = [0, 3, 1, 2]> (values)
            ordered = Gather <axis = 1> (planes, order)
            scaled = Mul (ordered, scale)
            normalised = Add (scaled, offset)
            {OUTPUT} = Transpose <perm = [0, 2, 3, 1]> (normalised)
        }}
        """,
    )
