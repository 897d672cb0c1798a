"""YOLO: one output with a row of values for each box, [N, values, A] or [N, A, values].

A row has the box, its objectness in v5, v7 and YOLOX, and then a probability for each class. From
v8 on there is no objectness. With it, the score of a class is objectness times probability.
https://docs.ultralytics.com/modes/export/, https://docs.ultralytics.com/yolov5/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx

from converter.errors import HeadError
from converter.heads.decoding.box_formats import (
    MOST,
    corner_lines,
    corners,
    find_scale,
    ordered_fraction,
    unit,
)
from converter.heads.decoding.error_messages import class_count
from converter.heads.decoding.onnx_lines import Lines, decoding_model, index
from converter.heads.decoding.scores import ScoreReading, activated, are_probabilities
from converter.heads.evidence import Evidence, Recognised
from converter.heads.family import Family
from converter.heads.yolo.assumptions import assumed_of_rows
from converter.heads.yolo.find_layout import find_layout
from converter.heads.yolo.layout import NAME, OBJECTNESS, Layout
from converter.onnx_tools.node_names import ALL_BOXES, CLASS_SCORES
from trt_inference.bundles.names import DETECTION

EXPECTS = (
    "one output float32 [N, 4+C, A] or [N, A, 4+C], boxes cxcywh, A much larger than 4+C unless "
    "there is a labels file"
)
EXPECTS_OBJECTNESS = "the same with an objectness between box and classes, [N, A, 5+C]"


@dataclass(frozen=True)
class YoloHead:
    """A recognised output. ``box_scale`` brings its boxes to pixels: width, height of the
    input for boxes in fractions, 1, 1 for boxes in pixels."""

    inputs: tuple[str, ...]
    layout: Layout
    box_format: str
    box_scale: tuple[float, float]
    activation: str
    each_class: bool = False

    task = DETECTION
    needs_nms = True

    @property
    def anchors(self) -> int:
        """A."""
        return self.layout.anchors

    @property
    def classes(self) -> int:
        """C."""
        return self.layout.classes

    @property
    def description(self) -> str:
        """Family and layout."""
        box = "" if self.box_format == "cxcywh" else f" {self.box_format}"
        scores = "" if self.activation == "none" else f", {self.activation} of its scores"
        return f"{self.layout}, boxes{box} in {unit(self.box_scale)}{scores}"

    def stage(self, opset: int) -> onnx.ModelProto:
        """The decoding as ONNX."""
        order = "[0, 2, 1]" if self.layout.boxes_last else "[0, 1, 2]"
        parts = [
            Lines(
                (index("zero", 0), index("four", 4), index("last", 2)),
                (
                    f"rows = Transpose <perm = {order}> (predictions)",
                    "box_values = Slice (rows, zero, four, last)",
                ),
            ),
            corner_lines("box_values", ALL_BOXES, self.box_format, self.box_scale),
            self._score_lines(),
        ]
        sizes = [self.layout.anchors, self.layout.values]
        first, second = reversed(sizes) if self.layout.boxes_last else sizes
        inputs = [f"float[N, {first}, {second}] predictions"]
        return decoding_model(opset, inputs, self.anchors, self.classes, parts)

    def _score_lines(self) -> Lines:
        reading = ScoreReading(self.activation)
        begin, end = self.layout.first_score, self.layout.values
        probability = "class_probability" if self.layout.objectness else CLASS_SCORES
        classes = reading.lines("class_values", probability, self.classes)
        constants = (index("four", 4), index("begin", begin), index("end", end), index("last", 2))
        nodes = ("class_values = Slice (rows, begin, end, last)", *classes.nodes)
        if self.layout.objectness:
            operator = "Identity" if self.activation == "none" else "Sigmoid"
            nodes += (
                "object_values = Slice (rows, four, begin, last)",
                f"objectness = {operator} (object_values)",
                f"{CLASS_SCORES} = Mul (objectness, {probability})",
            )
        return Lines((*constants, *classes.constants), nodes)

    def decode(self, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The decoding in NumPy."""
        rows = self.layout.rows(outputs[self.inputs[0]])
        scores = activated(rows[..., self.layout.first_score :], self.activation)
        if self.layout.objectness:
            gate = "none" if self.activation == "none" else "sigmoid"
            scores = activated(rows[..., 4:5], gate) * scores
        return {
            ALL_BOXES: corners(rows[..., :4], self.box_format, self.box_scale),
            CLASS_SCORES: scores,
        }


def recognise(evidence: Evidence) -> Recognised | None:
    """Find the one output that has a layout with as many classes as there are labels, or, without
    labels, the one that has many more boxes than values of a box.

    With ``options.head`` being ``yolo`` or ``yolo-objectness`` it is only that layout.

    Raises:
        HeadError: outputs fit in several ways, or have another number of classes than the
            labels, or the boxes are corners and no format was given.
    """
    found = find_layout(evidence)
    if found is None:
        return None
    name, layout, why = found
    rows, options = layout.rows(evidence.values[name]), evidence.options
    activation = options.activation
    if activation == "auto":
        activation = "none" if are_probabilities(rows[..., 4:]) else "sigmoid"
        if activation == "sigmoid":
            why += "; scores outside [0, 1] are logits, read by sigmoid: --activation decides"
    head = YoloHead(
        inputs=(name,),
        layout=layout,
        box_format=_box_format(name, rows, evidence),
        box_scale=find_scale(rows[..., :4], options.boxes, evidence.input_size),
        activation=activation,
    )
    return Recognised(
        head,
        f"output {name} is {layout} with {class_count(layout.classes)}: {why}; "
        f"boxes in {unit(head.box_scale)}",
        assumed_of_rows(layout, why, activation, options),
    )


def _box_format(name: str, rows: np.ndarray, evidence: Evidence) -> str:
    if evidence.options.box_format != "auto":
        return evidence.options.box_format
    if ordered_fraction(rows[..., :4]) >= MOST:
        raise HeadError(
            f"output {name} has the layout of yolo, but its boxes look like two corners, not like "
            "centre and sides: give --box-format xyxy, yxyx or cxcywh"
        )
    return "cxcywh"


FAMILY = Family(40, {NAME: EXPECTS, OBJECTNESS: EXPECTS_OBJECTNESS}, recognise)
