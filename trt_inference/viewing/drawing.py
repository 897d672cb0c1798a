"""Results drawn on a picture, for people to look at. Not used at frame rate.

Images are uint8 ``[h, w, 3]``, BGR. What draws a result draws on a copy.
"""

import colorsys
from typing import List, Sequence, Tuple

import cv2
import numpy as np

from trt_inference.inference.detections import Detections
from trt_inference.inference.labels_of_classes import class_name
from trt_inference.inference.results import OUTSIDE, Classification, Segmentation
from trt_inference.inference.selection import Region

Color = Tuple[int, int, int]

_FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_detections(image: np.ndarray, detections: Detections, labels: Sequence[str]) -> np.ndarray:
    """A copy of ``image`` with boxes, labels and scores on it."""
    picture = image.copy()
    thickness = max(1, round(min(image.shape[:2]) / 250))
    for box, score, class_id in zip(
        detections.xyxy.round().astype(int).tolist(),
        detections.scores.tolist(),
        detections.class_ids.tolist(),
    ):
        caption = f"{class_name(labels, class_id)} {score:.2f}"
        draw_box(picture, box, caption, class_color(class_id), thickness)
    return picture


def draw_box(
    picture: np.ndarray, box: Sequence[int], caption: str, color: Color, thickness: int
) -> None:
    """Draw a box (x1, y1, x2, y2) on ``picture`` itself, with a caption at its upper left."""
    x1, y1, x2, y2 = box
    # Boxes end at the far edge of their last pixel.
    cv2.rectangle(picture, (x1, y1), (x2 - 1, y2 - 1), color, thickness)
    draw_caption(picture, caption, (x1, y1), color)


def draw_classification(
    image: np.ndarray, classification: Classification, labels: Sequence[str]
) -> np.ndarray:
    """A copy of ``image`` with the classes and their scores in its upper left corner, as many as
    there is room for."""
    return _with_list(
        image.copy(),
        [
            (f"{class_name(labels, class_id)} {score:.2f}", class_color(class_id))
            for class_id, score in zip(
                classification.class_ids.tolist(), classification.scores.tolist()
            )
        ],
    )


def draw_segmentation(
    image: np.ndarray, segmentation: Segmentation, labels: Sequence[str]
) -> np.ndarray:
    """A copy of ``image`` (of the class map's size), half covered by the colors of the classes,
    with a list in its upper left corner of what they stand for, the largest class first."""
    colors = np.zeros((256, 1, 3), np.uint8)  # black where nothing is looked at
    colors[:OUTSIDE, 0] = [class_color(class_id) for class_id in range(OUTSIDE)]
    # Much faster than indexing, and other threads can go on meanwhile.
    covered = cv2.LUT(cv2.merge([segmentation.class_map] * 3), colors)
    picture = cv2.addWeighted(image, 0.5, covered, 0.5, 0)
    return _with_list(
        picture,
        [
            (f"{class_name(labels, class_id)} {share:.1%}", class_color(class_id))
            for class_id, share in segmentation.shares()
            if class_id != OUTSIDE
        ],
    )


def draw_region(picture: np.ndarray, region: Region) -> None:
    """Draw a thin frame on ``picture`` itself around the part of it that is looked at: white
    with a dark line inside, so that it is seen on bright and dark ground."""
    left, top = max(0, region.x), max(0, region.y)
    right = min(picture.shape[1], region.x + region.width) - 1
    bottom = min(picture.shape[0], region.y + region.height) - 1
    cv2.rectangle(picture, (left, top), (right, bottom), (255, 255, 255), 1)
    cv2.rectangle(picture, (left + 1, top + 1), (right - 1, bottom - 1), (0, 0, 0), 1)


def class_color(class_id: int) -> Color:
    """A bright BGR colour for each class; neighbours are a golden angle apart."""
    red, green, blue = colorsys.hsv_to_rgb((0.6 + class_id * 0.381966) % 1, 0.8, 1.0)
    return round(blue * 255), round(green * 255), round(red * 255)


def _with_list(picture: np.ndarray, entries: List[Tuple[str, Color]]) -> np.ndarray:
    """Write captions below each other, as long as they fit in the picture, and give it back."""
    bottom = 0
    for text, color in entries:
        bottom += _caption_size(picture, text)[1]
        if bottom > picture.shape[0]:
            break
        draw_caption(picture, text, (0, bottom), color)
    return picture


def draw_caption(picture: np.ndarray, text: str, corner: Tuple[int, int], color: Color) -> None:
    """Write ``text`` in a filled box above ``corner``, or below it at the picture's top."""
    scale, weight = _letters(picture)
    width, height, baseline = _caption_size(picture, text)
    left = max(0, min(corner[0], picture.shape[1] - width))
    bottom = max(corner[1], height)
    cv2.rectangle(picture, (left, bottom - height), (left + width, bottom), color, cv2.FILLED)
    cv2.putText(
        picture, text, (left, bottom - baseline // 2), _FONT, scale, (0, 0, 0), weight, cv2.LINE_AA
    )


def _caption_size(picture: np.ndarray, text: str) -> Tuple[int, int, int]:
    """Width and height of a caption, and how much of the height is below the letters' line."""
    scale, weight = _letters(picture)
    (width, height), baseline = cv2.getTextSize(text, _FONT, scale, weight)
    return width, height + baseline, baseline


def _letters(picture: np.ndarray) -> Tuple[float, int]:
    """Size and weight of letters that can be read on a picture of this size."""
    scale = max(0.4, min(picture.shape[:2]) / 1100)
    return scale, max(1, round(scale * 2))
