"""Which pixel TensorFlow takes for each of an image that is resized to the nearest neighbour.

It computes in float32 (``kernels/image/image_resizer_state.h`` and ``resize_nearest_neighbor_op``
of https://github.com/tensorflow/tensorflow). Where a place falls on the border of two pixels, or
almost, a runtime that divides instead of multiplying, or has more digits, finds the other one.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def nearest(before: int, after: int, centres: str) -> np.ndarray:
    """The pixel that TensorFlow takes for each of the result, int64 ``[after]``.

    Args:
        before, after: pixels of the image and the result along an axis.
        centres: ``half_pixel``, ``align_corners`` or ``asymmetric``, as ONNX calls them.
    """
    places = np.arange(after, dtype=np.float32)
    if centres == "align_corners" and after > 1:
        step = np.float32(before - 1) / np.float32(after - 1)
        found = np.floor((places * step).astype(np.float64) + 0.5)
    else:
        step = np.float32(before) / np.float32(after)
        shift = np.float32(0.5 if centres == "half_pixel" else 0)
        found = np.floor((places + shift) * step)
    return np.clip(found, 0, before - 1).astype(np.int64)


def resize_finds(before: int, after: int, centres: str) -> bool:
    """Whether ONNX' Resize takes the same pixels, in float32 and float64, by division and by
    multiplication."""
    expected = nearest(before, after, centres)
    return all(
        np.array_equal(np.clip(found, 0, before - 1), expected)
        for dtype in (np.float32, np.float64)
        for found in _found(before, after, centres, dtype)
    )


def _found(before: int, after: int, centres: str, dtype: type) -> Iterator[np.ndarray]:
    """What runtimes may find, by the formulas of
    https://onnx.ai/onnx/operators/onnx__Resize.html."""
    places: np.ndarray = np.arange(after, dtype=dtype)
    half = dtype(0.5)
    if centres == "align_corners":
        if after == 1:
            yield np.zeros(1)
            return
        yield np.floor(places * (dtype(before - 1) / dtype(after - 1)) + half)
        yield np.floor(places * dtype(before - 1) / dtype(after - 1) + half)
        return
    factor, step = dtype(after) / dtype(before), dtype(before) / dtype(after)
    if centres == "half_pixel":
        yield np.floor((places + half) / factor - half + half)
        yield np.floor((places + half) * step - half + half)
    else:
        yield np.floor(places / factor)
        yield np.floor(places * step)
