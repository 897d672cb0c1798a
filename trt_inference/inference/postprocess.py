"""Candidates of an engine → detections in the pixels of the frame.

The same for every model: threshold, suppression of overlapping boxes of one class, or of all
classes at once, and the way back out of the letterbox. The engine bounds the number of candidates,
and so the time.
"""

from dataclasses import replace
from typing import Mapping

import numpy as np

from trt_inference.bundles.bundle import Thresholds
from trt_inference.bundles.names import BOXES, CLASSES, SCORES
from trt_inference.inference.detections import Detections
from trt_inference.inference.finite import LARGEST_VALUE, boxes_are_finite, scores_are_finite
from trt_inference.inference.geometry import Placement, boxes_to_frame
from trt_inference.inference.selection import EVERYTHING, Selection
from trt_inference.inference.suppression import suppress

# Of more candidates than that which reach the threshold, only the best ones are compared with each
# other, so that the time is bounded whatever a bundle claims. The converter makes bundles of fewer.
MOST_COMPARED = 10000


def postprocess(
    outputs: Mapping[str, np.ndarray],
    placement: Placement,
    thresholds: Thresholds,
    needs_nms: bool,
    selection: Selection = EVERYTHING,
    class_agnostic: bool = False,
) -> Detections:
    """The detections of one image, of the candidates that are finite.

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
    kept = kept[np.argsort(-scores[kept], kind="stable")]
    candidates = Detections(boxes[kept], scores[kept], classes[kept])
    if not (scores_are_finite(scores) and boxes_are_finite(candidates.xyxy)):
        candidates = _finite_ones(candidates)
    if needs_nms:
        candidates = candidates[:MOST_COMPARED]
    in_frame = boxes_to_frame(candidates.xyxy.copy(), placement)
    sides = (in_frame[:, 2:] - in_frame[:, :2]).min(axis=1)
    shown = (sides > 0) & (sides >= selection.minimum_box_size)
    if needs_nms and len(candidates) > 1:
        compared = None if class_agnostic else candidates.class_ids
        shown &= suppress(
            candidates.xyxy, compared, thresholds.iou_threshold, shown, thresholds.max_detections
        )
    chosen = np.flatnonzero(shown)[: thresholds.max_detections]
    return replace(candidates[chosen], xyxy=in_frame[chosen])


def _finite_ones(candidates: Detections) -> Detections:
    """Those whose score and box are finite, as a result that lacks the others."""
    finite = (np.abs(candidates.xyxy) <= LARGEST_VALUE).all(axis=1) & (
        candidates.scores <= LARGEST_VALUE
    )
    return replace(candidates[finite], is_finite=False)
