"""What a detector finds in one image, as arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Detections:
    """Boxes of one image, the best score first.

    Attributes:
        xyxy: float32 ``[n, 4]``, x1, y1, x2, y2 in pixels of the image, edges not centres:
            a box over the whole image is 0, 0, width, height.
        scores: float32 ``[n]`` in [0, 1].
        class_ids: int32 ``[n]``, index into the bundle's labels, if the network keeps to them: see
            ``class_name``.
        is_finite: False where the network gave a score of NaN or infinity, or such a box with a
            score above the threshold: these are left out, and the rest may be wrong, too.
    """

    xyxy: np.ndarray
    scores: np.ndarray
    class_ids: np.ndarray
    is_finite: bool = True

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, index: Any) -> "Detections":
        """A part of the detections, by a mask, a slice or indices."""
        return Detections(
            self.xyxy[index], self.scores[index], self.class_ids[index], self.is_finite
        )
