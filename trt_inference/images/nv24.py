"""NV24, for whose plane of colours in the full size OpenCV has no conversion."""

from typing import Any, Dict

import cv2
import numpy as np

# YUV with brightness from 16 to 235 (BT.601), as OpenCV's conversions of the other YUV encodings
# have it: rows B, G, R; columns Y, U, V, and what is added.
_YUV_TO_BGR = np.array([[1.164, 2.018, 0.0], [1.164, -0.391, -0.813], [1.164, 0.0, 1.596]])
_YUV_TO_BGR = np.hstack([_YUV_TO_BGR, -_YUV_TO_BGR @ [[16.0], [128.0], [128.0]]])
# A scalar of OpenCV's, which its type hints do not know.
_DARKEST: Any = (16, 0, 0, 0)


def nv24_to_bgr(image: Any, row: int, kept: Dict[str, np.ndarray]) -> np.ndarray:
    """Convert brightness, and after it a plane as wide and high in which U and V take turns. As an
    ``Unpack`` of ``encodings``."""
    height, width = image.height, image.width
    luma = np.ndarray((height, width), np.uint8, image.data, 0, (row, 1))
    chroma = np.ndarray((height, width, 2), np.uint8, image.data, height * row, (2 * row, 2, 1))
    if "yuv" not in kept or kept["yuv"].shape != (height, width, 3):
        kept["yuv"] = np.empty((height, width, 3), np.uint8)
    yuv = kept["yuv"]
    cv2.mixChannels([luma, chroma], [yuv], [0, 0, 1, 1, 2, 2])
    cv2.max(yuv, _DARKEST, dst=yuv)  # NumPy 1.21 would allocate for it
    kept["bgr"] = cv2.transform(yuv, _YUV_TO_BGR, dst=kept.get("bgr"))
    return kept["bgr"]
