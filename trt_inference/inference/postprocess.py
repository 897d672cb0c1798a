"""Candidates of an engine → detections in the pixels of the frame.

The same for every model: threshold, suppression of overlapping boxes of one class, or of all
classes at once, and the way back out of the letterbox. The engine bounds the number of candidates,
and so the time.
"""

from typing import Mapping, Optional

import numpy as np

from trt_inference.bundles.bundle import Thresholds
from trt_inference.bundles.names import BOXES, CLASSES, SCORES
from trt_inference.inference.detections import Detections
from trt_inference.inference.geometry import Placement, boxes_to_frame, pairwise_iou
from trt_inference.inference.selection import EVERYTHING, Selection

# So many boxes are compared with each other at once.
_BLOCK = 512


def postprocess(
    outputs: Mapping[str, np.ndarray],
    placement: Placement,
    thresholds: Thresholds,
    needs_nms: bool,
    selection: Selection = EVERYTHING,
    class_agnostic: bool = False,
) -> Detections:
    """The detections of one image.

    Args:
        outputs: of one image: ``boxes`` float32 ``[K, 4]`` (x1, y1, x2, y2 in input pixels),
            ``scores`` float32 ``[K]``, ``classes`` int32 ``[K]``. They are not changed.
        placement: where the frame lies in the input.
        needs_nms: False when the graph has suppressed overlapping boxes already.
        selection: classes that are not wanted and boxes that are too small do not count to
            ``max_detections``.
        class_agnostic: whether a box suppresses those of other classes too.
    """
    boxes, scores, classes = outputs[BOXES], outputs[SCORES], outputs[CLASSES]
    kept = np.flatnonzero(scores >= thresholds.score_threshold)
    kept = kept[selection.wants(classes[kept])]
    kept = kept[np.isfinite(boxes[kept]).all(axis=1)]
    kept = kept[np.argsort(-scores[kept], kind="stable")]
    candidates = Detections(boxes[kept], scores[kept], classes[kept])
    if needs_nms and len(candidates) > 1:
        compared = None if class_agnostic else candidates.class_ids
        candidates = candidates[suppress(candidates.xyxy, compared, thresholds.iou_threshold)]
    boxes = boxes_to_frame(candidates.xyxy, placement)
    sides = (boxes[:, 2:] - boxes[:, :2]).min(axis=1)
    shown = (sides > 0) & (sides >= selection.minimum_box_size)
    return candidates[shown][: thresholds.max_detections]


def suppress(boxes: np.ndarray, classes: Optional[np.ndarray], iou_threshold: float) -> np.ndarray:
    """Greedy non-maximum suppression within each class, without a loop over boxes.

    Block after block, because the time and the memory for many boxes at once grow with the square
    of their number: only boxes that no better block suppresses are compared with each other.

    Args:
        boxes: ``[n, 4]``, x1, y1, x2, y2, the best score first.
        classes: ``[n]``; None: boxes of all classes suppress each other.
        iou_threshold: a box goes when its IoU with a better one is above it.

    Returns:
        bool ``[n]``, True for the boxes that stay.
    """
    stays: np.ndarray = np.zeros(len(boxes), dtype=bool)
    for start in range(0, len(boxes), _BLOCK):
        block = np.arange(start, min(start + _BLOCK, len(boxes)))
        if start:
            better = np.flatnonzero(stays)
            block = block[~_overlaps(boxes, classes, better, block, iou_threshold).any(axis=0)]
        stays[block] = _suppress_block(_overlaps(boxes, classes, block, block, iou_threshold))
    return stays


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
