"""What differs between two sides that give each pixel a class."""

from collections.abc import Iterator

import cv2
import numpy as np

from converter.errors import ReplayError
from converter.replay.differences.difference import (
    LOST,
    NEW,
    OTHER_CLASS,
    Difference,
    FoundThing,
    ImageDifferences,
)
from converter.replay.differences.difference_limits import DifferenceLimits
from trt_inference.inference.results import OUTSIDE, Segmentation

_NUMBERS = 256  # of a uint8
_SIZES, _RANGES = [_NUMBERS] * 2, [0, _NUMBERS] * 2
# Pixels at a time: OpenCV counts in float32, where whole numbers end at 2^24. It takes half of the
# time of NumPy, and lets other threads run.
_MOST_COUNTED = 1 << 24
# A class of which less than a tenth is left is as good as gone.
_GONE = 10
_ROUNDING = 1e-12


def differences_of_pixels(
    before: Segmentation, after: Segmentation, limits: DifferenceLimits
) -> ImageDifferences:
    """Count the pixels that each side gives to each class, and name what has changed.

    What counts is a pixel: ``before``, ``after`` and ``matched`` are pixels of each class, and a
    pixel is matched if both sides give it the same one. Pixels that one side has not looked at
    (``OUTSIDE``) are left out, and shares are parts of the rest, "the image" below.

    A difference is what a person would point at, of which there are few in an image:

    - A class is ``LOST`` if it covers ``class_share`` of the image in the baseline, and in the
      candidate less than a tenth of that; ``NEW`` the other way round. It weighs 1 and its share,
      for a small thing that has vanished matters more than the edge of a large one.
    - Of the pixels that went from one class to another and to which neither applies: for each class
      that has lost or won more than ``changed_share`` of the image, ``OTHER_CLASS`` names the class
      that has most of these pixels on the other side. It weighs the share of the pixels that went
      from the one to the other, which is the score of both things.

    An image in which no class has lost or won so much does not differ: at the edges of things a few
    pixels always change. The sums of pixels have them nevertheless.

    Raises:
        ReplayError: the two class maps have different sizes.
    """
    table = _pixels_of_pairs(before.class_map, after.class_map)
    pixels = max(1, int(table.sum()))
    differences = sorted(_differences(table, pixels, limits), key=lambda one: -one.weight)
    ones, others = table.sum(axis=1), table.sum(axis=0)
    size = int(np.flatnonzero(ones + others).max(initial=-1)) + 1
    counts = (ones, others, table.diagonal())
    return ImageDifferences(tuple(differences), *(one[:size].astype(np.float64) for one in counts))


def _pixels_of_pairs(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """How many pixels have the class of the row in ``before`` and that of the column in ``after``,
    int ``[255, 255]``."""
    if before.shape != after.shape:
        raise ReplayError(
            f"the class map of the baseline has {_size(before)} pixels and that of the candidate "
            f"{_size(after)}: only maps of one size can be compared, that of the image. Replay the "
            "bundle that was recorded instead of what was published (--against)"
        )
    table = np.zeros((_NUMBERS, _NUMBERS), np.int64)
    rows = max(1, _MOST_COUNTED // max(1, before.shape[1]))
    for start in range(0, len(before), rows):
        parts = [side[start : start + rows] for side in (before, after)]
        table += cv2.calcHist(parts, [0, 1], None, _SIZES, _RANGES).astype(np.int64)
    return table[:OUTSIDE, :OUTSIDE]  # what is outside is the last one


def _differences(table: np.ndarray, pixels: int, limits: DifferenceLimits) -> Iterator[Difference]:
    ones, others = table.sum(axis=1), table.sum(axis=0)
    is_lost = _has_vanished(ones, others, pixels, limits)
    is_new = _has_vanished(others, ones, pixels, limits)
    for class_id in np.flatnonzero(is_lost).tolist():
        thing, rest = (_share(class_id, side[class_id] / pixels) for side in (ones, others))
        yield Difference(LOST, 1 + thing.score, thing, rest if rest.score else None)
    for class_id in np.flatnonzero(is_new).tolist():
        thing = _share(class_id, others[class_id] / pixels)
        yield Difference(NEW, 1 + thing.score, None, thing)
    changed = table * ~is_lost[:, None] * ~is_new[None, :]
    np.fill_diagonal(changed, 0)
    least = limits.changed_share + _ROUNDING
    losers, winners = (np.flatnonzero(changed.sum(axis=axis) / pixels > least) for axis in (1, 0))
    pairs = {(int(one), int(changed[one].argmax())) for one in losers}
    pairs |= {(int(changed[:, one].argmax()), int(one)) for one in winners}
    for one, other in sorted(pairs):
        share = float(changed[one, other] / pixels)
        yield Difference(OTHER_CLASS, share, _share(one, share), _share(other, share))


def _has_vanished(
    ones: np.ndarray, others: np.ndarray, pixels: int, limits: DifferenceLimits
) -> np.ndarray:
    """Which classes are in the image on the one side and as good as not on the other."""
    is_there = ones / pixels >= limits.class_share - _ROUNDING
    return np.asarray(is_there & (others * _GONE < ones))


def _share(class_id: int, share: float) -> FoundThing:
    return FoundThing(class_id, float(share), is_share=True)


def _size(class_map: np.ndarray) -> str:
    return "x".join(map(str, class_map.shape[::-1]))
