"""Outputs with detections that are finished in the network, found by their names.

Both the TF Object Detection API and tf.image.combined_non_max_suppression give them:
https://www.tensorflow.org/api_docs/python/tf/image/combined_non_max_suppression
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from converter.heads.evidence import Evidence
from converter.inputs.tensor import Tensor

# The beginnings of names, the best first; those of the TF Object Detection API count from 1.
API = "detection_"
BEGINNINGS = (API, "nmsed_", "")
COUNTS = ("num_detections", "valid_detections", "num")
OTHERS = re.compile("raw|multiclass|proposal|anchor|before")
ONNX_TYPES = {"float32": "float", "float16": "float16", "int32": "int32", "int64": "int64"}


@dataclass(frozen=True)
class Finished:
    """The outputs: boxes [N, K, 4], scores [N, K] or [N, K, 1], numbers of classes [N, K], None
    where there is one class, and how many of the K are meant [N] or [N, 1], which may be missing.
    ``api``: named as by the TF Object Detection API; ``named``: by names at all."""

    boxes: Tensor
    scores: Tensor
    numbers: Tensor | None
    count: Tensor | None
    api: bool = False
    named: bool = True

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All of them."""
        given = (self.boxes, self.scores, self.numbers, self.count)
        return tuple(tensor for tensor in given if tensor is not None)

    @property
    def anchors(self) -> int:
        """K."""
        return self.boxes.shape[1] if self.boxes.shape else 0

    def valid(self, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Which rows are meant: bool ``[N, K]``."""
        images = len(outputs[self.boxes.name])
        if self.count is None:
            return np.ones((images, self.anchors), bool)
        return np.arange(self.anchors) < outputs[self.count.name].reshape(images, 1)

    def meant(self, outputs: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Scores float32 and class numbers int64, both ``[N, K]``; scores 0 where not valid, as
        also where score or number is below 0, with which some models fill their lists up."""
        values = outputs[self.scores.name].astype(np.float32)
        scores = np.nan_to_num(values.reshape(len(values), self.anchors))
        numbers = np.zeros(scores.shape)
        if self.numbers is not None:
            numbers = np.nan_to_num(outputs[self.numbers.name].astype(np.float64))
        valid = self.valid(outputs) & (scores > 0) & (numbers >= 0)
        return np.where(valid, scores, 0), numbers.round().astype(np.int64)

    def meant_boxes(self, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Boxes float32 ``[N, K, 4]``, those without a score 0."""
        scores, _ = self.meant(outputs)
        return np.where(scores[..., None] > 0, outputs[self.boxes.name], 0).astype(np.float32)


def find_finished(evidence: Evidence) -> Finished | None:
    """The outputs by the ends of their names, in capitals or not; None if they are not all there,
    or have other shapes."""
    counts = (_named(evidence, name) for name in COUNTS)
    count = next((tensor for tensor in counts if tensor and is_count(tensor)), None)
    for beginning in BEGINNINGS:
        names = [f"{beginning}{what}" for what in ("boxes", "scores", "classes")]
        boxes, scores, numbers = (_named(evidence, name) for name in names)
        if boxes and scores and numbers and boxes.shape and len(boxes.shape) == 3:
            most, sides = boxes.shape[1:]
            rows = [tensor.shape and tensor.shape[1:] for tensor in (scores, numbers)]
            if most > 0 and sides == 4 and rows == [(most,), (most,)]:
                return Finished(boxes, scores, numbers, count, beginning == API)
    return None


def _named(evidence: Evidence, name: str) -> Tensor | None:
    """The one output whose name ends so."""
    end = re.compile(rf"(^|[^a-z0-9]){name}(:\d+)?$")
    found = [
        output
        for output in evidence.outputs
        if output.dtype in ONNX_TYPES
        and end.search(output.name.lower())
        and not OTHERS.search(output.name.lower())
    ]
    return found[0] if len(found) == 1 else None


def is_count(tensor: Tensor) -> bool:
    """Whether it has one value for each image."""
    return tensor.shape is not None and tuple(tensor.shape[1:]) in ((), (1,))
