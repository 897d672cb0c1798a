"""How people see the result of each task: as rows of a table, and drawn on the frame."""

from typing import Any, Callable, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from trt_inference.bundles.names import CLASSIFICATION, DETECTION, SEGMENTATION
from trt_inference.inference.detections import Detections
from trt_inference.inference.results import Classification, Segmentation
from trt_inference.viewing.drawing import draw_classification, draw_detections, draw_segmentation

Cells = Tuple[str, ...]


class View(NamedTuple):
    """``rows`` and ``draw`` take the task's own result, and the bundle's labels.

    Attributes:
        columns: the heads of the table.
        rows: result, labels → the cells of each row; no row when nothing was seen.
        draw: image (uint8 ``[h, w, 3]``, BGR), result, labels → a copy with the result on it.
    """

    columns: Cells
    rows: Callable[[Any, Sequence[str]], List[Cells]]
    draw: Callable[[np.ndarray, Any, Sequence[str]], np.ndarray]


def _detection_rows(detections: Detections, labels: Sequence[str]) -> List[Cells]:
    return [
        (labels[class_id], f"{score:.3f}", *(f"{edge:.1f}" for edge in box))
        for class_id, score, box in zip(
            detections.class_ids.tolist(), detections.scores.tolist(), detections.xyxy.tolist()
        )
    ]


def _classification_rows(classification: Classification, labels: Sequence[str]) -> List[Cells]:
    return [
        (labels[class_id], f"{score:.3f}")
        for class_id, score in zip(
            classification.class_ids.tolist(), classification.scores.tolist()
        )
    ]


def _segmentation_rows(segmentation: Segmentation, labels: Sequence[str]) -> List[Cells]:
    return [
        (labels[class_id] if class_id < len(labels) else "not looked at", f"{share:.1%}")
        for class_id, share in segmentation.shares()
    ]


VIEWS: Dict[str, View] = {
    DETECTION: View(("label", "score", "x1", "y1", "x2", "y2"), _detection_rows, draw_detections),
    CLASSIFICATION: View(("label", "score"), _classification_rows, draw_classification),
    SEGMENTATION: View(("label", "share"), _segmentation_rows, draw_segmentation),
}
