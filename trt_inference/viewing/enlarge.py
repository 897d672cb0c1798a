"""Small pictures made larger, so that what is written on them does not cover what they show."""

from typing import Tuple

import cv2
import numpy as np

from trt_inference.inference.detections import Detections
from trt_inference.inference.results import Result, Segmentation

# Letters that can be read are some 15 pixels high, whatever the picture: much of a shorter side of
# less than this, and a thirtieth of the one that it gets.
_SMALL = 240
_SHORTER_SIDE = 480
_LONGER_SIDE = 1920  # as far as a strip may grow


def enlarge(image: np.ndarray, result: Result) -> Tuple[np.ndarray, Result]:
    """``image`` (uint8 ``[h, w, 3]``) and ``result`` a whole number of times larger, where a
    caption would cover much of it; others as they are."""
    shorter, longer = sorted(image.shape[:2])
    if shorter >= _SMALL:
        return image, result
    factor = min(-(-_SHORTER_SIDE // shorter), _LONGER_SIDE // longer)  # the first is rounded up
    if factor <= 1:
        return image, result
    return _larger(image, factor), _larger_result(result, factor)


def _larger(image: np.ndarray, factor: int) -> np.ndarray:
    # Each pixel stays one color: it is seen what the network was given, and classes do not mix.
    return cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST)


def _larger_result(result: Result, factor: int) -> Result:
    if isinstance(result, Detections):
        return Detections(result.xyxy * factor, result.scores, result.class_ids)
    if isinstance(result, Segmentation):
        return Segmentation(_larger(result.class_map, factor))
    return result
