"""One image in both models, by task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from converter.comparison.accuracy import ACCURACY_THRESHOLDS
from converter.comparison.agreement import (
    ClassAgreement,
    TensorParity,
    candidate_parity,
    tensor_parity,
)
from converter.heads.base import Head
from converter.onnx_tools.node_names import ALL_BOXES, CLASS_SCORES
from trt_inference.bundles.names import CLASS_MAP, CLASSIFICATION, DETECTION, SEGMENTATION
from trt_inference.inference.classification import best_classes
from trt_inference.inference.detections import Detections
from trt_inference.inference.geometry import Placement
from trt_inference.inference.postprocess import postprocess
from trt_inference.inference.results import Result
from trt_inference.inference.segmentation import FrameClasses

# What there is to choose from, before suppression.
CLASSES_SHOWN = 5
BEFORE_SUPPRESSION = replace(ACCURACY_THRESHOLDS, max_detections=1_000_000)

Outputs = Mapping[str, np.ndarray]
Size = tuple[int, int]  # height, width of the engine's input in pixels
Compare = Callable[[Head, Outputs, Outputs, "ImagePlacement"], "Compared"]


@dataclass(frozen=True)
class ImagePlacement:
    """Where a frame lies in the engine's input, and how near two scores may be that count as
    different."""

    placement: Placement
    input_size: Size
    score_gap: float


@dataclass(frozen=True)
class Compared:
    """One image: parity of the bundle's outputs, and the results of both models.

    Attributes:
        pools: for detection, what each model had to choose from before overlapping boxes were
            suppressed: the source's, the bundle's.
        classes: for the other tasks, how the best classes agree.
    """

    candidates: tuple[TensorParity, ...]
    expected: Result
    pools: tuple[Detections, Detections] | None = None
    classes: ClassAgreement | None = None


def compare_detection(
    head: Head, decoded: Outputs, found: Outputs, place: ImagePlacement
) -> Compared:
    """Boxes, scores and classes of the best candidates; ``found`` is of the bundle, one image."""
    scores = decoded[CLASS_SCORES][0]
    best_scores = scores.max(axis=1)
    best = np.argsort(-best_scores, kind="stable")[: len(found["scores"])]
    expected = {
        "boxes": decoded[ALL_BOXES][0][best],
        "scores": best_scores[best],
        "classes": scores.argmax(axis=1)[best].astype(np.int32),
    }
    pools = (
        postprocess(expected, place.placement, BEFORE_SUPPRESSION, needs_nms=False),
        postprocess(found, place.placement, BEFORE_SUPPRESSION, needs_nms=False),
    )
    clear = clear_of_others(best_scores, scores[best], place.score_gap)
    return Compared(
        candidate_parity(expected, found, clear),
        postprocess(expected, place.placement, ACCURACY_THRESHOLDS, head.needs_nms),
        pools=pools,
    )


def compare_classification(
    head: Head, decoded: Outputs, found: Outputs, place: ImagePlacement
) -> Compared:
    """Scores and classes, the best first."""
    scores = decoded[CLASS_SCORES][0]
    best = np.argsort(-scores, kind="stable")[: len(found["scores"])]
    expected = {"scores": scores[best], "classes": best.astype(np.int32)}
    clear = _gaps(scores, len(best)) > place.score_gap
    other = (expected["classes"] != found["classes"])[clear]
    parities = (
        tensor_parity("scores", expected["scores"], found["scores"]),
        tensor_parity("classes", np.zeros(len(other)), other),
    )
    difference = float(abs(expected["scores"][0] - found["scores"][0]))
    shown = replace(ACCURACY_THRESHOLDS, score_threshold=0, max_detections=CLASSES_SHOWN)
    same = not clear[0] or expected["classes"][0] == found["classes"][0]
    return Compared(
        parities,
        best_classes(expected, place.placement, shown),
        classes=ClassAgreement(1, int(same), difference),
    )


def compare_segmentation(
    head: Head, decoded: Outputs, found: Outputs, place: ImagePlacement
) -> Compared:
    """The class of each cell of the map."""
    expected = decoded[CLASS_MAP][0]
    same = int((expected == found[CLASS_MAP]).sum())
    whole = FrameClasses(*place.input_size)(
        {CLASS_MAP: expected}, place.placement, ACCURACY_THRESHOLDS
    )
    return Compared((), whole, classes=ClassAgreement(expected.size, same))


COMPARE: dict[str, Compare] = {
    DETECTION: compare_detection,
    CLASSIFICATION: compare_classification,
    SEGMENTATION: compare_segmentation,
}


def clear_of_others(scores: np.ndarray, class_scores: np.ndarray, gap: float) -> np.ndarray:
    """Which of the best K boxes (``class_scores [K, C]``) can be neither another box nor another
    class by rounding, with ``scores [A]`` of all boxes."""
    clear: np.ndarray = _gaps(scores, len(class_scores)) > gap
    if class_scores.shape[1] > 1:
        second, first = np.sort(class_scores, axis=1)[:, -2:].T
        clear &= first - second > gap
    return clear


def _gaps(scores: np.ndarray, count: int) -> np.ndarray:
    """How far each of the best ``count`` of ``scores [A]`` is from the one before and after."""
    ranked = -np.sort(-scores.astype(np.float64))
    gaps = -np.diff(ranked, prepend=np.inf, append=-np.inf)[: count + 1]
    return np.minimum(gaps[:-1], gaps[1:])
