"""Boxes of one side of a replay such that they can be compared, whatever was recorded."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from converter.replay.differences.difference import FoundThing
from converter.replay.differences.difference_limits import reaches_limit
from trt_inference.inference.box_overlaps import pairwise_iou
from trt_inference.inference.detections import Detections

# Pixels; shorter sides are taken as so long.
_SHORTEST_SIDE = 1.0
# Pixels; beyond it nothing is, and areas are still finite.
_FARTHEST = 1e9
# Boxes that are compared at once: a message may have been recorded with any number of them.
_BLOCK = 4096


@dataclass(frozen=True)
class ComparableBoxes:
    """Detections of one side in an order of their own (class, score, place), so that nothing
    depends on the order in which a side gives them.

    What robots have recorded may come from any software, and boxes at the edge of an image may be
    cut to nothing. Such a box has no overlap with itself, and would be both lost and new where both
    sides have it. Therefore a side shorter than a pixel is taken as a pixel, swapped corners are
    put right, and of NaN only the same is at the same place.

    Attributes:
        corners: float64 ``[n, 4]``, x1, y1, x2, y2 in pixels, finite, with an area.
        scores: float64 ``[n]``; 0 for what has none, which may be recorded as 0 or NaN.
        class_ids: int64 ``[n]``.
        given: float32 ``[n, 4]``, the boxes as they were given.
    """

    corners: np.ndarray
    scores: np.ndarray
    class_ids: np.ndarray
    given: np.ndarray

    @classmethod
    def of(cls, detections: Detections) -> "ComparableBoxes":
        """Put detections into their order. In float64, so that an IoU of 9/10 is no less."""
        corners = _corners(np.asarray(detections.xyxy, np.float64).reshape(-1, 4))
        scores = np.nan_to_num(np.asarray(detections.scores, np.float64), posinf=0, neginf=0)
        class_ids = np.asarray(detections.class_ids, np.int64)
        order = np.lexsort((*corners.T[::-1], -scores, class_ids))
        boxes = cls(corners, scores, class_ids, np.asarray(detections.xyxy).reshape(-1, 4))
        return boxes[order]

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, index: Any) -> "ComparableBoxes":
        """A part of them, by a mask or indices."""
        return ComparableBoxes(
            self.corners[index], self.scores[index], self.class_ids[index], self.given[index]
        )

    def things(self) -> list[FoundThing]:
        """Each of them, with its box as it was given."""
        is_finite = np.isfinite(self.given).all(axis=1).tolist()
        rows = (self.class_ids.tolist(), self.scores.tolist(), self.given.tolist(), is_finite)
        return [
            FoundThing(class_id, score, (x1, y1, x2, y2) if finite else None)
            for class_id, score, (x1, y1, x2, y2), finite in zip(*rows, strict=True)
        ]

    def overlapping(
        self, others: "ComparableBoxes", least_iou: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Which of the boxes overlap which of the others so far, of any class.

        Returns:
            Indices of the boxes, of the others, int ``[p]`` each, and their IoU, float64 ``[p]``.
        """
        parts = []
        for start in range(0, max(1, len(self)), _BLOCK):
            overlaps = pairwise_iou(self.corners[start : start + _BLOCK], others.corners)
            rows, columns = np.nonzero(reaches_limit(overlaps, least_iou))
            parts.append((rows + start, columns, overlaps[rows, columns]))
        rows, columns, overlaps = (np.concatenate(part) for part in zip(*parts, strict=True))
        return rows, columns, overlaps

    def without(self, others: "ComparableBoxes") -> "ComparableBoxes":
        """Those that are not the same in class, score and place as one of the others."""
        known = set(others._rows())
        return self[np.array([row not in known for row in self._rows()], bool)]

    def _rows(self) -> list[tuple[float, ...]]:
        rows = np.column_stack([self.class_ids, self.scores, self.corners])
        return list(map(tuple, rows.tolist()))


def _corners(boxes: np.ndarray) -> np.ndarray:
    finite = np.clip(np.nan_to_num(boxes), -_FARTHEST, _FARTHEST)
    near = np.minimum(finite[:, :2], finite[:, 2:])
    far = np.maximum(finite[:, :2], finite[:, 2:])
    missing = np.maximum(_SHORTEST_SIDE - (far - near), 0) / 2
    return np.concatenate([near - missing, far + missing], axis=1)
