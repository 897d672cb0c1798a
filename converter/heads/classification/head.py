"""Scores of whole images, in ONNX and in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx

from converter.heads.decoding.feature_maps import declare, sizes_of
from converter.heads.decoding.scores import ScoreReading
from converter.inputs.tensor import Tensor
from converter.onnx_tools.node_names import CLASS_SCORES
from converter.onnx_tools.text import model_from_text
from trt_inference.bundles.names import CLASSIFICATION

NAME = "classification"


@dataclass(frozen=True)
class ClassificationHead:
    """Scores of images. ``both``: the one score is that of the second of two classes, and the
    first has the rest."""

    output: Tensor
    reading: ScoreReading
    both: bool = False

    task = CLASSIFICATION
    each_class = False
    anchors = 0
    needs_nms = False

    @property
    def columns(self) -> int:
        """Scores of an image as the network gives them."""
        return sizes_of(self.output)[-1]

    @property
    def description(self) -> str:
        """Family and layout."""
        if self.both:
            return f"{NAME} [N, 1] of the second of two classes, {self.reading}"
        return f"{NAME} [N, {self.columns}], {self.reading}"

    @property
    def inputs(self) -> tuple[str, ...]:
        """The one output."""
        return (self.output.name,)

    @property
    def classes(self) -> int:
        """C, background not counted."""
        return self.reading.classes(self.columns) + self.both

    def stage(self, opset: int) -> onnx.ModelProto:
        """The decoding as ONNX."""
        names, (declaration,) = declare([self.output])
        lines = self.reading.lines("rows", "found", self.columns)
        constants = ("float[1] one = {1}", f"int64[3] as_rows = {{0, 1, {self.columns}}}")
        # An axis for the boxes, as that is how scores are read; the first class has the rest.
        result = "second" if self.both else CLASS_SCORES
        rest = ("first = Sub (one, second)", f"{CLASS_SCORES} = Concat <axis = 1> (first, second)")
        return model_from_text(
            opset,
            f"""
            head ({declaration}) => (float[N, {self.classes}] {CLASS_SCORES})
            <{", ".join((*constants, *lines.constants))}, int64[1] box_axis = {{1}}>
            {{
                rows = Reshape ({names[self.output.name]}, as_rows)
                {" ".join(lines.nodes)}
                {result} = Squeeze (found, box_axis)
                {" ".join(rest if self.both else ())}
            }}
            """,
        )

    def decode(self, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The decoding in NumPy."""
        values = outputs[self.output.name]
        scores = self.reading.apply(values.reshape(len(values), self.columns))
        if self.both:
            scores = np.concatenate([1 - scores, scores], axis=1)
        return {CLASS_SCORES: scores}
