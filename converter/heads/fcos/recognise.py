"""FCOS, "Fully Convolutional One-Stage Object Detection", https://arxiv.org/abs/1904.01355.

Each cell of one or several maps gives its distances to the left, upper, right and lower side of
the box that it lies in, class scores, and how central it lies. Maps of the same height and width
belong together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx

from converter.errors import HeadError
from converter.heads.decoding.error_messages import class_count, listed
from converter.heads.decoding.feature_maps import Rows, declare
from converter.heads.decoding.find_activation import assumed_activation, read_scores
from converter.heads.decoding.onnx_lines import Lines, decoding_model
from converter.heads.decoding.scores import ScoreReading
from converter.heads.evidence import Evidence, Recognised
from converter.heads.family import Family
from converter.heads.fcos.levels import (
    Level,
    are_distances,
    distance_unit,
    find_levels,
    read_centerness,
)
from converter.onnx_tools.node_names import ALL_BOXES, CLASS_SCORES
from converter.onnx_tools.text import floats
from trt_inference.bundles.names import DETECTION

NAME = "fcos"
EXPECTS = (
    "for each level maps float32 of the same h and w: class scores [N, h, w, C], distances "
    "[N, h, w, 4] to left, top, right, bottom, and maybe centerness [N, h, w, 1]"
)


@dataclass(frozen=True)
class FcosHead:
    """Recognised levels, the finest first.

    Attributes:
        reading: of the class scores.
        centerness: what is still to be applied to it: ``none`` or ``sigmoid``.
        unit: of the distances: ``pixels``, ``cells`` or ``normalised``.
    """

    levels: tuple[Level, ...]
    reading: ScoreReading
    centerness: ScoreReading
    unit: str
    input_size: tuple[int, int]
    each_class: bool = False

    task = DETECTION
    needs_nms = True

    @property
    def description(self) -> str:
        """Family and layout."""
        centerness = " and centerness" if self.levels[0].centerness else ""
        return (
            f"{NAME} with {len(self.levels)} levels{centerness}, distances in {self.unit}, "
            f"{self.reading}"
        )

    @property
    def inputs(self) -> tuple[str, ...]:
        """All distances, all scores, all centernesses, each the finest level first."""
        return tuple(name for rows in self._rows() for name in rows.names)

    @property
    def classes(self) -> int:
        """C, background not counted."""
        return self.reading.classes(self.levels[0].scores.channels)

    @property
    def anchors(self) -> int:
        """One box for each cell of each level."""
        return sum(level.distances.cells for level in self.levels)

    def stage(self, opset: int) -> onnx.ModelProto:
        """The decoding as ONNX."""
        rows = self._rows()
        names, declarations = declare([part for kind in rows for part in kind.parts])
        channels = self.levels[0].scores.channels
        central = len(rows) == 3
        parts = [
            rows[0].lines(names, "distances"),
            self._box_lines(),
            rows[1].lines(names, "scores"),
            self.reading.lines("scores", "of_class" if central else CLASS_SCORES, channels),
        ]
        if central:
            parts += [
                rows[2].lines(names, "centernesses"),
                self.centerness.lines("centernesses", "central", 1),
                Lines(
                    (),
                    (
                        "product = Mul (of_class, central)",
                        f"{CLASS_SCORES} = Sqrt (product)",
                    ),
                ),
            ]
        return decoding_model(opset, declarations, self.anchors, self.classes, parts)

    def decode(self, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The decoding in NumPy."""
        distances, scores, *centerness = (rows.of(outputs) for rows in self._rows())
        points, scales = self._geometry()
        reached = distances * scales
        boxes = np.concatenate([points - reached[..., :2], points + reached[..., 2:]], axis=-1)
        scores = self.reading.apply(scores)
        if centerness:
            scores = np.sqrt(scores * self.centerness.apply(centerness[0]))
        return {ALL_BOXES: boxes, CLASS_SCORES: scores}

    def _rows(self) -> list[Rows]:
        """Distances, scores and, where there are some, centernesses."""
        rows = [
            Rows(tuple(level.distances for level in self.levels), 4),
            Rows(tuple(level.scores for level in self.levels), self.levels[0].scores.channels),
        ]
        central = tuple(level.centerness for level in self.levels if level.centerness)
        return [*rows, Rows(central, 1)] if central else rows

    def _geometry(self) -> tuple[np.ndarray, np.ndarray]:
        """Middles of all cells ``[A, 2]`` in pixels, and the pixels ``[A, 4]`` of a distance of
        1."""
        points, scales = [], []
        height, width = self.input_size
        for level in self.levels:
            grid = level.distances
            units = {
                "pixels": (1.0, 1.0),
                "cells": grid.stride(self.input_size),
                "normalised": (width, height),
            }
            points.append(grid.points(self.input_size, 0.5))
            scales.append(np.tile(np.array(units[self.unit] * 2, np.float32), (grid.cells, 1)))
        return np.concatenate(points), np.concatenate(scales)

    def _box_lines(self) -> Lines:
        """From ``distances`` to boxes."""
        points, scales = self._geometry()
        # Left and top are subtracted.
        signed = scales * np.array([-1, -1, 1, 1], np.float32)
        points = np.tile(points, 2)
        shape = f"float[1, {self.anchors}, 4]"
        return Lines(
            (
                f"{shape} points = {{{floats(points.ravel())}}}",
                f"{shape} directions = {{{floats(signed.ravel())}}}",
            ),
            (
                "reached = Mul (distances, directions)",
                f"{ALL_BOXES} = Add (points, reached)",
            ),
        )


def recognise(evidence: Evidence) -> Recognised | None:
    """A head for all levels that have the maps; None without one, where the user gives anchors,
    and where the maps with four channels are no distances, as they are often below 0.

    Raises:
        HeadError: it cannot be determined which map is which, or the labels do not fit; the user
            asks for FCOS, but the distances are below 0.
    """
    levels = () if evidence.options.anchors is not None else find_levels(evidence)
    if not levels:
        return None
    distances = Rows(tuple(level.distances for level in levels), 4).of(evidence.values)
    if not are_distances(distances):
        if evidence.options.head == NAME:
            raise HeadError(
                f"many of the distances in the outputs ({listed(evidence)}) are below 0: apply exp "
                "or relu to them in the model, as FCOS does, and export it again"
            )
        return None
    rows = Rows(tuple(level.scores for level in levels), levels[0].scores.channels)
    scores = rows.of(evidence.values)
    reading = read_scores(scores, evidence, no_background=True)
    unit = evidence.options.boxes
    if unit == "auto":
        best = reading.apply(scores).max(axis=-1)
        unit = distance_unit(distances, best, levels, evidence.input_size)
    head = FcosHead(levels, reading, read_centerness(levels, evidence), unit, evidence.input_size)
    return Recognised(
        head,
        f"maps of {', '.join(map(str, levels))} cells have scores of {class_count(head.classes)} "
        f"and distances to four sides; distances are in {unit} (--boxes decides), "
        f"{'with' if levels[0].centerness else 'without'} centerness; scores are {reading} "
        "(--activation and --background decide)",
        (
            f"distances are in {unit}, from the middle of a cell to left, top, right and bottom: "
            "--boxes changes the unit",
            *assumed_activation(reading, scores, evidence),
        ),
    )


FAMILY = Family(60, {NAME: EXPECTS}, recognise)
