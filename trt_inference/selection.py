"""What of an image is looked at, and what of the results is wanted."""

from __future__ import annotations

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


EVERYTHING = Selection()
