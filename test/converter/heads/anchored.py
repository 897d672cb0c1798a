"""Anchors, objects, and the outputs of a network that finds them, by loops from the definition."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

SIZE = (96, 160)  # height, width
CLASSES = 3
OBJECTS = [  # x1, y1, x2, y2, class
    [(12, 20, 60, 44, 0), (90, 10, 112, 80, 1)],
    [(70, 30, 130, 62, 2), (20, 40, 44, 90, 0)],
    [(60, 8, 90, 66, 1)],
]
UNSCALED, VARIANCES = (1.0, 1.0, 1.0, 1.0), (10.0, 10.0, 5.0, 5.0)


def grid_anchors() -> np.ndarray:
    """Centre x, centre y, width, height of six anchors in each cell of 16 pixels."""
    return np.array(
        [
            [x + 8, y + 8, side * ratio, side / ratio]
            for y in range(0, SIZE[0], 16)
            for x in range(0, SIZE[1], 16)
            for side in (28.0, 44.0)
            for ratio in (0.7, 1.0, 1.4)
        ],
        np.float32,
    )


def overlap(anchor: list[float], box: tuple[float, ...]) -> float:
    x, y, w, h = anchor
    across = min(x + w / 2, box[2]) - max(x - w / 2, box[0])
    down = min(y + h / 2, box[3]) - max(y - h / 2, box[1])
    shared = max(across, 0) * max(down, 0)
    return shared / (w * h + (box[2] - box[0]) * (box[3] - box[1]) - shared)


def centred(anchor: list[float], box: tuple[float, ...]) -> list[float]:
    """Offsets tx, ty, tw, th by the equations of Faster R-CNN."""
    x, y, w, h = anchor
    return [
        ((box[0] + box[2]) / 2 - x) / w,
        ((box[1] + box[3]) / 2 - y) / h,
        math.log((box[2] - box[0]) / w),
        math.log((box[3] - box[1]) / h),
    ]


def of_corners(anchor: list[float], box: tuple[float, ...]) -> list[float]:
    """Offsets of the corners, in sides of the anchor."""
    x, y, w, h = anchor
    edges = [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
    return [(box[i] - edges[i]) / (w, h)[i % 2] for i in range(4)]


def trained(
    anchors: np.ndarray,
    scales: tuple[float, ...] = UNSCALED,
    coder: Any = centred,
    noise: float = 0.05,
    objects_of: Sequence[Sequence[tuple[float, ...]]] = OBJECTS,
) -> dict[str, np.ndarray]:
    """The outputs of a network that finds the objects: offsets with x first to the object that an
    anchor overlaps, with some noise, and its score; elsewhere noise and low scores."""
    generator = np.random.default_rng(7)
    offsets = generator.normal(0, 0.3, (len(objects_of), len(anchors), 4))
    scores = generator.uniform(0.0, 0.05, (len(objects_of), len(anchors), CLASSES))
    for image, objects in enumerate(objects_of):
        for row, anchor in enumerate(anchors.astype(float).tolist()):
            best = max(objects, key=lambda one: overlap(anchor, one[:4]))
            if overlap(anchor, best[:4]) > 0.4:
                offsets[image, row] = coder(anchor, best[:4]) + generator.normal(0, noise, 4)
                scores[image, row, int(best[4])] = generator.uniform(0.6, 0.9)
    values = (offsets * np.array(scales)).astype(np.float32)
    return {"box": values, "class": scores.astype(np.float32)}


def decoded(
    offsets: np.ndarray, anchors: np.ndarray, scales: tuple[float, ...]
) -> list[list[list[float]]]:
    """Corners from tx, ty, tw, th."""
    images = []
    for rows in offsets.astype(float).tolist():
        boxes = []
        for row, (xa, ya, wa, ha) in zip(rows, anchors.astype(float).tolist(), strict=True):
            tx, ty, tw, th = (value / scale for value, scale in zip(row, scales, strict=True))
            x, y, w, h = xa + tx * wa, ya + ty * ha, wa * math.exp(tw), ha * math.exp(th)
            boxes.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
        images.append(boxes)
    return images
