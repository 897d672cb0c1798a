"""Pairs of boxes that should be one: of two anchors at one object, or of an anchor and an object.

Under the right reading of the offsets, anchors that overlap each other and have high scores for
the same class give nearly the same box. Under a wrong one, and with weights that were not trained,
their boxes are as far apart as the anchors, or further.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from converter.heads.decoding.box_formats import corners
from converter.heads.ssd.box_coder import BoxCoder
from trt_inference.inference.box_overlaps import pairwise_iou

BEST_ANCHORS = 100  # anchors of an image that are compared with each other
# Of two anchors at one object, and of an anchor and an annotated object.
LEAST_OVERLAP, LEAST_OVERLAP_OF_OBJECT = 0.25, 0.4
FARTHEST = 4.0  # a larger distance counts as this one
ENOUGH = 12.0  # pairs, where all weigh the same


@dataclass(frozen=True, eq=False)
class BoxPairs:
    """Two offsets and two anchors of each pair, all ``[n, 4]``, and its weight ``[n]``."""

    offsets: tuple[np.ndarray, np.ndarray]
    anchors: tuple[np.ndarray, np.ndarray]
    weights: np.ndarray

    @property
    def are_enough(self) -> bool:
        """Whether their weights are as those of ``ENOUGH`` pairs of the same weight, at least."""
        squares = float((self.weights**2).sum())
        return squares > 0 and float(self.weights.sum()) ** 2 / squares >= ENOUGH

    def distance(self, coder: BoxCoder | None) -> float:
        """The mean distance of the two boxes of a pair: of their centres, in sides of the anchors,
        and of their sides, by the logarithm of the ratio. None is that of the anchors."""
        given = self.offsets if coder else tuple(np.zeros_like(one) for one in self.offsets)
        reader = coder or BoxCoder("xywh", (1.0, 1.0, 1.0, 1.0))
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            one, other = (
                reader.decode(offsets, anchors)
                for offsets, anchors in zip(given, self.anchors, strict=True)
            )
            sides = [np.maximum(boxes[:, 2:] - boxes[:, :2], 1e-3) for boxes in (one, other)]
            unit = np.sqrt(self.anchors[0][:, 2:] * self.anchors[1][:, 2:])
            shifts = np.abs(one[:, :2] + one[:, 2:] - other[:, :2] - other[:, 2:]) / 2 / unit
            distances = (shifts + np.abs(np.log(sides[0] / sides[1]))).sum(axis=1)
        distances = np.minimum(np.nan_to_num(distances, nan=FARTHEST), FARTHEST)
        return float(np.average(distances, weights=self.weights))


def find_pairs(
    offsets: np.ndarray,
    probabilities: np.ndarray,
    anchors: np.ndarray,
    objects: Sequence[np.ndarray],
) -> BoxPairs:
    """The pairs of all images, weighted by their scores: of anchors and objects where enough of
    these are annotated, otherwise of anchors and anchors.

    Args:
        offsets: ``[images, A, 4]``.
        probabilities: of the classes, ``[images, A, C]``.
        anchors: ``[A, 4]``, centre x, centre y, width, height in pixels of the input.
        objects: annotated boxes of each image, or nothing; see ``Evidence``.
    """
    boxes = corners(anchors, "cxcywh", (1.0, 1.0))
    finite = np.isfinite(offsets).all(axis=-1)[..., None]
    scores = np.where(finite, np.nan_to_num(probabilities, nan=0.0), 0)
    images = range(len(offsets))
    if objects:
        annotated = _joined(
            [_at_objects(offsets[i], scores[i], anchors, boxes, objects[i]) for i in images]
        )
        if annotated.are_enough:
            return annotated
    return _joined([_at_each_other(offsets[i], scores[i], anchors, boxes) for i in images])


_Parts = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _joined(images: Sequence[_Parts]) -> BoxPairs:
    parts = [np.concatenate(part) for part in zip(*images, strict=True)]
    return BoxPairs((parts[0], parts[1]), (parts[2], parts[3]), parts[4])


def _at_each_other(
    offsets: np.ndarray, scores: np.ndarray, anchors: np.ndarray, boxes: np.ndarray
) -> _Parts:
    """Pairs of the anchors with the best scores."""
    best, classes = scores.max(axis=1), scores.argmax(axis=1)
    chosen = np.argsort(-best, kind="stable")[:BEST_ANCHORS]
    near = pairwise_iou(boxes[chosen], boxes[chosen]) >= LEAST_OVERLAP
    near &= classes[chosen][:, None] == classes[chosen]
    one, other = (chosen[places] for places in np.nonzero(np.triu(near, 1)))
    weights = best[one] * best[other]
    return offsets[one], offsets[other], anchors[one], anchors[other], weights


def _at_objects(
    offsets: np.ndarray,
    scores: np.ndarray,
    anchors: np.ndarray,
    boxes: np.ndarray,
    objects: np.ndarray,
) -> _Parts:
    """Pairs of an anchor and an object, which is an anchor without offsets."""
    found, which = np.nonzero(pairwise_iou(boxes, objects) >= LEAST_OVERLAP_OF_OBJECT)
    sides = objects[:, 2:] - objects[:, :2]
    centred = np.concatenate([objects[:, :2] + sides / 2, sides], axis=1)[which]
    weights = scores.max(axis=1)[found]
    return offsets[found], np.zeros_like(centred), anchors[found], centred, weights
