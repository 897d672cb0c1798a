"""The box coder of SSD and RetinaNet, in ONNX and in NumPy.

From an anchor with centre x_a, y_a and sides w_a, h_a to a box: x = x_a + tx w_a,
y = y_a + ty h_a, w = w_a exp(tw), h = h_a exp(th) (Faster R-CNN, https://arxiv.org/abs/1506.01497),
where the network gives tx, ty, tw, th times the box scales, which are one over the "variances" of
SSD (https://arxiv.org/abs/1512.02325).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx

from converter.heads.decoding.anchors import _SWAPPED, Anchors
from converter.heads.decoding.box_formats import corner_lines, corners
from converter.heads.decoding.feature_maps import Rows, declare
from converter.heads.decoding.onnx_lines import Lines, decoding_model, index
from converter.heads.decoding.scores import ScoreReading
from converter.onnx_tools.node_names import ALL_BOXES, CLASS_SCORES
from converter.onnx_tools.text import floats
from trt_inference.bundles.names import DETECTION

IN_PIXELS = (1.0, 1.0)


@dataclass(frozen=True, eq=False)
class SsdHead:
    """Offsets from anchors, and class scores.

    Attributes:
        offsets: ``[N, A, 4]``, tx, ty, tw, th, or ty, tx, th, tw if the anchors have y first.
        scores: ``[N, A, C]`` or ``[N, A, C+1]``.
        scales: the box scales, float32 [4], in the order of the offsets.
    """

    offsets: Rows
    scores: Rows
    reading: ScoreReading
    fixed: Anchors
    scales: np.ndarray

    task = DETECTION
    needs_nms = True

    @property
    def description(self) -> str:
        """Family and layout."""
        names = "ty, tx, th, tw" if self.fixed.y_first else "tx, ty, tw, th"
        scales = ", ".join(f"{scale:g}" for scale in self.scales)
        return f"ssd, {names} times {scales}, {self.anchors} anchors, {self.reading}"

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
            self._box_lines(),
            corner_lines("centred", ALL_BOXES, "cxcywh", IN_PIXELS),
            self.scores.lines(names, "scores"),
            self.reading.lines("scores", CLASS_SCORES, self.scores.width),
        ]
        return decoding_model(opset, declarations, self.anchors, self.classes, parts)

    def _box_lines(self) -> Lines:
        """From ``offsets`` to ``centred``: centres and sides in pixels."""
        centres, sides = np.split(self.fixed.boxes, 2, axis=1)
        shape = f"float[1, {self.anchors}, 2]"
        swap = ("unscaled = Gather <axis = 2> (given_order, y_first)",)
        keep = ("unscaled = Identity (given_order)",)
        return Lines(
            (
                f"{shape} anchor_centres = {{{floats(centres.ravel())}}}",
                f"{shape} anchor_sides = {{{floats(sides.ravel())}}}",
                f"float[4] box_scales = {{{floats(self.scales)}}}",
                "int64[4] y_first = {1, 0, 3, 2}",
                *(index(f"at_{place}", place) for place in (0, 2, 4)),
            ),
            (
                "given_order = Div (offsets, box_scales)",
                *(swap if self.fixed.y_first else keep),
                "shifts = Slice (unscaled, at_0, at_2, at_2)",
                "stretches = Slice (unscaled, at_2, at_4, at_2)",
                "moved = Mul (shifts, anchor_sides)",
                "centres = Add (anchor_centres, moved)",
                "factors = Exp (stretches)",
                "sides = Mul (factors, anchor_sides)",
                "centred = Concat <axis = 2> (centres, sides)",
            ),
        )

    def decode(self, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The decoding in NumPy."""
        offsets = self.offsets.of(outputs) / self.scales
        if self.fixed.y_first:
            offsets = offsets[..., _SWAPPED]
        centres, sides = np.split(self.fixed.boxes, 2, axis=1)
        centred = [centres + offsets[..., :2] * sides, np.exp(offsets[..., 2:]) * sides]
        return {
            ALL_BOXES: corners(np.concatenate(centred, axis=-1), "cxcywh", IN_PIXELS),
            CLASS_SCORES: self.reading.apply(self.scores.of(outputs)),
        }
