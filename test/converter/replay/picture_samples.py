"""Recorded images for tests of the parts of a replay."""

import numpy as np

from converter.recordings.recorded_image import RecordedImage
from trt_inference.inference.frame import Frame


def recorded(pixels: np.ndarray, number: int = 0, topic: str = "/camera") -> RecordedImage:
    """An image of BGR pixels, one a second."""
    stamp = number * 10**9
    return RecordedImage(topic, stamp, "camera", stamp, float(number), Frame(pixels))
