"""One camera frame on its way into an engine."""

from typing import NamedTuple, Optional

import cv2
import numpy as np


class Frame(NamedTuple):
    """Pixels, and what is still to be done to their colours.

    Channels are put in order after the resize, on the small image: exchanging, repeating and
    dropping channels gives the same there, and costs a fraction.

    Attributes:
        pixels: uint8 ``[h, w, 3]``, BGR where there is no conversion; else what the conversion
            takes, ``[h, w]`` or ``[h, w, channels]``. Often a view of a message.
        conversion: OpenCV's code for the conversion to BGR, as ``cv2.COLOR_RGB2BGR``.
    """

    pixels: np.ndarray
    conversion: Optional[int] = None

    def bgr(self) -> np.ndarray:
        """All of it as uint8 ``[h, w, 3]``, BGR: a view where it is that already."""
        if self.conversion is None:
            return self.pixels
        return cv2.cvtColor(self.pixels, self.conversion)
