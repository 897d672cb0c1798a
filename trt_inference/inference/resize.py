"""Pixels to another size, in the ways of ``Fitting.resize``.

``area`` antialiases where it shrinks, as Pillow and torchvision do for ``bilinear`` and TensorFlow
for ``antialias=True``: each pixel is a mean of the pixels around it, with weights that fall to zero
at a distance of one pixel of the result (a triangle). OpenCV has no such resize, and ``INTER_AREA``
takes long for all but whole-number ratios. Halving is what it does fast, so this is how it is done:

- halve as often as the sides are even and about twice the result remains;
- linear to twice the size of the result, or more often twice where much is left to shrink;
- weights of 1, 4, 1 along each axis, then halve: 1, 5, 5, 1 for each pixel of the result, which is
  the triangle within a few hundredths.

Where it shrinks by less than ``_LEAST``, ``INTER_AREA`` is as fast and as near. What grows along an
axis is linear there.
"""

from typing import List, NamedTuple, Optional, Sequence, Tuple

import cv2
import numpy as np

from trt_inference.bundles.names import AREA

_LEAST = 1.75
# By how much the linear resize may shrink: it looks at two pixels along each axis.
_MOST_LINEAR = 2.2
# 1, 4, 1 in 256ths, with a sum of 1: OpenCV before 4.5 rounds each to 256ths, so that sixths would
# make pictures brighter.
_WEIGHTS = np.array([43, 170, 43], np.float32) / 256


class _Step(NamedTuple):
    """``result`` is written with OpenCV's ``interpolation``, or is the picture before it with
    ``_WEIGHTS`` where that is None."""

    result: np.ndarray
    interpolation: Optional[int]


class Resizer:
    """Resizes pictures of one size and kind into one array. The pictures in between are allocated
    once."""

    def __init__(self, way: str, source: Sequence[int], target: np.ndarray) -> None:
        """
        Args:
            way: ``linear`` or ``area``.
            source: the shape of the pictures, ``[h, w]`` or ``[h, w, channels]``.
            target: uint8 ``[h, w]`` or ``[h, w, channels]``, with as many channels; it is written
                into.
        """
        if way == AREA:
            self._steps = _area_steps(source, target)
        else:
            self._steps = [_Step(target, cv2.INTER_LINEAR)]

    def __call__(self, pixels: np.ndarray) -> None:
        """Resize ``pixels``, uint8 of the shape that was given."""
        for result, interpolation in self._steps:
            if interpolation is None:
                edge = cv2.BORDER_REPLICATE
                cv2.sepFilter2D(pixels, -1, _WEIGHTS, _WEIGHTS, dst=result, borderType=edge)
            elif pixels.shape[:2] == (1, 1):  # OpenCV 4.5.4, that of Ubuntu 22.04, refuses these
                result[...] = pixels
            elif result.shape[:2] == (1, 1):  # and to write into these
                result[...] = cv2.resize(pixels, (1, 1), interpolation=interpolation)
            else:
                size = result.shape[1], result.shape[0]
                cv2.resize(pixels, size, dst=result, interpolation=interpolation)
            pixels = result


def _area_steps(source: Sequence[int], target: np.ndarray) -> List[_Step]:
    height, width = target.shape[:2]
    steps = _halvings(source, (height, width))
    left = steps[-1].result.shape if steps else source
    ratios = left[0] / height, left[1] / width
    if min(ratios) >= _LEAST:
        times = 1
        while max(ratios) > _MOST_LINEAR * 2**times:
            times += 1
        sizes = [(height << power, width << power) for power in range(times, 0, -1)]
        arrays = [_array(size, source) for size in [*sizes, sizes[-1]]]
        ways = [cv2.INTER_LINEAR, *[cv2.INTER_AREA] * (times - 1), None]
        steps += [_Step(array, way) for array, way in zip(arrays, ways)]
        return [*steps, _Step(target, cv2.INTER_AREA)]
    if min(ratios) >= 1:
        return [*steps, _Step(target, cv2.INTER_AREA)]
    if max(ratios) > 1:
        shrunk = min(left[0], height), min(left[1], width)
        steps.append(_Step(_array(shrunk, source), cv2.INTER_AREA))
    return [*steps, _Step(target, cv2.INTER_LINEAR)]


def _halvings(source: Sequence[int], size: Tuple[int, int]) -> List[_Step]:
    """Halve as long as no pixel is left over, and ``_LEAST`` times the ``size`` remains."""
    steps = []
    height, width = source[:2]
    while height % 2 == width % 2 == 0 and min(height / size[0], width / size[1]) >= 2 * _LEAST:
        height, width = height // 2, width // 2
        steps.append(_Step(_array((height, width), source), cv2.INTER_AREA))
    return steps


def _array(size: Tuple[int, int], source: Sequence[int]) -> np.ndarray:
    return np.empty((*size, *source[2:]), np.uint8)
