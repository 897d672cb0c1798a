"""Check a suppression that was cut out: its detections must be among the boxes that enter it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from converter.errors import HeadError
from converter.heads.base import Head
from converter.heads.evidence import Evidence, HeadOptions
from converter.heads.finished.outputs import find_finished
from converter.heads.tf_object_detection.recognise import NAME, recognise
from converter.inputs.tensor import Tensor
from converter.onnx_tools.node_names import ALL_BOXES, CLASS_SCORES
from converter.verification.source_model import SourceModel
from converter.verification.verification_results import SourceSuppression
from trt_inference.inference.geometry import pairwise_iou

LEAST_SCORE = 0.05  # a detection with less is not looked for
LEAST_IOU = 0.95
SCORE_TOLERANCE = 0.01


def find_in_candidates(
    source: SourceModel, given: Mapping[str, np.ndarray], decoded: Mapping[str, np.ndarray]
) -> SourceSuppression | None:
    """Count how many detections of the SavedModel's own outputs are among all boxes and scores.

    Args:
        given: the outputs of the SavedModel for one image.
        decoded: boxes and class scores that the head has read from what was cut free.

    Returns:
        None where no suppression was cut out, or its outputs cannot be read.
    """
    if source.flat is None or all(name in given for name in source.head.inputs):
        return None
    head = _finished_head(source, given)
    if head is None:
        return None
    finished = head.decode(given)
    scores = finished[CLASS_SCORES][0].max(axis=1)
    boxes = finished[ALL_BOXES][0][scores >= LEAST_SCORE]
    found = _are_among(boxes, scores[scores >= LEAST_SCORE], source, decoded)
    return SourceSuppression(len(boxes), int(found.sum()))


def _finished_head(source: SourceModel, given: Mapping[str, np.ndarray]) -> Head | None:
    outputs = tuple(
        Tensor(name, value.dtype.name, (-1, *value.shape[1:]))
        for name, value in given.items()
        if value.ndim and value.shape[0] == 1
    )
    values = {output.name: np.asarray(given[output.name]) for output in outputs}
    size = source.network.input_size
    evidence = Evidence(outputs, values, size, options=HeadOptions(NAME))
    finished = find_finished(evidence)
    if finished is not None and not finished.api:  # no names give its order of corners
        order = getattr(source.head, "box_format", "auto")
        evidence = replace(evidence, options=replace(evidence.options, box_format=order))
    try:
        recognised = recognise(evidence)
    except HeadError:  # the outputs leave it open, as with nothing detected
        return None
    return recognised.head if recognised and not recognised.head.needs_nms else None


def _are_among(
    boxes: np.ndarray,
    scores: np.ndarray,
    source: SourceModel,
    decoded: Mapping[str, np.ndarray],
) -> np.ndarray:
    """Which detections have a box at their place with their score for some class. A suppression
    may have clipped its boxes to the input."""
    height, width = source.network.input_size
    edges = np.array([width, height, width, height], np.float32)
    everywhere = decoded[ALL_BOXES][0]
    near = pairwise_iou(boxes, everywhere) >= LEAST_IOU
    near |= pairwise_iou(boxes, np.clip(everywhere, 0, edges)) >= LEAST_IOU
    all_scores = decoded[CLASS_SCORES][0]
    return np.array(
        [
            bool((np.abs(all_scores[row] - score) <= SCORE_TOLERANCE).any())
            for row, score in zip(near, scores, strict=True)
        ],
        bool,
    )
