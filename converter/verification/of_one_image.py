"""What of TensorFlow's outputs belongs to one image."""

from __future__ import annotations

import numpy as np

from converter.inputs.image_input import ImageInput
from converter.onnx_tools.model_inputs_outputs import has_batch


def of_one_image(array: np.ndarray, image: ImageInput) -> np.ndarray:
    """The part of an output that belongs to one image, with an axis for the batch. Floats are
    float32, as those of a bundle."""
    if array.dtype.kind == "f" or array.dtype.name == "bfloat16":
        array = array.astype(np.float32, copy=False)
    if image.batch > 1 and array.ndim and array.shape[0] == image.batch:
        return array[:1]
    if image.layout.startswith("N") or image.encoded or has_batch(array.shape):
        return array
    return array[None]
