"""One output [N, K, 6] of finished detections: four numbers of the box, score, class.

So do networks that are trained to give each object once, and exports with the suppression in
them. The layout is that of Ultralytics' end-to-end exports:
https://docs.ultralytics.com/models/yolov10/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx

from converter.errors import HeadError
from converter.graph.heads import BOXES, CLASS_SCORES, DETECTION
from converter.graph.heads.box_formats import (
    MOST,
    corner_lines,
    corners,
    find_scale,
    ordered_fraction,
    unit,
)
from converter.graph.heads.evidence import Evidence, Recognised
from converter.graph.heads.lines import Lines, detection_stage, index
from converter.graph.heads.scores import (
    TOLERANCE,
    are_probabilities,
    count_classes,
    numbered_lines,
    numbered_scores,
)
from converter.saved_model import Tensor

NAME = "end-to-end"
EXPECTS = "one output float32 [N, K, 6] of finished detections: x1, y1, x2, y2, score, class"
VALUES, SCORE, CLASS = 6, 4, 5


@dataclass(frozen=True)
class EndToEndHead:
    """A recognised output. ``scale`` brings its boxes to pixels."""

    inputs: tuple[str, ...]
    anchors: int
    classes: int
    first_class: int
    box_format: str
    scale: tuple[float, float]

    task = DETECTION
    needs_nms = False

    @property
    def description(self) -> str:
        """Family and layout."""
        return (
            f"{NAME} [N, K, 6], boxes {self.box_format} in {unit(self.scale)}, "
            f"classes from {self.first_class}"
        )

    def stage(self, opset: int) -> onnx.ModelProto:
        """The decoding as ONNX."""
        parts = [
            Lines(
                (
                    index("zero", 0), index("four", SCORE), index("five", CLASS),
                    index("six", VALUES), index("last", 2),
                ),
                (
                    "box_values = Slice (detections, zero, four, last)",
                    "score = Slice (detections, four, five, last)",
                    "number = Slice (detections, five, six, last)",
                ),
            ),
            corner_lines("box_values", BOXES, self.box_format, self.scale),
            numbered_lines("score", "number", CLASS_SCORES, self.classes, self.first_class),
        ]  # fmt: skip
        inputs = [f"float[N, {self.anchors}, {VALUES}] detections"]
        return detection_stage(opset, inputs, self.anchors, self.classes, parts)

    def decode(self, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The decoding in NumPy."""
        rows = outputs[self.inputs[0]]
        scores, numbers = rows[..., SCORE], rows[..., CLASS]
        return {
            BOXES: corners(rows[..., :4], self.box_format, self.scale),
            CLASS_SCORES: numbered_scores(scores, numbers, self.classes, self.first_class),
        }


def recognise(evidence: Evidence) -> Recognised | None:
    """Find the output whose fifth value is a probability, and whose sixth is a whole number.

    Raises:
        HeadError: several are so, the boxes are not x1, y1, x2, y2 and no format was given, or
            class numbers go beyond the labels.
    """
    found = [output for output in evidence.outputs if _fits(output, evidence)]
    if not found:
        return None
    if len(found) > 1:
        raise HeadError(
            f"the outputs {'; '.join(map(str, found))} are all finished detections "
            f"({EXPECTS}): export a signature with one of them only"
        )
    return _head(found[0], evidence)


def _fits(output: Tensor, evidence: Evidence) -> bool:
    shape = output.shape
    if output.dtype != "float32" or shape is None or len(shape) != 3 or shape[2] != VALUES:
        return False
    rows = evidence.values[output.name].reshape(-1, VALUES)
    numbers = rows[:, CLASS][np.isfinite(rows[:, CLASS])]
    whole = bool(np.all(np.abs(numbers - np.round(numbers)) <= TOLERANCE))
    return shape[1] > 0 and numbers.size > 0 and whole and are_probabilities(rows[:, SCORE])


def _head(output: Tensor, evidence: Evidence) -> Recognised:
    values = evidence.values[output.name]
    boxes = values[..., :4]
    scale = find_scale(boxes, evidence.options.boxes, evidence.input_size)
    first = evidence.options.first_class or 0
    classes = _classes(values, first, evidence)
    head = EndToEndHead(
        inputs=(output.name,),
        anchors=values.shape[1],
        classes=classes,
        first_class=first,
        box_format=_box_format(output, boxes, evidence),
        scale=scale,
    )
    count = f"{classes} classes, as the labels file has"
    if evidence.labels is None:
        count = f"{classes} classes, because {first + classes - 1} is the largest seen: a labels "
        count += "file says how many there are"
    return Recognised(
        head,
        f"output {output} has probabilities in its fifth and whole numbers in its sixth column, "
        f"which are score and class; {count}; boxes {head.box_format} in {unit(scale)}",
    )


def _box_format(output: Tensor, boxes: np.ndarray, evidence: Evidence) -> str:
    if evidence.options.box_format != "auto":
        return evidence.options.box_format
    if ordered_fraction(boxes) >= MOST:
        return "xyxy"
    raise HeadError(
        f"output {output} has scores and classes in its last two columns, but its boxes are not "
        "x1, y1, x2, y2: give --box-format, or --head if it is no output of finished detections"
    )


def _classes(values: np.ndarray, first: int, evidence: Evidence) -> int:
    """The number of classes, by the labels or the largest number seen."""
    numbers = values[..., CLASS][values[..., SCORE] > 0]
    seen = int(np.nanmax(numbers).round()) - first + 1 if numbers.size else 0
    return count_classes(seen, first, evidence)
