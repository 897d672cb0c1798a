"""The comparison of each task."""

from typing import Dict

from converter.comparison.base import TaskComparison
from converter.comparison.compare_classifications import ClassificationComparison
from converter.comparison.compare_detections import DetectionComparison
from converter.comparison.compare_segmentations import SegmentationComparison
from trt_inference.bundles.names import CLASSIFICATION, DETECTION, SEGMENTATION

COMPARISONS: Dict[str, TaskComparison] = {
    DETECTION: DetectionComparison(),
    CLASSIFICATION: ClassificationComparison(),
    SEGMENTATION: SegmentationComparison(),
}
