"""Compare with what the SavedModel's own suppression lets through, at its own thresholds.

Its detections must be among all boxes and scores, in the column of their class. And what the
robot lets through at these thresholds must be among its detections: a box that is not was
suppressed by one of them, or fell to the most that the model gives.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from converter.comparison.tolerance import TOLERANCES
from converter.onnx_tools.node_names import ALL_BOXES, CLASS_SCORES
from converter.verification.own_detections import Own, read_own
from converter.verification.source_model import SourceModel
from converter.verification.verification_results import SourceSuppression
from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.names import BOXES, CLASSES, SCORES
from trt_inference.inference.box_overlaps import pairwise_iou
from trt_inference.inference.detections import Detections
from trt_inference.inference.suppression import suppress

LEAST_SCORE = 0.01  # a detection with less is not looked for
LEAST_IOU = 0.95
IOU_MARGIN = 0.02  # two overlaps that differ by less may be the same but for rounding


def compare_with_own(
    source: SourceModel,
    bundle: Bundle,
    given: Mapping[str, np.ndarray],
    decoded: Mapping[str, np.ndarray],
    candidates: Mapping[str, np.ndarray],
) -> SourceSuppression | None:
    """Compare one image.

    Args:
        given: the outputs of the SavedModel.
        decoded: boxes and class scores that the head has read, of all boxes.
        candidates: what the bundle gives.

    Returns:
        None where the model has no suppression beside what the head reads.
    """
    if not source.head.needs_nms:
        return None
    own = read_own(source, given)
    if own is None:
        if source.suppression is None:
            return None
        return SourceSuppression(0, 0, unread=1)
    comparison = _Comparison(source, bundle, own, decoded)
    found = comparison.rows[comparison.is_looked_for] >= 0
    mine = comparison.robot(candidates)
    extra = [row for row in range(len(mine)) if not comparison.explains(mine, row)]
    return SourceSuppression(
        len(found),
        int(found.sum()),
        published=len(mine),
        extra=len(extra),
        further_classes=comparison.further_classes(),
        class_blind=int(not own.has_classes),
    )


class _Comparison:
    """Of one image.

    Attributes:
        rows: for each of the model's own detections its row of all boxes, -1 where it is not there.
        is_looked_for: which of these count.
    """

    def __init__(
        self,
        source: SourceModel,
        bundle: Bundle,
        own: Own,
        decoded: Mapping[str, np.ndarray],
    ) -> None:
        height, width = source.network.input_size
        self._edges = np.array([width, height, width, height], np.float32)
        self._tolerance = TOLERANCES[source.float_type].score_difference
        self._suppression, self._bundle, self._own = source.suppression, bundle, own
        self._gives_each_class = source.head.each_class
        self._boxes, self._scores = decoded[ALL_BOXES][0], decoded[CLASS_SCORES][0]
        self.is_looked_for = (own.scores >= LEAST_SCORE) & self._is_inside(own.boxes)
        self.rows = self._find_rows()
        # Where a model clips its boxes, it may do so after the suppression.
        found = (self.rows >= 0)[:, None]
        self._unclipped = np.where(found, self._boxes[self.rows], own.boxes)

    def _find_rows(self) -> np.ndarray:
        """The nearest box of all at each detection's place with its score for its class."""
        own, rows = self._own, np.full(len(self._own), -1)
        for number, overlaps in enumerate(self._overlaps(own.boxes, self._boxes)):
            near = np.flatnonzero(overlaps >= LEAST_IOU)
            scores = self._scores[near]
            if own.has_classes:
                scores = scores[:, own.classes[number], None]
            near = near[self._alike(own.scores[number], scores).any(axis=1)]
            if len(near):
                rows[number] = near[overlaps[near].argmax()]
        return rows

    def further_classes(self) -> int:
        """How many of its detections are of another class than the best of their box, where that
        alone is a candidate."""
        seen = self.is_looked_for & (self.rows >= 0)
        if not self._own.has_classes or self._gives_each_class:
            return 0
        best = self._scores[self.rows[seen]].max(axis=1)
        own = self._scores[self.rows[seen], self._own.classes[seen]]
        return int((own < best).sum())

    def _alike(self, own: np.ndarray, score: np.ndarray) -> np.ndarray:
        """Whether scores are the same; Soft-NMS lowers the model's own."""
        difference = score - own
        most = np.inf if self._is_soft else self._tolerance
        return (difference >= -self._tolerance) & (difference <= most)

    @property
    def _is_soft(self) -> bool:
        return self._suppression is not None and self._suppression.soft

    @property
    def _is_class_agnostic(self) -> bool:
        return self._suppression is not None and self._suppression.class_agnostic

    def _is_inside(self, boxes: np.ndarray) -> np.ndarray:
        clipped = np.clip(boxes, 0, self._edges)
        return (clipped[:, 2:] > clipped[:, :2]).all(axis=1)

    def _overlaps(self, boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
        """IoU; of both clipped to the input if that is more."""
        clipped = [np.clip(one, 0, self._edges) for one in (boxes, others)]
        return np.maximum(pairwise_iou(boxes, others), pairwise_iou(*clipped))

    def robot(self, candidates: Mapping[str, np.ndarray]) -> Detections:
        """What the robot lets through at the model's thresholds, in pixels of the input; no more
        than the model has room for."""
        boxes, scores, classes = (candidates[name] for name in (BOXES, SCORES, CLASSES))
        kept = (scores >= self._thresholds(classes)) & np.isfinite(boxes).all(axis=1)
        kept = np.flatnonzero(kept)
        best_first = kept[np.argsort(-scores[kept], kind="stable")]
        found = Detections(boxes[best_first], scores[best_first], classes[best_first])
        iou = self._suppression.iou_threshold if self._suppression else None
        if iou is None:
            iou = self._bundle.defaults.iou_threshold
        compared = None if self._is_class_agnostic else found.class_ids
        found = found[suppress(found.xyxy, compared, iou)]
        found = found[: len(self._own)] if self._own.is_full else found
        return found[self._is_inside(found.xyxy)]  # the others have suppressed, too

    def _thresholds(self, classes: np.ndarray) -> np.ndarray:
        """For each candidate, what its score must be above for the model, with a margin."""
        known = self._suppression.class_thresholds if self._suppression else ()
        if len(known) != len(self._scores.T):  # as without a background that the model has
            lowest = max(known, default=self._own.lowest)
            known = (lowest,) * len(self._scores.T)
        return np.maximum(np.array(known)[classes] + self._tolerance, LEAST_SCORE)

    def explains(self, mine: Detections, row: int) -> bool:
        """Whether the model's own detections show why it gives or lacks a detection of the
        robot."""
        of_class = np.ones(len(self._own), bool)
        within = self._suppression is not None and not self._is_class_agnostic
        if self._own.has_classes and within:
            of_class = self._own.classes == mine.class_ids[row]
        box, score = mine.xyxy[row : row + 1], mine.scores[row]
        own = self._own[of_class]
        better = own.scores >= score - self._tolerance
        overlaps = np.maximum(
            self._overlaps(box, self._unclipped[of_class])[0], self._overlaps(box, own.boxes)[0]
        )
        same = (overlaps >= LEAST_IOU) & self._alike(own.scores, score)
        if own.has_classes:
            same &= own.classes == mine.class_ids[row]
        suppressed = better & (overlaps > self._overlap_that_suppresses())
        no_room = self._own.is_full and score <= self._own.lowest + self._tolerance
        most = self._has_most(len(own)) and score <= own.lowest + self._tolerance
        return bool(same.any() or suppressed.any() or no_room or most)

    def _overlap_that_suppresses(self) -> float:
        """The IoU from which on a detection may have suppressed another; 0 where it is not
        known."""
        iou = self._suppression.iou_threshold if self._suppression else None
        return 0.0 if iou is None or self._is_soft else iou - IOU_MARGIN

    def _has_most(self, count: int) -> bool:
        """Whether a class may have as many detections as the model lets through."""
        most = self._suppression.most_of_class if self._suppression else None
        return count > 0 and (most is None or count >= most)
