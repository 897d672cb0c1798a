"""Boxes and the scores of their classes in two outputs, in ONNX and in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx

from converter.heads.decoding.box_formats import corner_lines, corners, unit
from converter.heads.decoding.onnx_lines import Lines, decoding_model, index
from converter.heads.decoding.scores import ScoreReading
from converter.inputs.tensor import Tensor
from converter.onnx_tools.node_names import ALL_BOXES, CLASS_SCORES
from trt_inference.bundles.names import DETECTION


@dataclass(frozen=True)
class BoxRows:
    """An output with ``columns`` values for each of ``anchors`` boxes, [N, A, columns], or
    [N, columns, A] where ``boxes_last``, or [N, A] where it is ``flat``."""

    name: str
    anchors: int
    columns: int
    boxes_last: bool = False
    flat: bool = False

    def values(self, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """``[N, A, columns]``."""
        values = outputs[self.name]
        if self.flat:
            return values[..., None]
        return values.transpose(0, 2, 1) if self.boxes_last else values

    def declaration(self, name: str) -> str:
        """Its type and ``name`` as an input of the stage."""
        if self.flat:
            return f"float[N, {self.anchors}] {name}"
        sizes = [self.anchors, self.columns]
        first, second = reversed(sizes) if self.boxes_last else sizes
        return f"float[N, {first}, {second}] {name}"

    def lines(self, name: str, result: str) -> Lines:
        """From input ``name`` to ``result [N, A, columns]``."""
        if self.flat:
            return Lines((index("last", 2),), (f"{result} = Unsqueeze ({name}, last)",))
        order = "[0, 2, 1]" if self.boxes_last else "[0, 1, 2]"
        return Lines((), (f"{result} = Transpose <perm = {order}> ({name})",))


@dataclass(frozen=True)
class BoxesAndScoresHead:
    """A recognised pair. ``scale`` brings its boxes to pixels. ``family`` is for people."""

    family: str
    boxes: BoxRows
    scores: BoxRows
    box_format: str
    scale: tuple[float, float]
    reading: ScoreReading
    needs_nms: bool = True
    each_class: bool = False

    task = DETECTION

    @property
    def inputs(self) -> tuple[str, ...]:
        """The outputs of the network: boxes, scores."""
        return self.boxes.name, self.scores.name

    @property
    def anchors(self) -> int:
        """A."""
        return self.boxes.anchors

    @property
    def classes(self) -> int:
        """C, without background."""
        return self.reading.classes(self.scores.columns)

    @property
    def description(self) -> str:
        """Family and layout."""
        several = ", several classes of a box" if self.each_class else ""
        return (
            f"{self.family}, boxes {self.box_format} in {unit(self.scale)}, scores {self.reading}"
            f"{several}"
        )

    def stage(self, opset: int) -> onnx.ModelProto:
        """The decoding as ONNX."""
        parts = [
            self.boxes.lines("boxes", "box_rows"),
            corner_lines("box_rows", ALL_BOXES, self.box_format, self.scale),
            self.scores.lines("scores", "score_rows"),
            self.reading.lines("score_rows", CLASS_SCORES, self.scores.columns),
        ]
        inputs = [self.boxes.declaration("boxes"), self.scores.declaration("scores")]
        return decoding_model(opset, inputs, self.anchors, self.classes, parts)

    def decode(self, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The decoding in NumPy."""
        boxes, scores = self.boxes.values(outputs), self.scores.values(outputs)
        return {
            ALL_BOXES: corners(boxes, self.box_format, self.scale),
            CLASS_SCORES: self.reading.apply(scores),
        }


def rows_of(output: Tensor) -> list[BoxRows]:
    """How an output may be read, with the boxes along its second axis first."""
    if output.dtype != "float32" or output.shape is None or len(output.shape) != 3:
        return []
    _, first, second = output.shape
    if first < 1 or second < 1:
        return []
    return [BoxRows(output.name, first, second), BoxRows(output.name, second, first, True)]


def one_score_each(output: Tensor) -> list[BoxRows]:
    """How an output [N, A] may be read: as one score for each box."""
    if output.dtype != "float32" or output.shape is None or len(output.shape) != 2:
        return []
    return [BoxRows(output.name, output.shape[1], 1, flat=True)] if output.shape[1] > 1 else []
