"""The accuracy by whatever is annotated: boxes, or the classes of images."""

from typing import Optional, Sequence, Union

import numpy as np

from converter.comparison.accuracy import Accuracy, measure_accuracy
from converter.comparison.class_accuracy import ClassAccuracy, measure_class_accuracy
from converter.inputs.dataset import Dataset
from trt_inference.inference.detections import Detections
from trt_inference.inference.results import Classification, Result

AnyAccuracy = Union[Accuracy, ClassAccuracy]


def measure_results(dataset: Dataset, results: Sequence[Result]) -> Optional[AnyAccuracy]:
    """Compare results with what is annotated in the images; None where nothing is.

    Args:
        results: for each sample of ``dataset``, in the image's pixels.
    """
    if dataset.annotations is not None:
        boxes = [one for one in results if isinstance(one, Detections)]
        return measure_accuracy(dataset.samples, boxes, dataset.annotations)
    if dataset.folders is not None:
        classes = [one for one in results if isinstance(one, Classification)]
        return measure_class_accuracy(dataset.samples, classes, dataset.folders)
    return None


def accuracy_drop(before: AnyAccuracy, after: AnyAccuracy) -> float:
    """How much lower ``after`` is: the larger drop of mAP@0.5 and mAP@[.5:.95], or the drop of
    top-1."""
    figures = before.figures
    names = ("top-1",) if isinstance(before, ClassAccuracy) else tuple(figures)
    drops = [figures[name] - after.figures[name] for name in names]
    return float(np.max(drops))  # which is NaN where one of them is
