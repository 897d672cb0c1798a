"""Whether what a network gave are numbers that a result can be made of."""

import numpy as np

from trt_inference.bundles.precisions import FP32

# A score or a coordinate beyond it, in pixels of the input, is taken as infinite: no network means
# it, and float32 cannot compute the area of such a box.
LARGEST_VALUE = 1e9

# The kind of a rejected image, to count by.
NOT_FINITE = "scores or boxes not finite"


def scores_are_finite(scores: np.ndarray, fall: bool = False) -> bool:
    """Whether all of ``scores`` (float32 ``[K]``) are finite. No array is made.

    Very low ones are: networks fill up a list of boxes with the lowest number of float32.

    Args:
        fall: whether none is above the one before it, and so none but the only one is NaN.
    """
    if fall and scores.size:
        return bool(scores[0] <= LARGEST_VALUE and scores[-1] > -np.inf)
    # Both are NaN where one score is.
    return not scores.size or bool(scores.max() <= LARGEST_VALUE and scores.min() > -np.inf)


def boxes_are_finite(boxes: np.ndarray) -> bool:
    """The same of ``boxes`` (float32 ``[n, 4]``), in both directions."""
    if not boxes.size:
        return True
    # As max() and min() do, without their Python.
    highest, lowest = np.maximum.reduce(boxes, axis=None), np.minimum.reduce(boxes, axis=None)
    return bool(highest <= LARGEST_VALUE and lowest >= -LARGEST_VALUE)


def explain_not_finite(precision: str) -> str:
    """What a network of this precision gave, what it may come from, and what to do."""
    given = f"{precision} gives scores or boxes that are not finite (NaN or infinity)"
    if precision == FP32:
        return (
            f"{given}: the model itself does so, in its weights or on this image; compare it with "
            "TensorFlow, and convert it again"
        )
    return (
        f"{given}, as where {precision} overflows: take precision fp32, or make {precision} again "
        "by trt-inference quantize with --images as these, or with --keep-float"
    )
