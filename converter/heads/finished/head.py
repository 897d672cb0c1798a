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
    each_class = False
    needs_nms = False

    @property
    def inputs(self) -> tuple[str, ...]:
        """The outputs of the network: boxes, scores, classes and the count, if there are any."""
        return tuple(tensor.name for tensor in self.outputs.tensors)

    @property
    def anchors(self) -> int:
        """K."""
        return self.outputs.anchors

    @property
    def description(self) -> str:
        """Family and layout."""
        classes = f"classes from {self.first_class}" if self.outputs.numbers else "one class"
        return (
            f"{self.family}, finished detections, boxes {self.box_format} in {unit(self.scale)}, "
            f"{classes}"
        )

    def stage(self, opset: int) -> onnx.ModelProto:
        """The decoding as ONNX."""
        given = {
            "boxes": self.outputs.boxes,
            "scores": self.outputs.scores,
            "numbers": self.outputs.numbers,
            "count": self.outputs.count,
        }
        inputs = {name: tensor for name, tensor in given.items() if tensor is not None}
        parts = [
            Lines((), tuple(f"{name}_float = Cast <to = 1> ({name})" for name in inputs)),
            corner_lines("boxes_float", ALL_BOXES, self.box_format, self.scale),
            self._score_lines(),
            self._valid_lines(),
            Lines((), ("score_column = Unsqueeze (valid_scores, last)",)),
            self._class_lines(),
        ]
        declared = [_declaration(tensor, name) for name, tensor in inputs.items()]
        return decoding_model(opset, declared, self.anchors, self.classes, parts)

    def _score_lines(self) -> Lines:
        """From ``scores_float`` to ``score_list`` [N, K]."""
        has_column = len(self.outputs.scores.shape or ()) == 3
        operator = "Squeeze (scores_float, last)" if has_column else "Identity (scores_float)"
        return Lines((index("last", 2),), (f"score_list = {operator}",))

    def _class_lines(self) -> Lines:
        """From ``score_column`` to the scores of all classes."""
        if self.outputs.numbers is None:
            return Lines((), (f"{CLASS_SCORES} = Identity (score_column)",))
        numbered = numbered_lines(
            "score_column", "number_column", CLASS_SCORES, self.classes, self.first_class
        )
        line = "number_column = Unsqueeze (numbers_float, last)"
        return Lines(numbered.constants, (line, *numbered.nodes))

    def _valid_lines(self) -> Lines:
        """From ``score_list`` to ``valid_scores``, 0 for the rows beyond the count and for
        those with a score below 0."""
        count = self.outputs.count
        if count is None:
            return Lines((), ("valid_scores = Relu (score_list)",))
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
                "scores_so_far = Mul (score_list, valid)",
                "valid_scores = Relu (scores_so_far)",
            ),
        )

    def decode(self, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The decoding in NumPy."""
        boxes = outputs[self.outputs.boxes.name].astype(np.float32)
        scores = outputs[self.outputs.scores.name].astype(np.float32)
        scores = scores.reshape(len(scores), self.anchors)
        scores = np.maximum(np.where(self.outputs.valid(outputs), scores, 0), 0)
        return {
            ALL_BOXES: corners(boxes, self.box_format, self.scale),
            CLASS_SCORES: self._of_classes(scores, outputs),
        }

    def _of_classes(self, scores: np.ndarray, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """``[N, K, C]`` from ``[N, K]``."""
        if self.outputs.numbers is None:
            return scores[..., None]
        numbers = outputs[self.outputs.numbers.name].astype(np.float32)
        return numbered_scores(scores, numbers, self.classes, self.first_class)


def _declaration(tensor: Tensor, name: str) -> str:
    """Type, shape and ``name`` as an input of the stage."""
    sizes = ", ".join(["N", *(str(size) for size in (tensor.shape or ())[1:])])
    return f"{ONNX_TYPES[tensor.dtype]}[{sizes}] {name}"
