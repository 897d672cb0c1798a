"""An image of a recording with its pixels, and one without."""

from dataclasses import dataclass
from typing import NamedTuple

from trt_inference.inference.frame import Frame


@dataclass(frozen=True)
class RecordedImage:
    """An image message of a recording.

    Attributes:
        topic: on which it was recorded.
        stamp: of its header, in nanoseconds.
        frame_id: of its header.
        log_time: when it was recorded, in nanoseconds since 1970.
        seconds: since the first message of the recording, as ``RecordedMessage.seconds``.
        frame: its pixels, good until the reader that decoded them decodes another image.
    """

    topic: str
    stamp: int
    frame_id: str
    log_time: int
    seconds: float
    frame: Frame

    @property
    def name(self) -> str:
        """Topic and stamp, as COCO files name the image: ``camera/image_raw/1764.000000001``."""
        return image_name(self.topic, self.stamp)


class SkippedImage(NamedTuple):
    """An image message without a result.

    Attributes:
        topic: on which it was recorded.
        seconds: since the first message of the recording.
        kind: why, in a few words without values, to count by.
        reason: why, with the values.
    """

    topic: str
    seconds: float
    kind: str
    reason: str


def image_name(topic: str, stamp: int) -> str:
    """The name of an image: its topic without the first slash, and its stamp in seconds with nine
    decimals."""
    sign = "-" if stamp < 0 else ""
    seconds, nanoseconds = divmod(abs(stamp), 10**9)
    return f"{topic.lstrip('/')}/{sign}{seconds}.{nanoseconds:09d}"
