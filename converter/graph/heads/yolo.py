"""YOLO v8 and later: one output, [N, 4+C, A] or [N, A, 4+C].

Each box has its centre x, centre y, width and height, in pixels of the network's input or as
fractions of it, and then a probability for each class; there is no objectness.
The layout is that of Ultralytics' exports: https://docs.ultralytics.com/modes/export/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx

from converter.errors import HeadError
from converter.graph.output_stage import BOXES, CLASS_SCORES
from converter.graph.text import floats, model_from_text
from converter.saved_model import Tensor

SIDES = 4  # values of a box before its class scores


@dataclass(frozen=True)
class YoloHead:
    """A recognised output. ``box_scale`` brings its boxes to pixels: width, height of the
    input for boxes in fractions, 1, 1 for boxes in pixels."""

    input: str
    anchors: int
    classes: int
    boxes_last: bool
    box_scale: tuple[float, float]

    needs_nms = True

    @property
    def description(self) -> str:
        """Family and layout."""
        layout = "[N, 4+C, A]" if self.boxes_last else "[N, A, 4+C]"
        unit = "pixels" if self.box_scale == (1.0, 1.0) else "fractions of the input"
        return f"yolo {layout}, boxes in {unit}"

    def stage(self, opset: int) -> onnx.ModelProto:
        """The decoding as ONNX."""
        values = SIDES + self.classes
        shape = [values, self.anchors] if self.boxes_last else [self.anchors, values]
        order = "[0, 2, 1]" if self.boxes_last else "[0, 1, 2]"
        half = np.array([0.5, 0.5])
        return model_from_text(
            opset,
            f"""
            head (float[N, {shape[0]}, {shape[1]}] predictions)
                => (float[N, {self.anchors}, 4] {BOXES},
                    float[N, {self.anchors}, {self.classes}] {CLASS_SCORES})
            <int64[1] zero = {{0}}, int64[1] two = {{2}}, int64[1] four = {{4}},
             int64[1] end = {{{values}}}, int64[1] last = {{2}},
             float[2] half = {{{floats(half)}}}, float[4] scale = {{{floats(self.box_scale * 2)}}}>
            {{
                rows = Transpose <perm = {order}> (predictions)
                centres = Slice (rows, zero, two, last)
                sizes = Slice (rows, two, four, last)
                {CLASS_SCORES} = Slice (rows, four, end, last)
                half_sizes = Mul (sizes, half)
                top_left = Sub (centres, half_sizes)
                bottom_right = Add (centres, half_sizes)
                corners = Concat <axis = 2> (top_left, bottom_right)
                {BOXES} = Mul (corners, scale)
            }}
            """,
        )

    def decode(self, outputs: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """The decoding in NumPy."""
        values = outputs[self.input]
        rows = values.transpose(0, 2, 1) if self.boxes_last else values
        x, y, width, height = (rows[..., side] for side in range(SIDES))
        boxes = np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=-1)
        return boxes * np.asarray(self.box_scale * 2, boxes.dtype), rows[..., SIDES:]


def recognise(
    outputs: Sequence[Tensor], labels: int, input_size: tuple[int, int], normalised: bool
) -> YoloHead:
    """Find the one output that has the layout for ``labels`` classes.

    Args:
        input_size: height, width of the network's input in pixels.
        normalised: the boxes are fractions of the input, not pixels.

    Raises:
        HeadError: no output has the layout, or several do.
    """
    scale = (float(input_size[1]), float(input_size[0])) if normalised else (1.0, 1.0)
    found = [
        YoloHead(output.name, anchors, labels, boxes_last, scale)
        for output in outputs
        for anchors, boxes_last in _layouts(output, SIDES + labels)
    ]
    if len(found) == 1:
        return found[0]
    listed = "; ".join(str(output) for output in outputs)
    if found:
        raise HeadError(
            f"the outputs ({listed}) fit the yolo layout in {len(found)} ways: "
            "export a signature with one of them only"
        )
    raise HeadError(
        f"the outputs ({listed}) are not those of a yolo head with {labels} classes, which is "
        f"float32 [N, {SIDES + labels}, A] or [N, A, {SIDES + labels}]: give a labels file with "
        "one line for each class, or export a signature with such an output"
    )


def _layouts(output: Tensor, values: int) -> list[tuple[int, bool]]:
    """(anchors, whether the boxes run along the last axis) of each layout that fits."""
    if output.dtype != "float32" or output.shape is None or len(output.shape) != 3:
        return []
    _, first, second = output.shape
    layouts = []
    if first == values and second > 0:
        layouts.append((second, True))
    if second == values and first > 0 and first != second:
        layouts.append((first, False))
    return layouts
