"""How people see the result of each task: as rows of a table or a file, and drawn on the frame."""

from typing import Any, Callable, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from trt_inference.bundles.names import CLASSIFICATION, DETECTION, SEGMENTATION
from trt_inference.inference.detections import Detections
from trt_inference.inference.labels_of_classes import class_name
from trt_inference.inference.results import OUTSIDE, Classification, Segmentation
from trt_inference.viewing.drawing import draw_classification, draw_detections, draw_segmentation

Cells = Tuple[str, ...]
RowValues = Tuple[Any, ...]


class View(NamedTuple):
    """``rows`` and ``draw`` take the task's own result, and the bundle's labels.

    Attributes:
        things: what a row is, in the plural.
        columns: the name of each value, and how a table shows it.
        rows: result, labels → the values of each row; no row when nothing was seen.
        draw: image (uint8 ``[h, w, 3]``, BGR), result, labels → a copy with the result on it.
    """

    things: str
    columns: Dict[str, str]
    rows: Callable[[Any, Sequence[str]], List[RowValues]]
    draw: Callable[[np.ndarray, Any, Sequence[str]], np.ndarray]

    def cells(self, row: RowValues) -> Cells:
        """The values of a row as a table shows them."""
        return tuple(form.format(value) for form, value in zip(self.columns.values(), row))


def _detection_rows(detections: Detections, labels: Sequence[str]) -> List[RowValues]:
    return [
        (class_name(labels, class_id), score, *box)
        for class_id, score, box in zip(
            detections.class_ids.tolist(), detections.scores.tolist(), detections.xyxy.tolist()
        )
    ]


def _classification_rows(classification: Classification, labels: Sequence[str]) -> List[RowValues]:
    return [
        (class_name(labels, class_id), score)
        for class_id, score in zip(
            classification.class_ids.tolist(), classification.scores.tolist()
        )
    ]


def _segmentation_rows(segmentation: Segmentation, labels: Sequence[str]) -> List[RowValues]:
    return [
        ("not looked at" if class_id == OUTSIDE else class_name(labels, class_id), share)
        for class_id, share in segmentation.shares()
    ]


_BOX = dict.fromkeys(("x1", "y1", "x2", "y2"), "{:.1f}")
VIEWS: Dict[str, View] = {
    DETECTION: View(
        "detections", {"class": "{}", "score": "{:.3f}", **_BOX}, _detection_rows, draw_detections
    ),
    CLASSIFICATION: View(
        "classes", {"class": "{}", "score": "{:.3f}"}, _classification_rows, draw_classification
    ),
    SEGMENTATION: View(
        "classes", {"class": "{}", "share": "{:.1%}"}, _segmentation_rows, draw_segmentation
    ),
}
