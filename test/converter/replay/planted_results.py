"""Images and what both sides are to have found in them, for the files of a replay."""

from __future__ import annotations

import numpy as np

from converter.recordings.recorded_image import RecordedImage
from converter.replay.differences.difference import ComparedImage, Difference, ImageDifferences
from converter.replay.sides.side import SideResult
from trt_inference.inference.detections import Detections
from trt_inference.inference.frame import Frame
from trt_inference.inference.results import Result

TOPIC = "/camera/image_raw"
NOON = 1764590400 * 10**9  # nanoseconds since 1970
LABELS = ["person", "dog", "traffic light"]


def recorded_image(
    stamp: int = NOON, topic: str = TOPIC, log_time: int | None = None, frame_id: str = "camera"
) -> RecordedImage:
    """A black image of 100x80 pixels."""
    recorded = stamp + 5_000_000 if log_time is None else log_time
    frame = Frame(np.zeros((80, 100, 3), np.uint8))
    return RecordedImage(topic, stamp, frame_id, recorded, 0.0, frame)


def boxes(*rows: tuple[float, float, float, float, float, int]) -> Detections:
    """Detections, each x1, y1, x2, y2, score, class number."""
    table = np.array(rows, np.float64).reshape(-1, 6)
    return Detections(
        table[:, :4].astype(np.float32),
        table[:, 4].astype(np.float32),
        table[:, 5].astype(np.int32),
    )


def compared(
    image: RecordedImage,
    before: Result | None,
    after: Result,
    differences: tuple[Difference, ...] = (),
) -> ComparedImage:
    """An image with what each side publishes, and nothing below that."""
    counts = np.zeros(len(LABELS))
    found = ImageDifferences(differences, counts, counts, counts)
    if before is None:
        return ComparedImage(image, None, SideResult(after, after), None)
    return ComparedImage(image, SideResult(before, before), SideResult(after, after), found)
