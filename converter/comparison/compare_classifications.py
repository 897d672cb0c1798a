"""Compare classifications: both models must have the same best class."""

from dataclasses import replace
from typing import Tuple

import numpy as np

from converter.comparison.accuracy import ACCURACY_THRESHOLDS
from converter.comparison.agreement import ClassAgreement
from converter.comparison.base import (
    ImageFindings,
    Outputs,
    Pairs,
    Ranked,
    TaskComparison,
    far_apart,
)
from converter.comparison.tolerance import TOLERANCES
from converter.onnx_tools.node_names import CLASS_SCORES
from trt_inference.bundles.bundle import Thresholds
from trt_inference.bundles.names import CLASSES, SCORES
from trt_inference.inference.results import Classification, Result

CLASSES_SHOWN = 5


class ClassificationComparison(TaskComparison):
    """Compares the best classes of images, whatever their scores."""

    thresholds = replace(ACCURACY_THRESHOLDS, score_threshold=-np.inf, max_detections=CLASSES_SHOWN)

    def rank(self, decoded: Outputs, count: int, gap: float, each_class: bool = False) -> Ranked:
        """Take the best classes of the image."""
        scores = decoded[CLASS_SCORES]
        order = np.argsort(-scores, kind="stable")
        best = order[:count]
        after = float(scores[order[count]]) if count < len(order) else -np.inf
        outputs = {SCORES: scores[best], CLASSES: best.astype(np.int32)}
        return Ranked(outputs, far_apart(scores[best], gap, after))

    def publish_at(self, defaults: Thresholds) -> Thresholds:
        """Return thresholds with which there always is a best class."""
        return replace(defaults, score_threshold=-np.inf)

    def found(
        self,
        outputs: Outputs,
        published: Result,
        pool: Result,
        tied: bool = False,
        cut: float = -np.inf,
    ) -> ImageFindings:
        """Keep the best class, which a robot may not publish because its score is low."""
        best = Classification(outputs[SCORES][:1].copy(), outputs[CLASSES][:1].copy())
        return ImageFindings(best, best, tied)

    def agree(
        self, pairs: Pairs, threshold: float, least: float = TOLERANCES["float32"].same_class
    ) -> ClassAgreement:
        """Count the images with the same best class; where classes tie, both are right."""
        found = [_same_best(one.published, other.published) for one, other in pairs]
        tied = [one.tied or other.tied for one, other in pairs]
        return ClassAgreement(
            len(found),
            sum(same or tie for (same, _), tie in zip(found, tied)),
            max((difference for _, difference in found), default=0.0),
            least,
        )

    def differ(self, wanted: Result, given: Result, threshold: float) -> float:
        """Return how much the best score moved, and 1 more for another class."""
        same, difference = _same_best(wanted, given)
        return difference + (not same)

    def classes(self, result: Result, threshold: float) -> np.ndarray:
        """Return the best class."""
        return _classification(result).class_ids[:1]


def _same_best(wanted: Result, given: Result) -> Tuple[bool, float]:
    """Whether both have the same best class, and how much its score moved."""
    one, other = _classification(wanted), _classification(given)
    if not len(one) or not len(other):  # its scores are no numbers
        return False, 1.0
    difference = abs(float(one.scores[0]) - float(other.scores[0]))
    return bool(one.class_ids[0] == other.class_ids[0]), difference


def _classification(result: Result) -> Classification:
    if not isinstance(result, Classification):
        raise TypeError(f"a {type(result).__name__} was given where Classifications are compared")
    return result
