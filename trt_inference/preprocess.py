"""A camera frame into the engine's input buffer, in place.

Channel order, scale and mean are in the engine's graph, so that what is left is one resize.
"""

from __future__ import annotations

from typing import Optional

import cv2
import numpy as np

from trt_inference.errors import ImageError
from trt_inference.geometry import Placement, place


class Preprocessor:
    """Resizes frames into one image of an engine's input buffer.

    The place of the frame in the buffer and its borders are made once, and again only when
    the size of the frames changes.
    """

    def __init__(self, buffer: np.ndarray, fit: str, pad_value: int) -> None:
        """
        Args:
            buffer: uint8 ``[height, width, 3]``, a view of the engine's input; it is written into.
            fit: ``letterbox`` or ``stretch``.
            pad_value: 0 to 255, the value of the borders.
        """
        self._buffer = buffer
        self._fit = fit
        self._pad_value = pad_value
        self._placement: Optional[Placement] = None
        self._content = buffer

    def __call__(self, frame: np.ndarray) -> Placement:
        """Write ``frame`` (uint8 ``[h, w, 3]``, BGR) into the buffer and say where it lies.

        Raises:
            ImageError: the frame is empty, or not of uint8 with three channels.
        """
        placement = self._placement
        if (
            placement is None
            or frame.shape != (placement.frame_height, placement.frame_width, 3)
            or frame.dtype != np.uint8
        ):
            placement = self._adapt(frame)
        cv2.resize(frame, (placement.width, placement.height), dst=self._content)
        return placement

    def _adapt(self, frame: np.ndarray) -> Placement:
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or not frame.size:
            raise ImageError(
                f"a frame of {frame.dtype} {list(frame.shape)} cannot be used: "
                "it must be uint8 [height, width, 3] in BGR order and not empty"
            )
        height, width = self._buffer.shape[:2]
        placement = place(frame.shape[0], frame.shape[1], height, width, self._fit)
        self._buffer[:] = self._pad_value
        self._content = self._buffer[
            placement.top : placement.top + placement.height,
            placement.left : placement.left + placement.width,
        ]
        self._placement = placement
        return placement
