"""Detections that are finished in the network: boxes, scores, class numbers, and their count.

Both the TF Object Detection API and tf.image.combined_non_max_suppression give them:
https://www.tensorflow.org/api_docs/python/tf/image/combined_non_max_suppression
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx

from converter.graph.heads import BOXES, CLASS_SCORES, DETECTION
from converter.graph.heads.box_formats import corner_lines, corners, unit
from converter.graph.heads.evidence import Evidence
from converter.graph.heads.lines import Lines, detection_stage, index
from converter.graph.heads.scores import numbered_lines, numbered_scores
from converter.graph.text import floats
from converter.saved_model import Tensor

# The beginnings of names, the best first; those of the TF Object Detection API count from 1.
API = "detection_"
BEGINNINGS = (API, "nmsed_", "")
COUNTS = ("num_detections", "valid_detections", "num")
OTHERS = re.compile("raw|multiclass|proposal|anchor|before")
ONNX_TYPES = {"float32": "float", "float16": "float16", "int32": "int32", "int64": "int64"}


@dataclass(frozen=True)
class Finished:
    """The outputs: boxes [N, K, 4], scores [N, K], numbers of classes [N, K], and how many of
    the K are meant [N] or [N, 1], which may be missing. ``api``: named as by the TF Object
    Detection API."""

    boxes: Tensor
    scores: Tensor
    numbers: Tensor
    count: Tensor | None
    api: bool

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All of them."""
        given = (self.boxes, self.scores, self.numbers)
        return given if self.count is None else (*given, self.count)

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
        """Scores float32 and class numbers int64, both ``[N, K]``; scores 0 where not valid."""
        scores = np.where(self.valid(outputs), outputs[self.scores.name].astype(np.float32), 0)
        numbers = np.nan_to_num(outputs[self.numbers.name].astype(np.float64))
        return np.nan_to_num(scores), numbers.round().astype(np.int64)


def find_finished(evidence: Evidence) -> Finished | None:
    """The outputs by the ends of their names, in capitals or not; None if they are not all there,
    or have other shapes."""
    counts = (_named(evidence, name) for name in COUNTS)
    count = next((tensor for tensor in counts if tensor and _is_count(tensor)), None)
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


def _is_count(tensor: Tensor) -> bool:
    return tensor.shape is not None and tuple(tensor.shape[1:]) in ((), (1,))


@dataclass(frozen=True)
class FinishedHead:
    """Recognised detections. ``scale`` brings their boxes to pixels. ``family`` is for people."""

    family: str
    outputs: Finished
    classes: int
    first_class: int
    box_format: str
    scale: tuple[float, float]

    task = DETECTION
    needs_nms = False

    @property
    def inputs(self) -> tuple[str, ...]:
        """The outputs of the network: boxes, scores, classes, and the count if there is one."""
        return tuple(tensor.name for tensor in self.outputs.tensors)

    @property
    def anchors(self) -> int:
        """K."""
        return self.outputs.anchors

    @property
    def description(self) -> str:
        """Family and layout."""
        return (
            f"{self.family}, finished detections, boxes {self.box_format} in {unit(self.scale)}, "
            f"classes from {self.first_class}"
        )

    def stage(self, opset: int) -> onnx.ModelProto:
        """The decoding as ONNX."""
        names = ("boxes", "scores", "numbers", "count")[: len(self.inputs)]
        parts = [
            Lines((), tuple(f"{name}_float = Cast <to = 1> ({name})" for name in names)),
            corner_lines("boxes_float", BOXES, self.box_format, self.scale),
            self._valid_lines(),
            Lines(
                (index("last", 2),),
                (
                    "score_column = Unsqueeze (valid_scores, last)",
                    "number_column = Unsqueeze (numbers_float, last)",
                ),
            ),
            numbered_lines(
                "score_column", "number_column", CLASS_SCORES, self.classes, self.first_class
            ),
        ]
        inputs = [
            _declaration(tensor, name)
            for tensor, name in zip(self.outputs.tensors, names, strict=True)
        ]
        return detection_stage(opset, inputs, self.anchors, self.classes, parts)

    def _valid_lines(self) -> Lines:
        """From ``scores_float`` to ``valid_scores``, 0 for the rows beyond the count."""
        count = self.outputs.count
        if count is None:
            return Lines((), ("valid_scores = Identity (scores_float)",))
        column = "count_column = Identity (count_float)"
        if count.shape is not None and len(count.shape) == 1:
            column = "count_column = Unsqueeze (count_float, second_axis)"
        return Lines(
            (
                index("second_axis", 1),
                f"float[{self.anchors}] places = {{{floats(range(self.anchors))}}}",
            ),
            (
                column,
                "is_valid = Less (places, count_column)",
                "valid = Cast <to = 1> (is_valid)",
                "valid_scores = Mul (scores_float, valid)",
            ),
        )

    def decode(self, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The decoding in NumPy."""
        boxes, scores, numbers = (outputs[name].astype(np.float32) for name in self.inputs[:3])
        scores = np.where(self.outputs.valid(outputs), scores, 0)
        return {
            BOXES: corners(boxes, self.box_format, self.scale),
            CLASS_SCORES: numbered_scores(scores, numbers, self.classes, self.first_class),
        }


def _declaration(tensor: Tensor, name: str) -> str:
    """Type, shape and ``name`` as an input of the stage."""
    sizes = ", ".join(["N", *(str(size) for size in (tensor.shape or ())[1:])])
    return f"{ONNX_TYPES[tensor.dtype]}[{sizes}] {name}"
