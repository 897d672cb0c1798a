"""Masks of classes and heatmaps of points differ in shape: a mask is flat and steep at its border,
a heatmap falls off around a peak, mostly as a Gaussian, https://arxiv.org/abs/1603.06937.

Of a Gaussian of any width, 15 % of the cells above 0.5 are above 0.9; of a mask nearly all are.
"""

from __future__ import annotations

import numpy as np

_HALF, _HIGH = 0.5, 0.9
_FLAT = 0.4  # so many of the cells above a half are in a plateau
_BESIDE = 2  # cells beside it are high too: the least in a line, while a narrow peak has none
# Maps for the points of a person have discs instead of Gaussians in some models,
# https://arxiv.org/abs/1803.08225: in each map one of the same area.
_FEWEST_POINTS, _ALIKE = 13, 0.25
_AGREE = 0.99  # of a map of the best class with the scores, but for ties


def have_plateaus(chances: np.ndarray) -> bool:
    """Whether ``[images, h, w, channels]`` in [0, 1] are high in regions, lines at least, not in
    peaks, nor in one disc of the same area for each of many points."""
    above = chances > _HALF
    if not above.any() or _are_discs(above.sum(axis=(1, 2))):
        return False
    high = chances > _HIGH
    padded = np.pad(high, ((0, 0), (1, 1), (1, 1), (0, 0)))
    beside = sum(
        part.astype(np.uint8)
        for part in (
            padded[:, :-2, 1:-1],
            padded[:, 2:, 1:-1],
            padded[:, 1:-1, :-2],
            padded[:, 1:-1, 2:],
        )
    )
    return float((high & (beside >= _BESIDE)).sum()) >= _FLAT * float(above.sum())


def _are_discs(areas: np.ndarray) -> bool:
    """Whether of the areas ``[images, channels]`` many are not empty, and nearly all the same."""
    seen = areas[areas > 0]
    middle = float(np.median(seen))
    alike = np.abs(seen - middle) <= _ALIKE * middle
    return len(seen) >= _FEWEST_POINTS * len(areas) and float(alike.mean()) > _HALF


def is_best_of(scores: np.ndarray, numbers: np.ndarray) -> bool:
    """Whether another output has for each cell the number of the highest of ``scores``, ``[images,
    h, w, channels]``, which are those of classes then."""
    best = scores.argmax(axis=-1)
    if numbers.size != best.size or numbers.dtype.kind not in "iuf":
        return False
    return best.max() > best.min() and float(np.mean(numbers.reshape(-1) == best.ravel())) >= _AGREE
