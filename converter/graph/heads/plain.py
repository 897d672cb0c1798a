"""A pair of outputs: a box [N, A, 4] and the scores of its classes [N, A, C], decoded already.

Either may have its boxes along the last axis, [N, 4, A] and [N, C, A].
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx

from converter.errors import HeadError
from converter.graph.heads import BOXES, CLASS_SCORES, DETECTION
from converter.graph.heads.box_formats import (
    MOST,
    PIXELS,
    corner_format,
    corner_lines,
    corners,
    find_scale,
    ordered_fraction,
    positive_fraction,
    unit,
)
from converter.graph.heads.evidence import Evidence, Recognised
from converter.graph.heads.lines import Lines, detection_stage
from converter.graph.heads.scores import ScoreReading, read_scores
from converter.saved_model import Tensor

NAME = "boxes-and-scores"
EXPECTS = "two outputs float32, boxes [N, A, 4] and class scores [N, A, C], or [N, 4, A], [N, C, A]"
BOX_NAMES, SCORE_NAMES = re.compile("box"), re.compile("score|class|cls|logit|prob|conf")


@dataclass(frozen=True)
class Rows:
    """An output with ``columns`` values for each of ``anchors`` boxes, [N, A, columns], or
    [N, columns, A] where ``boxes_last``."""

    name: str
    anchors: int
    columns: int
    boxes_last: bool = False

    def values(self, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """``[N, A, columns]``."""
        values = outputs[self.name]
        return values.transpose(0, 2, 1) if self.boxes_last else values

    def declaration(self, name: str) -> str:
        """Its type and ``name`` as an input of the stage."""
        sizes = [self.anchors, self.columns]
        first, second = reversed(sizes) if self.boxes_last else sizes
        return f"float[N, {first}, {second}] {name}"

    def lines(self, name: str, result: str) -> Lines:
        """From input ``name`` to ``result [N, A, columns]``."""
        order = "[0, 2, 1]" if self.boxes_last else "[0, 1, 2]"
        return Lines((), (f"{result} = Transpose <perm = {order}> ({name})",))


@dataclass(frozen=True)
class PlainHead:
    """A recognised pair. ``scale`` brings its boxes to pixels. ``family`` is for people."""

    family: str
    boxes: Rows
    scores: Rows
    box_format: str
    scale: tuple[float, float]
    reading: ScoreReading

    task = DETECTION
    needs_nms = True

    @property
    def inputs(self) -> tuple[str, ...]:
        """The outputs of the network: boxes, scores."""
        return self.boxes.name, self.scores.name

    @property
    def anchors(self) -> int:
        """A."""
        return self.boxes.anchors

    @property
    def classes(self) -> int:
        """C, without background."""
        return self.reading.classes(self.scores.columns)

    @property
    def description(self) -> str:
        """Family and layout."""
        return (
            f"{self.family}, boxes {self.box_format} in {unit(self.scale)}, scores {self.reading}"
        )

    def stage(self, opset: int) -> onnx.ModelProto:
        """The decoding as ONNX."""
        parts = [
            self.boxes.lines("boxes", "box_rows"),
            corner_lines("box_rows", BOXES, self.box_format, self.scale),
            self.scores.lines("scores", "score_rows"),
            self.reading.lines("score_rows", CLASS_SCORES, self.scores.columns),
        ]
        inputs = [self.boxes.declaration("boxes"), self.scores.declaration("scores")]
        return detection_stage(opset, inputs, self.anchors, self.classes, parts)

    def decode(self, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The decoding in NumPy."""
        boxes, scores = self.boxes.values(outputs), self.scores.values(outputs)
        return {
            BOXES: corners(boxes, self.box_format, self.scale),
            CLASS_SCORES: self.reading.apply(scores),
        }


