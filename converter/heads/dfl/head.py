"""From distributions of distances to boxes, in ONNX and in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx

from converter.heads.decoding.feature_maps import Rows, declare
from converter.heads.decoding.onnx_lines import Lines, decoding_model, index
from converter.heads.decoding.scores import ScoreReading, activated
from converter.heads.dfl.find_layout import FOUR_SIDES, StrideLevel
from converter.onnx_tools.node_names import ALL_BOXES, CLASS_SCORES
from converter.onnx_tools.text import floats
from trt_inference.bundles.names import DETECTION

NAME = "dfl"


@dataclass(frozen=True)
class DflHead:
    """Recognised outputs: logits of distributions over 0, 1, 2, ... strides for the distances from
    the middle of each cell to the left, upper, right and lower side, and class scores."""

    distances: Rows
    scores: Rows
    reading: ScoreReading
    levels: tuple[StrideLevel, ...]

    task = DETECTION
    each_class = False
    needs_nms = True

    @property
    def bins(self) -> int:
        """Values of one distance."""
        return self.distances.values // FOUR_SIDES

    @property
    def description(self) -> str:
        """Family and layout."""
        strides = ", ".join(str(level.stride) for level in self.levels)
        return f"{NAME} with {self.bins} values a distance, strides {strides}, {self.reading}"

    @property
    def inputs(self) -> tuple[str, ...]:
        """All distances, then all scores, the finest level first."""
        return (*self.distances.names, *self.scores.names)

    @property
    def classes(self) -> int:
        """C, background not counted."""
        return self.reading.classes(self.scores.values)

    @property
    def anchors(self) -> int:
        """One box for each cell of each level."""
        return self.distances.count

    def stage(self, opset: int) -> onnx.ModelProto:
        """The decoding as ONNX."""
        names, declarations = declare([*self.distances.parts, *self.scores.parts])
        parts = [
            self.distances.lines(names, "distributions"),
            self._box_lines(),
            self.scores.lines(names, "class_values"),
            self.reading.lines("class_values", CLASS_SCORES, self.scores.values),
        ]
        return decoding_model(opset, declarations, self.anchors, self.classes, parts)

    def decode(self, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The decoding in NumPy."""
        values = self.distances.of(outputs)
        shape = (*values.shape[:2], FOUR_SIDES, self.bins)
        chances = activated(values.reshape(shape), "softmax")
        expected = (chances * np.arange(self.bins, dtype=np.float32)).sum(axis=-1)
        middles, strides = self._geometry()
        reached = expected * strides
        boxes = np.concatenate([middles - reached[..., :2], middles + reached[..., 2:]], axis=-1)
        scores = self.reading.apply(self.scores.of(outputs))
        return {ALL_BOXES: boxes.astype(np.float32), CLASS_SCORES: scores}

    def _geometry(self) -> tuple[np.ndarray, np.ndarray]:
        """Middles of all cells, x, y float32 ``[A, 2]`` in pixels, and strides ``[A, 1]``."""
        middles, strides = [], []
        for level in self.levels:
            y, x = np.mgrid[: level.height, : level.width].reshape(2, -1)
            middles.append((np.stack([x, y], axis=1) + 0.5) * level.stride)
            strides.append(np.full((len(x), 1), level.stride))
        return np.concatenate(middles).astype(np.float32), np.concatenate(strides).astype("f")

    def _box_lines(self) -> Lines:
        """From ``distributions`` to boxes."""
        middles, strides = self._geometry()
        # Left and top are subtracted.
        directions = strides * np.array([-1, -1, 1, 1], np.float32)
        shape = f"float[1, {self.anchors}, 4]"
        return Lines(
            (
                f"int64[4] by_side = {{0, {self.anchors}, {FOUR_SIDES}, {self.bins}}}",
                index("of_bins", 3),
                f"float[{self.bins}] bin_values = {{{floats(range(self.bins))}}}",
                f"{shape} middles = {{{floats(np.tile(middles, 2).ravel())}}}",
                f"{shape} directions = {{{floats(directions.ravel())}}}",
            ),
            (
                "sides = Reshape (distributions, by_side)",
                "chances = Softmax <axis = 3> (sides)",
                "weighted = Mul (chances, bin_values)",
                "expected = ReduceSum <keepdims = 0> (weighted, of_bins)",
                "reached = Mul (expected, directions)",
                f"{ALL_BOXES} = Add (middles, reached)",
            ),
        )
