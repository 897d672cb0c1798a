"""What is done with an engine's outputs, by the bundle's task."""

from typing import Callable, Dict, Mapping

import numpy as np

from trt_inference.bundles.bundle import Bundle, Thresholds
from trt_inference.bundles.names import CLASSIFICATION, DETECTION, SEGMENTATION
from trt_inference.errors import BundleError
from trt_inference.inference.classification import best_classes
from trt_inference.inference.geometry import Placement
from trt_inference.inference.postprocess import postprocess
from trt_inference.inference.results import OUTSIDE, Result
from trt_inference.inference.segmentation import FrameClasses
from trt_inference.inference.selection import Selection

# The outputs of one image by name, where its frame lies in the input, and what is wanted.
Postprocess = Callable[[Mapping[str, np.ndarray], Placement, Thresholds, Selection], Result]


def _detection(bundle: Bundle) -> Postprocess:
    def run(
        outputs: Mapping[str, np.ndarray],
        placement: Placement,
        thresholds: Thresholds,
        selection: Selection,
    ) -> Result:
        return postprocess(
            outputs, placement, thresholds, bundle.needs_nms, selection, bundle.class_agnostic
        )

    return run


def _segmentation(bundle: Bundle) -> Postprocess:
    if len(bundle.labels) > OUTSIDE:
        raise BundleError(
            f"{bundle.path} has {len(bundle.labels)} labels: a class map counts {OUTSIDE} classes, "
            f"and {OUTSIDE} is what is not looked at. Convert a model with fewer classes"
        )
    return FrameClasses(bundle.input.height, bundle.input.width)


_TASKS: Dict[str, Callable[[Bundle], Postprocess]] = {
    DETECTION: _detection,
    CLASSIFICATION: lambda bundle: best_classes,
    SEGMENTATION: _segmentation,
}


def postprocess_for(bundle: Bundle) -> Postprocess:
    """What makes the result of one frame. For one thread: it may keep arrays between frames.

    Raises:
        BundleError: a segmentation has more classes than a class map counts.
    """
    return _TASKS[bundle.task](bundle)
