"""From where on two sides of a replay differ."""

from dataclasses import dataclass

import numpy as np

# Scores and boxes are float32: 0.9 - 0.8 is a little less than 0.1 there, and is 0.1 nevertheless.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class DifferenceLimits:
    """From where on two sides of a replay differ. What is exactly at a limit reaches it.

    Attributes:
        match_iou: two boxes that reach it are of one object.
        moved_iou: such a box that does not reach it has moved.
        far_iou: a box that overlaps no other one as far as ``match_iou`` has moved if it reaches
            this, else it is lost.
        score_shift: difference of two scores in [0, 1].
        class_share: a class that covers this part of a class map is in the image.
        changed_share: a class map differs where a class has lost or won more than this part of it.
    """

    match_iou: float = 0.5
    moved_iou: float = 0.9
    far_iou: float = 0.1
    score_shift: float = 0.1
    class_share: float = 0.001
    changed_share: float = 0.01


def reaches_limit(values: np.ndarray, limit: float) -> np.ndarray:
    """Which of ``values`` are at the limit or above it, but for what float32 rounds: bool of the
    same shape. NaN is not."""
    return np.asarray(values >= limit - _ROUNDING)
