"""Pictures at the size of a network's input."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from converter.inputs.dataset import Dataset
from trt_inference.bundles.bundle import Fitting
from trt_inference.inference.frame import Frame
from trt_inference.inference.preprocess import Preprocessor

# So many percent of the pixels may be darker or brighter than the ends.
_REST, _DARK, _BRIGHT = 2, 64, 150


def fitted_pictures(
    dataset: Dataset, size: tuple[int, int], fit: str, most: int
) -> Sequence[np.ndarray]:
    """uint8 ``[height, width, 3]``, BGR: at most ``most``, from all over the data set.

    Args:
        size: height, width in pixels.
        fit: how a picture is brought to this size.
    """
    buffer = np.zeros((*size, 3), np.uint8)
    place = Preprocessor(buffer, Fitting(fit))
    step = max(1, len(dataset.samples) // most)
    pictures = []
    for sample in dataset.samples[::step][:most]:
        place(Frame(sample.read()))
        pictures.append(buffer.copy())
    return pictures


def have_contrast(pictures: Sequence[np.ndarray]) -> bool:
    """Whether there are both dark and bright pixels in them. Others show nothing of a range: 0 to 1
    of pictures between grey and white is what -1 to 1 of ordinary ones is."""
    values = np.concatenate([picture.ravel() for picture in pictures])
    dark, bright = np.percentile(values, (_REST, 100 - _REST))
    return bool(dark <= _DARK and bright >= _BRIGHT)
