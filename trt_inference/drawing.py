"""Detections drawn on a picture, for people to look at. Not used at frame rate."""

from __future__ import annotations

import colorsys
from typing import Sequence, Tuple

import cv2
import numpy as np

from trt_inference.detections import Detections


def draw_detections(image: np.ndarray, detections: Detections, labels: Sequence[str]) -> np.ndarray:
    """A copy of ``image`` (uint8 ``[h, w, 3]``, BGR) with boxes, labels and scores on it."""
    picture = image.copy()
    thickness = max(1, round(min(image.shape[:2]) / 250))
    for box, score, class_id in zip(
        detections.xyxy.round().astype(int).tolist(),
        detections.scores.tolist(),
        detections.class_ids.tolist(),
    ):
        color = class_color(class_id)
        x1, y1, x2, y2 = box
        # Boxes end at the far edge of their last pixel.
        cv2.rectangle(picture, (x1, y1), (x2 - 1, y2 - 1), color, thickness)
        _draw_caption(picture, f"{labels[class_id]} {score:.2f}", (x1, y1), color)
    return picture


def class_color(class_id: int) -> Tuple[int, int, int]:
    """A bright BGR colour for each class; neighbours are a golden angle apart."""
    red, green, blue = colorsys.hsv_to_rgb((0.6 + class_id * 0.381966) % 1, 0.8, 1.0)
    return round(blue * 255), round(green * 255), round(red * 255)


def _draw_caption(
    picture: np.ndarray, text: str, corner: Tuple[int, int], color: Tuple[int, int, int]
) -> None:
    """Write ``text`` in a filled box above ``corner``, or below it at the picture's top."""
    scale = max(0.4, min(picture.shape[:2]) / 1100)
    font, weight = cv2.FONT_HERSHEY_SIMPLEX, max(1, round(scale * 2))
    (width, height), baseline = cv2.getTextSize(text, font, scale, weight)
    left = max(0, min(corner[0], picture.shape[1] - width))
    bottom = max(corner[1], height + baseline)
    cv2.rectangle(
        picture, (left, bottom - height - baseline), (left + width, bottom), color, cv2.FILLED
    )
    cv2.putText(
        picture, text, (left, bottom - baseline // 2), font, scale, (0, 0, 0), weight, cv2.LINE_AA
    )
