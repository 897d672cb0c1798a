"""Classes of an engine → the ones that are worth a mention."""

from typing import Mapping

import numpy as np

from trt_inference.bundles.bundle import Thresholds
from trt_inference.bundles.names import CLASSES, SCORES
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
    ``max_detections``.

    Args:
        outputs: of one image: ``scores`` float32 ``[K]``, falling, and ``classes`` int32 ``[K]``.
            They are copied.
        placement: not used, a class belongs to all that was looked at.
        selection: of classes; those that are not wanted do not count to ``max_detections``.
    """
    kept = np.flatnonzero(outputs[SCORES] >= thresholds.score_threshold)
    kept = kept[selection.wants(outputs[CLASSES][kept])]
    kept = kept[: thresholds.max_detections]
    return Classification(outputs[SCORES][kept], outputs[CLASSES][kept])
