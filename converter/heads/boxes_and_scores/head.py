"""Boxes and the scores of their classes in two outputs, in ONNX and in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx

from converter.heads.decoding.box_formats import corner_lines, corners, unit
from converter.heads.decoding.feature_maps import sizes_of
from converter.heads.decoding.onnx_lines import Lines, decoding_model
from converter.heads.decoding.scores import ScoreReading
from converter.inputs.tensor import Tensor
from converter.onnx_tools.node_names import ALL_BOXES, CLASS_SCORES
from trt_inference.bundles.names import DETECTION


@dataclass(frozen=True)
class BoxRows:
    """An output with ``columns`` values for each of ``anchors`` boxes.

    ``axes`` has a letter for each of its axes: N for the batch, A for the boxes, C for the
    columns, 1 for an axis of one element. Without a C, there is one column.
    """

    name: str
    anchors: int
    columns: int
    axes: str = "NAC"

    def values(self, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """``[N, A, columns]``."""
        values = outputs[self.name]
        if self.axes == "NCA":
            return values.transpose(0, 2, 1)
        return values.reshape(len(values), self.anchors, self.columns)

    def declaration(self, name: str) -> str:
        """Its type and ``name`` as an input of the stage."""
        sizes = {"N": "N", "A": self.anchors, "C": self.columns, "1": 1}
        return f"float[{', '.join(str(sizes[axis]) for axis in self.axes)}] {name}"

    def lines(self, name: str, result: str) -> Lines:
        """From input ``name`` to ``result [N, A, columns]``."""
        if self.axes == "NCA":
            return Lines((), (f"{result} = Transpose <perm = [0, 2, 1]> ({name})",))
        if self.axes == "NAC":
            return Lines((), (f"{result} = Identity ({name})",))
        shape = f"int64[3] {result}_shape = {{0, {self.anchors}, {self.columns}}}"
        return Lines((shape,), (f"{result} = Reshape ({name}, {result}_shape)",))


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
    sizes = sizes_of(output)
    if output.dtype != "float32" or min(sizes, default=0) < 1:
        return []
    if len(sizes) == 3 and sizes[1] == 1:  # boxes of all classes, as tf.image takes them
        return [BoxRows(output.name, sizes[0], sizes[2], "NA1C")]
    if len(sizes) != 2:
        return []
    first, second = sizes
    return [BoxRows(output.name, first, second), BoxRows(output.name, second, first, "NCA")]


def one_score_each(output: Tensor) -> list[BoxRows]:
    """How an output [N, A] may be read: as one score for each box."""
    sizes = sizes_of(output)
    if output.dtype != "float32" or len(sizes) != 1 or sizes[0] <= 1:
        return []
    return [BoxRows(output.name, sizes[0], 1, "NA")]