def recognise(evidence: Evidence) -> Recognised | None:
    """Find the pair whose boxes have ordered corners or positive sides.

    Corners are ``xyxy`` in pixels, and ``yxyx`` normalised, as in TensorFlow, unless the input
    is not square and the values show which coordinate is along its longer side.

    Raises:
        HeadError: several pairs fit and their names do not decide, the labels fit none, or the
            family was asked for and the box format cannot be told.
    """
    options = evidence.options
    if options.head == "auto" and options.anchors is not None:
        return None  # The user knows that the boxes are relative to anchors.
    pairs = [pair for pair in _pairs(evidence) if _plausible(pair[0], evidence)]
    if len(pairs) > 1:
        pairs = [pair for pair in pairs if _named(*pair)]
        if len(pairs) != 1:
            raise HeadError(
                "more than one pair of outputs may be boxes and scores "
                f"({'; '.join(map(str, evidence.outputs))}): export a signature with one pair, or "
                "outputs with 'boxes' and 'scores' in their names"
            )
    if not pairs:
        return None
    if options.head == "auto":
        _check_nothing_is_left(*pairs[0], evidence)
    return _head(*pairs[0], evidence)


def _check_nothing_is_left(boxes: Rows, scores: Rows, evidence: Evidence) -> None:
    """Refuse a third output with a value for each box: the scores may have to be multiplied by
    it, and the boxes of such heads are often distances from a point.

    Raises:
        HeadError: there is one.
    """
    for output in evidence.outputs:
        single = any(
            rows.columns == 1 and rows.anchors == boxes.anchors for rows in rows_of(output)
        )
        if single and output.name != scores.name:
            raise HeadError(
                f"beside boxes {boxes.name} and scores {scores.name} there is {output}, which may "
                f"be an objectness or centerness of each box: give --head {NAME} to leave it out, "
                "or name another --head"
            )


def rows_of(output: Tensor) -> list[Rows]:
    """How an output may be read, with the boxes along its second axis first."""
    if output.dtype != "float32" or output.shape is None or len(output.shape) != 3:
        return []
    _, first, second = output.shape
    if first < 1 or second < 1:
        return []
    return [Rows(output.name, first, second), Rows(output.name, second, first, True)]


def _pairs(evidence: Evidence) -> list[tuple[Rows, Rows]]:
    """Boxes and scores of every two outputs that fit each other, once for each two."""
    pairs: dict[tuple[str, str], tuple[Rows, Rows]] = {}
    for boxes_output in evidence.outputs:
        for scores_output in evidence.outputs:
            for boxes in rows_of(boxes_output):
                for scores in rows_of(scores_output):
                    if (
                        boxes_output is not scores_output
                        and boxes.columns == 4
                        and boxes.anchors == scores.anchors
                    ):
                        pairs.setdefault((boxes.name, scores.name), (boxes, scores))
    return list(pairs.values())


def _named(boxes: Rows, scores: Rows) -> bool:
    """Whether their names say what they are."""
    return bool(BOX_NAMES.search(boxes.name.lower()) and SCORE_NAMES.search(scores.name.lower()))


def _plausible(boxes: Rows, evidence: Evidence) -> bool:
    """Whether they can be boxes; values relative to anchors are about as often below 0 as above."""
    if evidence.options.head != "auto" or evidence.options.box_format != "auto":
        return True
    values = boxes.values(evidence.values)
    return ordered_fraction(values) >= MOST or positive_fraction(values) >= MOST


def _head(boxes: Rows, scores: Rows, evidence: Evidence) -> Recognised:
    values = boxes.values(evidence.values)
    scale = find_scale(values, evidence.options.boxes, evidence.input_size)
    box_format, why = _box_format(values, scale, evidence)
    reading = read_scores(scores.values(evidence.values), evidence)
    head = PlainHead(NAME, boxes, scores, box_format, scale, reading)
    return Recognised(
        head,
        f"outputs {boxes.name} and {scores.name} are {boxes.anchors} boxes and their scores for "
        f"{head.classes} classes; boxes in {unit(scale)} are {box_format}, {why}; scores are "
        f"{reading}: --activation and --background say otherwise",
    )


def _box_format(
    values: np.ndarray, scale: tuple[float, float], evidence: Evidence
) -> tuple[str, str]:
    """The format, and why."""
    if evidence.options.box_format != "auto":
        return evidence.options.box_format, "as --box-format says"
    if ordered_fraction(values) >= MOST:
        usual = "xyxy" if unit(scale) == PIXELS else "yxyx"
        box_format = corner_format(values, scale, evidence.input_size, usual)
        return box_format, "because corners mostly are there: --box-format says otherwise"
    if positive_fraction(values) >= MOST:
        return "cxcywh", "because they are no corners but have positive sides"
    raise HeadError(
        "the boxes are neither corners nor centres with positive sides: give --box-format, or "
        "--head ssd and --anchors if they are relative to anchors"
    )
