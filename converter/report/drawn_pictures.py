"""Pictures as a page shows them: small, beside each other, each with a caption, within the page."""

import base64
from dataclasses import dataclass
from typing import Sequence, Tuple

import cv2
import numpy as np

from converter.tables.wording import counted
from trt_inference.inference.detections import Detections
from trt_inference.inference.labels_of_classes import class_name
from trt_inference.inference.results import Classification, Result

MOST_PIXELS_WIDE = 640
QUALITY = 85


@dataclass(frozen=True)
class Side:
    """One result: the name of its model, a caption, and the picture as a ``data:`` address."""

    title: str
    caption: str
    address: str


@dataclass(frozen=True)
class PicturePair:
    """Both results of one image, and whether their captions are the same."""

    name: str
    sides: Tuple[Side, Side]
    same: bool


def made_smaller(picture: np.ndarray) -> np.ndarray:
    """A picture that is at most ``MOST_PIXELS_WIDE``; itself where it is."""
    height, width = picture.shape[:2]
    if width <= MOST_PIXELS_WIDE:
        return picture
    size = MOST_PIXELS_WIDE, max(1, round(height * MOST_PIXELS_WIDE / width))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def as_jpeg(picture: np.ndarray) -> bytes:
    """The file of a picture, uint8 ``[h, w, 3]``, BGR."""
    _, file = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return file.tobytes()


def jpeg_address(file: bytes) -> str:
    """A jpeg file as a ``data:`` address."""
    return f"data:image/jpeg;base64,{base64.b64encode(file).decode('ascii')}"


def result_caption(result: Result, labels: Sequence[str]) -> str:
    """Describe a result without scores and shares: what differs by rounding is the same."""
    if isinstance(result, Detections):
        return counted(len(result), "detection")
    if isinstance(result, Classification):
        best = class_name(labels, int(result.class_ids[0])) if len(result) else "none"
        return f"best class: {best}"
    return f"{len(result.shares())} of {len(labels)} classes"
