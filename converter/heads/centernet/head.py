"""The decoding of CenterNet, https://arxiv.org/abs/1904.07850, in ONNX and in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx

from converter.heads.decoding.box_formats import corner_lines, corners
from converter.heads.decoding.feature_maps import Grid, Rows, cells_last, declare
from converter.heads.decoding.onnx_lines import Lines, decoding_model
from converter.heads.decoding.scores import ScoreReading
from converter.onnx_tools.node_names import ALL_BOXES, CLASS_SCORES
from converter.onnx_tools.text import floats
from trt_inference.bundles.names import DETECTION


@dataclass(frozen=True)
class CenterNetHead:
    """Three recognised maps.

    Attributes:
        size_scale: width, height in pixels of a size of 1, 1.
        y_first: offsets are y, x and sizes height, width.
    """

    heatmap: Grid
    offset: Grid
    size: Grid
    reading: ScoreReading
    input_size: tuple[int, int]
    size_scale: tuple[float, float]
    y_first: bool = False

    task = DETECTION
    each_class = False
    needs_nms = False  # a peak has no other beside it

    @property
    def description(self) -> str:
        """Family and layout."""
        order = "y before x" if self.y_first else "x before y"
        cells = f"{self.heatmap.height}x{self.heatmap.width} cells"
        return f"centernet, {cells}, {order}, {self.reading}"

    @property
    def inputs(self) -> tuple[str, ...]:
        """Heatmap, offset, size."""
        return self.heatmap.name, self.offset.name, self.size.name

    @property
    def classes(self) -> int:
        """C."""
        return self.reading.classes(self.heatmap.channels)

    @property
    def anchors(self) -> int:
        """One box for each cell."""
        return self.heatmap.cells

    def stage(self, opset: int) -> onnx.ModelProto:
        """The decoding as ONNX."""
        names, declarations = declare([self.heatmap, self.offset, self.size])
        parts = [
            Rows((self.offset,), 2).lines(names, "offsets"),
            Rows((self.size,), 2).lines(names, "sizes"),
            self._box_lines(),
            corner_lines("centred", ALL_BOXES, "cxcywh", (1.0, 1.0)),
            Rows((self.heatmap,), self.heatmap.channels).lines(names, "heat"),
            self.reading.lines("heat", "scores", self.heatmap.channels),
            self._peak_lines(names[self.heatmap.name]),
        ]
        return decoding_model(opset, declarations, self.anchors, self.classes, parts)

    def _box_lines(self) -> Lines:
        """From ``offsets`` and ``sizes`` to ``centred``: centres and sides in pixels."""
        origins = self.heatmap.points(self.input_size, 0.0)
        order = "{1, 0}" if self.y_first else "{0, 1}"
        return Lines(
            (
                f"int64[2] order = {order}",
                f"float[2] cell = {{{floats(self.heatmap.stride(self.input_size))}}}",
                f"float[2] size_scale = {{{floats(self.size_scale)}}}",
                f"float[1, {self.anchors}, 2] origins = {{{floats(origins.ravel())}}}",
            ),
            (
                "offsets_xy = Gather <axis = 2> (offsets, order)",
                "sizes_xy = Gather <axis = 2> (sizes, order)",
                "moves = Mul (offsets_xy, cell)",
                "centres = Add (origins, moves)",
                "sides = Mul (sizes_xy, size_scale)",
                "centred = Concat <axis = 2> (centres, sides)",
            ),
        )

    def _peak_lines(self, heatmap: str) -> Lines:
        """From ``scores`` and the heatmap to the scores at peaks, 0 elsewhere.

        Peaks are sought before the activation, which rounds different logits to one score.
        """
        order = "[0, 1, 2, 3]" if self.heatmap.channels_first else "[0, 3, 1, 2]"
        return Lines(
            (f"int64[3] peak_shape = {{0, {self.heatmap.channels}, -1}}",),
            (
                f"planes = Transpose <perm = {order}> ({heatmap})",
                "highest = MaxPool <kernel_shape = [3, 3], pads = [1, 1, 1, 1]> (planes)",
                "is_peak = Equal (planes, highest)",
                "peak_planes = Cast <to = 1> (is_peak)",
                "peak_columns = Reshape (peak_planes, peak_shape)",
                "peak_rows = Transpose <perm = [0, 2, 1]> (peak_columns)",
                f"{CLASS_SCORES} = Mul (scores, peak_rows)",
            ),
        )

    def decode(self, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The decoding in NumPy."""
        heat = cells_last(outputs[self.heatmap.name], self.heatmap)
        peaks = (heat == _highest_around(heat)).reshape(len(heat), self.anchors, -1)
        scores = self.reading.apply(heat).reshape(peaks.shape)
        offsets = Rows((self.offset,), 2).of(outputs)
        sizes = Rows((self.size,), 2).of(outputs)
        if self.y_first:
            offsets, sizes = offsets[..., ::-1], sizes[..., ::-1]
        cell = np.array(self.heatmap.stride(self.input_size), np.float32)
        centres = self.heatmap.points(self.input_size, 0.0) + offsets * cell
        sides = sizes * np.array(self.size_scale, np.float32)
        return {
            ALL_BOXES: corners(np.concatenate([centres, sides], axis=-1), "cxcywh", (1.0, 1.0)),
            CLASS_SCORES: scores * peaks,
        }


def _highest_around(heat: np.ndarray) -> np.ndarray:
    """The highest of each cell and its eight neighbours in ``[N, h, w, C]``."""
    padded = np.pad(heat, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    return windows.max(axis=(-2, -1))
