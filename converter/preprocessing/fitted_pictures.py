"""Pictures at the size of a network's input."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from converter.inputs.dataset import Dataset
from trt_inference.bundles.bundle import Fitting
from trt_inference.inference.frame import Frame
from trt_inference.inference.preprocess import Preprocessor

PAD_VALUE = 114


def fitted_pictures(
    dataset: Dataset, size: tuple[int, int], fit: str, most: int
) -> Sequence[np.ndarray]:
    """uint8 ``[height, width, 3]``, BGR: at most ``most``, from all over the data set.

    Args:
        size: height, width in pixels.
        fit: how a picture is brought to this size.
    """
    buffer = np.zeros((*size, 3), np.uint8)
    place = Preprocessor(buffer, Fitting(fit, PAD_VALUE))
    step = max(1, len(dataset.samples) // most)
    pictures = []
    for sample in dataset.samples[::step][:most]:
        place(Frame(sample.read()))
        pictures.append(buffer.copy())
    return pictures
