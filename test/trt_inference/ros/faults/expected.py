"""What must be found in pictures of the color bundle, computed from the pictures alone."""

from typing import Tuple

import cv2
import numpy as np
from vision_msgs.msg import Detection2DArray

from test.color_bundle import CELL, LABELS, picture
from trt_inference.ros.messages.result_messages import message_to_detections

# Encodings with which one pixel takes three bytes or one, and what makes them from BGR.
CONVERSIONS = {"bgr8": None, "rgb8": cv2.COLOR_BGR2RGB, "bgra8": cv2.COLOR_BGR2BGRA}


def encoded(color: str, cell: Tuple[int, int], scale: int, encoding: str = "bgr8") -> np.ndarray:
    """A picture of ``64 * scale`` pixels with one cell (row, column) of ``color``."""
    pixels = picture(color, cell, scale)
    conversion = CONVERSIONS[encoding]
    return pixels if conversion is None else cv2.cvtColor(pixels, conversion)


def assert_found(message: Detection2DArray, color: str, cell: Tuple[int, int], scale: int) -> None:
    """There is the one cell of the picture and nothing else, in the picture's pixels."""
    found = message_to_detections(message, LABELS)
    assert [LABELS[class_id] for class_id in found.class_ids] == [color]
    row, column = cell
    expected = np.array([column, row, column + 1, row + 1]) * CELL * scale
    np.testing.assert_allclose(found.xyxy[0], expected, atol=0.01 * scale)
