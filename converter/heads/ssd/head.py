"""The head of SSD and RetinaNet: offsets from anchors, and class scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx

from converter.heads.decoding.anchors import Anchors
from converter.heads.decoding.feature_maps import Rows, declare
from converter.heads.decoding.onnx_lines import decoding_model
from converter.heads.decoding.scores import ScoreReading
from converter.heads.ssd.box_coder import BoxCoder
from converter.onnx_tools.node_names import ALL_BOXES, CLASS_SCORES
from trt_inference.bundles.names import DETECTION


@dataclass(frozen=True, eq=False)
class SsdHead:
    """Offsets from anchors, and class scores.

    Attributes:
        offsets: ``[N, A, 4]``.
        scores: ``[N, A, C]`` or ``[N, A, C+1]``.
    """

    offsets: Rows
    scores: Rows
    reading: ScoreReading
    fixed: Anchors
    coder: BoxCoder
    each_class: bool = False

    task = DETECTION
    needs_nms = True

    @property
    def description(self) -> str:
        """Family and layout."""
        return f"ssd, {self.coder}, {self.anchors} anchors, {self.reading}"

    @property
    def inputs(self) -> tuple[str, ...]:
        """Offsets and scores, which may be the same."""
        return tuple(dict.fromkeys(self.offsets.names + self.scores.names))

    @property
    def classes(self) -> int:
        """C, background not counted."""
        return self.reading.classes(self.scores.width)

    @property
    def anchors(self) -> int:
        """A."""
        return len(self.fixed.boxes)

    def stage(self, opset: int) -> onnx.ModelProto:
        """The decoding as ONNX."""
        names, declarations = declare([*self.offsets.parts, *self.scores.parts])
        parts = [
            self.offsets.lines(names, "offsets"),
            self.coder.lines(self.fixed.boxes),
            self.scores.lines(names, "scores"),
            self.reading.lines("scores", CLASS_SCORES, self.scores.width),
        ]
        return decoding_model(opset, declarations, self.anchors, self.classes, parts)

    def decode(self, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The decoding in NumPy."""
        return {
            ALL_BOXES: self.coder.decode(self.offsets.of(outputs), self.fixed.boxes),
            CLASS_SCORES: self.reading.apply(self.scores.of(outputs)),
        }
