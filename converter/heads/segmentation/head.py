"""From a map over the image to class numbers, in ONNX and in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx

from converter.heads.decoding.feature_maps import Grid, cells_last, sizes_of
from converter.inputs.tensor import Tensor
from converter.onnx_tools.text import model_from_text
from trt_inference.bundles.names import CLASS_MAP, SEGMENTATION


@dataclass(frozen=True)
class SegmentationHead:
    """A recognised map.

    Attributes:
        output: name, dtype and shape.
        grid: its cells, with one channel for class numbers, and for the score of the second of
            two classes.
        numbers: the values are class numbers, that of class 0 being ``first_class``.
        threshold: above which the one score means the second class.
    """

    output: Tensor
    grid: Grid
    classes: int
    numbers: bool = False
    threshold: float = 0.5
    first_class: int = 0

    task = SEGMENTATION
    each_class = False
    anchors = 0
    needs_nms = False

    @property
    def description(self) -> str:
        """Family and layout."""
        if self.numbers:
            kind = f"class numbers from {self.first_class}"
        elif self.grid.channels == 1:
            kind = f"the second class above {self.threshold:g}"
        else:
            kind = f"the best of {self.classes} scores"
        return f"segmentation [N, {', '.join(map(str, sizes_of(self.output)))}], {kind}"

    @property
    def inputs(self) -> tuple[str, ...]:
        """The one output."""
        return (self.grid.name,)

    def stage(self, opset: int) -> onnx.ModelProto:
        """The decoding as ONNX."""
        grid = self.grid
        axis = 1 if grid.channels_first else 3
        flat = "flat = Reshape (values, map_shape)"
        if self.numbers:
            nodes = [flat, "given = Cast <to = 1> (flat)", "class = Sub (given, first_class)"]
        elif grid.channels == 1:
            nodes = [flat, "class = Greater (flat, threshold)"]
        else:
            nodes = [f"class = ArgMax <axis = {axis}, keepdims = 0> (values)"]
        sizes = f"{grid.height}, {grid.width}"
        shape = ", ".join(map(str, sizes_of(self.output)))
        dtype = "float" if self.output.dtype == "float32" else self.output.dtype
        # By way of float, as TensorRT casts nothing else to uint8.
        return model_from_text(
            opset,
            f"""
            head ({dtype}[N, {shape}] values)
                => (uint8[N, {sizes}] {CLASS_MAP})
            <int64[3] map_shape = {{0, {sizes}}}, float[1] threshold = {{{self.threshold}}},
             float[1] first_class = {{{self.first_class}}}>
            {{
                {" ".join(nodes)}
                class_number = Cast <to = 1> (class)
                {CLASS_MAP} = Cast <to = 2> (class_number)
            }}
            """,
        )

    def decode(self, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The decoding in NumPy."""
        values = outputs[self.grid.name]
        if self.grid.channels > 1:
            return {CLASS_MAP: cells_last(values, self.grid).argmax(axis=-1).astype(np.uint8)}
        values = values.reshape(len(values), self.grid.height, self.grid.width)
        if self.numbers:
            return {CLASS_MAP: (values.astype(np.int64) - self.first_class).astype(np.uint8)}
        return {CLASS_MAP: (values > self.threshold).astype(np.uint8)}
