"""Which thresholds a robot does not use with a bundle, so that nobody sets one in vain."""

from typing import Dict

from trt_inference.bundles.names import CLASSIFICATION, SEGMENTATION

_FINISHED = (
    "the model gives each object once, so that the robot suppresses no boxes: convert the model "
    "with --suppress if it should"
)
_CLASSES = "classes of a whole image do not overlap"
_CLASS_MAP = "a class map has one class for each pixel, and no scores"


def unused_thresholds(task: str, needs_nms: bool) -> Dict[str, str]:
    """Return for each field of ``Thresholds`` that has no effect the reason, a clause.

    Args:
        task: of the bundle.
        needs_nms: whether the robot suppresses overlapping boxes.
    """
    if task == SEGMENTATION:
        return dict.fromkeys(("score_threshold", "iou_threshold", "max_detections"), _CLASS_MAP)
    if task == CLASSIFICATION:
        return {"iou_threshold": _CLASSES}
    return {} if needs_nms else {"iou_threshold": _FINISHED}
