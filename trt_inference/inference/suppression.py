"""Non-maximum suppression: of boxes that overlap, the best one stays.

Memory is bounded, however many boxes there are: two blocks of them are compared at a time.
"""

from typing import Optional

import numpy as np

from trt_inference.inference.geometry import pairwise_iou

# So many boxes are compared with as many others at once.
_BLOCK = 512


def suppress(
    boxes: np.ndarray,
    classes: Optional[np.ndarray],
    iou_threshold: float,
    counted: Optional[np.ndarray] = None,
    enough: Optional[int] = None,
) -> np.ndarray:
    """Greedy non-maximum suppression within each class, without a loop over boxes.

    Block after block, because the time for many boxes at once grows with the square of their
    number: only boxes that no better block suppresses are compared with each other.

    Args:
        boxes: ``[n, 4]``, x1, y1, x2, y2, the best score first.
        classes: ``[n]``; None: boxes of all classes suppress each other.
        iou_threshold: a box goes when its IoU with a better one is above it.
        counted: bool ``[n]``, the boxes that count to ``enough``; None: all.
        enough: how many boxes that stay are wanted; None: all. Those behind them, which cannot
            change what is before them, are not looked at.

    Returns:
        bool ``[n]``, True for the boxes that stay; all that are not looked at are False.
    """
    stays: np.ndarray = np.zeros(len(boxes), dtype=bool)
    found = 0
    for start in range(0, len(boxes), _BLOCK):
        block = np.arange(start, min(start + _BLOCK, len(boxes)))
        block = _without_worse(boxes, classes, np.flatnonzero(stays), block, iou_threshold)
        stays[block] = _suppress_block(_overlaps(boxes, classes, block, block, iou_threshold))
        if enough is not None:
            new = stays[block] if counted is None else stays[block] & counted[block]
            found += int(np.count_nonzero(new))
            if found >= enough:
                break
    return stays


def _without_worse(
    boxes: np.ndarray,
    classes: Optional[np.ndarray],
    better: np.ndarray,
    block: np.ndarray,
    iou_threshold: float,
) -> np.ndarray:
    """What of a block no better box overlaps."""
    for start in range(0, len(better), _BLOCK):
        rows = better[start : start + _BLOCK]
        block = block[~_overlaps(boxes, classes, rows, block, iou_threshold).any(axis=0)]
    return block


def _overlaps(
    boxes: np.ndarray,
    classes: Optional[np.ndarray],
    rows: np.ndarray,
    columns: np.ndarray,
    iou_threshold: float,
) -> np.ndarray:
    """Whether boxes that suppress each other by their classes overlap: bool ``[rows, columns]``."""
    overlaps: np.ndarray = pairwise_iou(boxes[rows], boxes[columns]) > iou_threshold
    if classes is not None:
        overlaps &= classes[rows, None] == classes[None, columns]
    return overlaps


def _suppress_block(overlaps: np.ndarray) -> np.ndarray:
    """Which boxes of a block stay, by which of them overlap.

    A box stays unless a better one that stays overlaps it. Starting from "all stay" and
    applying that rule to all boxes at once until nothing changes gives the greedy result:
    each round settles at least one more box of the longest chain (Cluster-NMS in Zheng et al.,
    "Enhancing Geometric Factors in Model Learning and Inference", IEEE Trans. Cybernetics 2021).
    """
    suppresses = np.triu(overlaps, k=1)
    stays: np.ndarray = np.ones(len(overlaps), dtype=bool)
    while True:
        updated: np.ndarray = ~suppresses[stays].any(axis=0)
        if np.array_equal(updated, stays):
            return stays
        stays = updated
