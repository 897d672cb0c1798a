"""Classes of an engine → the ones that are worth a mention."""

from typing import Mapping

import numpy as np

from trt_inference.bundles.bundle import Thresholds
from trt_inference.bundles.names import CLASSES, SCORES
from trt_inference.inference.finite import LARGEST_VALUE, scores_are_finite
from trt_inference.inference.geometry import Placement
from trt_inference.inference.results import Classification
from trt_inference.inference.selection import EVERYTHING, Selection


def best_classes(
    outputs: Mapping[str, np.ndarray],
    placement: Placement,
    thresholds: Thresholds,
    selection: Selection = EVERYTHING,
) -> Classification:
    """The classes of one image with a score of ``score_threshold`` or more, at most
    ``max_detections``, of those whose score is finite, the best one first.

    Args:
        outputs: of one image: ``scores`` float32 ``[K]`` and ``classes`` int32 ``[K]``. They are
            copied.
        placement: not used, a class belongs to all that was looked at.
        selection: of classes; those that are not wanted do not count to ``max_detections``.
    """
    scores, classes = outputs[SCORES], outputs[CLASSES]
    is_finite = scores_are_finite(scores)
    kept = np.flatnonzero(scores >= thresholds.score_threshold)
    if not is_finite:
        kept = kept[scores[kept] <= LARGEST_VALUE]
    kept = kept[selection.wants(classes[kept])]
    # They should fall already, but a model may give them as it likes.
    kept = kept[np.argsort(-scores[kept], kind="stable")]
    kept = kept[: thresholds.max_detections]
    return Classification(scores[kept], classes[kept], is_finite)
