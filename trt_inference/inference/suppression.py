"""Non-maximum suppression: of boxes that overlap, the best one stays.

NumPy alone, in few calls. OpenCV's ``cv2.dnn.NMSBoxes`` compares each box with all that stay, 0.7
to 1.2 ms for 300 boxes of which all do. It takes two empty boxes for one and the same, and ends the
process where OpenCV 4.1 or 4.2 is given arrays.
"""

from typing import Optional

import numpy as np

from trt_inference.inference.box_overlaps import Corners, corners_of, signed_iou
from trt_inference.inference.overlapping_pairs import OverlappingPairs, overlapping_pairs

# So many boxes are compared with as many others at once: what that takes is still in the cache of
# a core, and of 300 boxes the half that is below the diagonal is left out.
_BLOCK = 192
# Up to so many, comparing all takes less than to find out which to compare.
_FEW = 100
_WORSE = np.triu(np.ones((_BLOCK, _BLOCK), bool), k=1)


def suppress(
    boxes: np.ndarray,
    classes: Optional[np.ndarray],
    iou_threshold: float,
    counted: Optional[np.ndarray] = None,
    enough: Optional[int] = None,
) -> np.ndarray:
    """Greedy non-maximum suppression within each class, without a loop over boxes.

    Args:
        boxes: ``[n, 4]``, x1, y1, x2, y2, the best score first.
        classes: ``[n]``; None: boxes of all classes suppress each other.
        iou_threshold: a box goes when its IoU with a better one is above it.
        counted: bool ``[n]``, the boxes that count to ``enough``; None: all.
        enough: how many boxes that stay are wanted; None: all. Those behind them, which cannot
            change what is before them, need not be looked at.

    Returns:
        bool ``[n]``, True for the boxes that stay; all that are not looked at are False.
    """
    corners = corners_of(boxes)
    if len(boxes) > _FEW:
        pairs = overlapping_pairs(corners, classes, iou_threshold)
        if pairs is not None:
            return _suppress_pairs(pairs, len(boxes))
    elif len(boxes) <= _BLOCK:
        return _suppress_block(_overlaps(corners, classes, corners, classes, iou_threshold))
    return _suppress_by_blocks(corners, classes, iou_threshold, counted, enough)


def _suppress_by_blocks(
    boxes: Corners,
    classes: Optional[np.ndarray],
    iou_threshold: float,
    counted: Optional[np.ndarray],
    enough: Optional[int],
) -> np.ndarray:
    """Block after block, because the time for many boxes at once grows with the square of their
    number: only boxes that no better block suppresses are compared with each other. Memory is
    bounded, however many boxes there are: two blocks are compared at a time."""
    count = len(boxes.areas)
    stays: np.ndarray = np.zeros(count, dtype=bool)
    found = 0
    for start in range(0, count, _BLOCK):
        block = np.arange(start, min(start + _BLOCK, count))
        block = _without_worse(boxes, classes, stays.nonzero()[0], block, iou_threshold)
        part, part_classes = boxes.only(block), _only(classes, block)
        overlaps = _overlaps(part, part_classes, part, part_classes, iou_threshold)
        stays[block] = _suppress_block(overlaps)
        if enough is not None:
            new = stays[block] if counted is None else stays[block] & counted[block]
            found += int(np.count_nonzero(new))
            if found >= enough:
                break
    return stays


def _without_worse(
    boxes: Corners,
    classes: Optional[np.ndarray],
    better: np.ndarray,
    block: np.ndarray,
    iou_threshold: float,
) -> np.ndarray:
    """What of a block no better box overlaps."""
    for start in range(0, len(better), _BLOCK):
        rows = better[start : start + _BLOCK]
        overlaps = _overlaps(
            boxes.only(rows),
            _only(classes, rows),
            boxes.only(block),
            _only(classes, block),
            iou_threshold,
        )
        block = block[~np.logical_or.reduce(overlaps, axis=0)]
    return block


def _only(classes: Optional[np.ndarray], chosen: np.ndarray) -> Optional[np.ndarray]:
    return None if classes is None else classes[chosen]


def _overlaps(
    boxes: Corners,
    classes: Optional[np.ndarray],
    others: Corners,
    other_classes: Optional[np.ndarray],
    iou_threshold: float,
) -> np.ndarray:
    """Whether boxes that suppress each other by their classes overlap: bool ``[n, m]``."""
    overlaps: np.ndarray = signed_iou(boxes, others) > iou_threshold
    if classes is not None:
        overlaps &= classes[:, None] == other_classes
    return overlaps


def _suppress_block(overlaps: np.ndarray) -> np.ndarray:
    """Which boxes of a block stay, by which of them overlap. It is overwritten.

    A box stays unless a better one that stays overlaps it. Starting from "all stay" and
    applying that rule to all boxes at once until nothing changes gives the greedy result:
    each round settles at least one more box of the longest chain (Cluster-NMS in Zheng et al.,
    "Enhancing Geometric Factors in Model Learning and Inference", IEEE Trans. Cybernetics 2021).
    """
    count = len(overlaps)
    overlaps &= _WORSE[:count, :count]
    stays: np.ndarray = ~np.logical_or.reduce(overlaps, axis=0)
    while True:
        updated: np.ndarray = ~np.logical_or.reduce(overlaps[stays], axis=0)
        if updated.tobytes() == stays.tobytes():
            return stays
        stays = updated


def _suppress_pairs(pairs: OverlappingPairs, count: int) -> np.ndarray:
    """The same of ``count`` boxes by the pairs that overlap."""
    stays: np.ndarray = np.ones(count, dtype=bool)
    while True:
        updated: np.ndarray = np.ones(count, dtype=bool)
        updated[pairs.worse[stays[pairs.better]]] = False
        if updated.tobytes() == stays.tobytes():
            return stays
        stays = updated
