"""What two models find, drawn on the same image."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence, Tuple

import cv2
import numpy as np

from converter.tables.wording import counted
from converter.verification.verification_results import Picture
from trt_inference.inference.detections import Detections
from trt_inference.inference.labels_of_classes import class_name
from trt_inference.inference.results import Classification, Result
from trt_inference.viewing.drawing import draw_classification, draw_detections, draw_segmentation

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


def pairs(
    pictures: Sequence[Picture],
    titles: Tuple[str, str],
    labels: Sequence[str],
    score_threshold: float,
) -> Tuple[PicturePair, ...]:
    """One pair for each image; ``titles`` name the models of the expected and the found results."""
    return tuple(_pair(picture, titles, labels, score_threshold) for picture in pictures)


def are_empty(pictures: Sequence[Picture], score_threshold: float) -> bool:
    """Whether nothing is detected in any of them, so that no box shows how outputs are read."""
    results = [result for picture in pictures for result in (picture.expected, picture.found)]
    return bool(results) and all(
        isinstance(result, Detections) and not (result.scores >= score_threshold).any()
        for result in results
    )


def _pair(
    picture: Picture, titles: Tuple[str, str], labels: Sequence[str], score_threshold: float
) -> PicturePair:
    expected = _side(titles[0], picture.frame, picture.expected, labels, score_threshold)
    found = _side(titles[1], picture.frame, picture.found, labels, score_threshold)
    same = expected.caption == found.caption
    return PicturePair(Path(picture.name).name, (expected, found), same)


def _side(
    title: str, frame: np.ndarray, result: Result, labels: Sequence[str], score_threshold: float
) -> Side:
    if isinstance(result, Detections):
        result = result[result.scores >= score_threshold]
    return Side(title, _caption(result, labels), _address(_draw(frame, result, labels)))


def _draw(frame: np.ndarray, result: Result, labels: Sequence[str]) -> np.ndarray:
    """Draw at full size, where boxes are in the image's pixels, and make the picture smaller."""
    if isinstance(result, Detections):
        picture = draw_detections(frame, result, labels)
    elif isinstance(result, Classification):
        picture = draw_classification(frame, result, labels)
    else:
        picture = draw_segmentation(frame, result, labels)
    height, width = picture.shape[:2]
    if width <= MOST_PIXELS_WIDE:
        return picture
    size = MOST_PIXELS_WIDE, max(1, round(height * MOST_PIXELS_WIDE / width))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def _caption(result: Result, labels: Sequence[str]) -> str:
    """Describe a result without scores and shares: what differs by rounding is the same."""
    if isinstance(result, Detections):
        return counted(len(result), "detection")
    if isinstance(result, Classification):
        best = class_name(labels, int(result.class_ids[0])) if len(result) else "none"
        return f"best class: {best}"
    return f"{len(result.shares())} of {len(labels)} classes"


def _address(picture: np.ndarray) -> str:
    _, file = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return f"data:image/jpeg;base64,{base64.b64encode(file.tobytes()).decode('ascii')}"
