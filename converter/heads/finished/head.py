"""Finished detections in the columns of their classes, in ONNX and in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx

from converter.heads.decoding.box_formats import corner_lines, corners, unit
from converter.heads.decoding.class_numbers import numbered_lines, numbered_scores
from converter.heads.decoding.onnx_lines import Lines, decoding_model, index
from converter.heads.finished.outputs import ONNX_TYPES, Finished
from converter.inputs.tensor import Tensor
from converter.onnx_tools.node_names import ALL_BOXES, CLASS_SCORES
from converter.onnx_tools.text import floats
from trt_inference.bundles.names import DETECTION


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
            corner_lines("boxes_float", ALL_BOXES, self.box_format, self.scale),
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
        return decoding_model(opset, inputs, self.anchors, self.classes, parts)

    def _valid_lines(self) -> Lines:
        """From ``scores_float`` to ``valid_scores``, 0 for the rows beyond the count and for
        those with a score below 0."""
        count = self.outputs.count
        if count is None:
            return Lines((), ("valid_scores = Relu (scores_float)",))
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
                "scores_so_far = Mul (scores_float, valid)",
                "valid_scores = Relu (scores_so_far)",
            ),
        )

    def decode(self, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The decoding in NumPy."""
        boxes, scores, numbers = (outputs[name].astype(np.float32) for name in self.inputs[:3])
        scores = np.maximum(np.where(self.outputs.valid(outputs), scores, 0), 0)
        return {
            ALL_BOXES: corners(boxes, self.box_format, self.scale),
            CLASS_SCORES: numbered_scores(scores, numbers, self.classes, self.first_class),
        }


def _declaration(tensor: Tensor, name: str) -> str:
    """Type, shape and ``name`` as an input of the stage."""
    sizes = ", ".join(["N", *(str(size) for size in (tensor.shape or ())[1:])])
    return f"{ONNX_TYPES[tensor.dtype]}[{sizes}] {name}"
