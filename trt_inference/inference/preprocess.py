"""A camera frame into the engine's input buffer, in place.

Channel order, scale and mean are in the engine's graph, so that what is left is one resize,
and where the camera does not send BGR, the conversion of the small image.
"""

from typing import Optional

import cv2
import numpy as np

from trt_inference.bundles.bundle import Fitting
from trt_inference.errors import ImageError
from trt_inference.inference.frame import Frame
from trt_inference.inference.geometry import Placement, place
from trt_inference.inference.resize import Resizer
from trt_inference.inference.selection import Region


class Preprocessor:
    """Resizes frames into one image of an engine's input buffer.

    The place of the frame in the buffer, its borders and the array for what is converted are
    made once, and again only when the size or kind of the frames or the region changes.
    """

    def __init__(self, buffer: np.ndarray, fitting: Fitting) -> None:
        """
        Args:
            buffer: uint8 ``[height, width, 3]``, a view of the engine's input; it is written into.
            fitting: how frames are fitted into it.
        """
        self._buffer = buffer
        self._fitting = fitting
        self._prepared_for: object = None
        self._placement: Optional[Placement] = None
        self._content = buffer
        self._resized = buffer
        self._resize = Resizer(fitting.resize, buffer.shape, buffer)

    def __call__(self, frame: Frame, region: Optional[Region] = None) -> Placement:
        """Write the frame, or the region of it, into the buffer. Returns where it lies.

        Raises:
            ImageError: the frame is empty or not of a kind that ``Frame`` describes, or the
                region is outside of it. The buffer is as it was.
        """
        pixels, conversion = frame
        kind = (pixels.shape, pixels.dtype, conversion, region)
        placement = self._placement
        if placement is None or kind != self._prepared_for:
            placement = self._adapt(frame, region)
            self._prepared_for = kind
        x, y, width, height = placement.region
        self._resize(pixels[y : y + height, x : x + width])
        if conversion is not None:
            cv2.cvtColor(self._resized, conversion, dst=self._content)
        return placement

    def _adapt(self, frame: Frame, region: Optional[Region]) -> Placement:
        pixels = frame.pixels
        _check(frame)
        height, width = self._buffer.shape[:2]
        placement = place(pixels.shape[0], pixels.shape[1], height, width, self._fitting, region)
        self._prepared_for = None
        self._buffer[:] = self._fitting.pad_value
        self._content = self._buffer[
            placement.top : placement.top + placement.height,
            placement.left : placement.left + placement.width,
        ]
        self._resized = self._content
        if frame.conversion is not None:
            size = placement.height, placement.width
            self._resized = np.empty((*size, *pixels.shape[2:]), np.uint8)
        shape = placement.region.height, placement.region.width, *pixels.shape[2:]
        self._resize = Resizer(self._fitting.resize, shape, self._resized)
        self._placement = placement
        return placement


def _check(frame: Frame) -> None:
    pixels = frame.pixels
    is_bgr = pixels.ndim == 3 and pixels.shape[2] == 3
    if pixels.dtype != np.uint8 or not pixels.size or not (is_bgr or frame.conversion is not None):
        raise ImageError(
            f"a frame of {pixels.dtype} {list(pixels.shape)} cannot be used: "
            "it must be uint8 [height, width, 3] in BGR order and not empty",
            kind="wrong type",
        )
