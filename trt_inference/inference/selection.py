"""What of an image is looked at, and what of the results is wanted."""

from dataclasses import dataclass
from typing import NamedTuple, Optional

import numpy as np


class Region(NamedTuple):
    """A part of an image, in its pixels. What lies beyond the image is cut off."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Selection:
    """By default everything.

    Attributes:
        region: only this part of the image is given to the engine; boxes are in the pixels of
            the whole image nevertheless.
        classes: bool ``[number of labels]``, which classes are wanted; None: all.
        minimum_box_size: of the shorter side of a box, in pixels of the image.
    """

    region: Optional[Region] = None
    classes: Optional[np.ndarray] = None
    minimum_box_size: float = 0.0

    def wants(self, class_ids: np.ndarray) -> np.ndarray:
        """Which of ``class_ids`` (whole numbers ``[n]``) are wanted: bool ``[n]``. One that has
        no label is not, where there is a choice."""
        if self.classes is None:
            return np.ones(len(class_ids), bool)
        known = (class_ids >= 0) & (class_ids < len(self.classes))
        wanted: np.ndarray = known & np.take(self.classes, class_ids, mode="clip")
        return wanted


EVERYTHING = Selection()
