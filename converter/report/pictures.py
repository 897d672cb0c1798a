"""What two models find, drawn on the same image."""

from pathlib import Path
from typing import Sequence, Tuple

import numpy as np

from converter.report.drawn_pictures import (
    PicturePair,
    Side,
    as_jpeg,
    jpeg_address,
    made_smaller,
    result_caption,
)
from converter.verification.verification_results import Picture
from trt_inference.inference.detections import Detections
from trt_inference.inference.results import Classification, Result
from trt_inference.viewing.drawing import draw_classification, draw_detections, draw_segmentation


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
    address = jpeg_address(as_jpeg(_draw(frame, result, labels)))
    return Side(title, result_caption(result, labels), address)


def _draw(frame: np.ndarray, result: Result, labels: Sequence[str]) -> np.ndarray:
    """Draw at full size, where boxes are in the image's pixels, and make the picture smaller."""
    if isinstance(result, Detections):
        picture = draw_detections(frame, result, labels)
    elif isinstance(result, Classification):
        picture = draw_classification(frame, result, labels)
    else:
        picture = draw_segmentation(frame, result, labels)
    return made_smaller(picture)
