"""Read what a SavedModel's own suppression lets through, from its outputs for one image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from converter.errors import HeadError
from converter.export.request_answer import OwnDetections
from converter.heads.decoding.box_formats import corners, find_scale
from converter.heads.decoding.corner_order import order_of_leaving
from converter.heads.decoding.scores import ScoreReading
from converter.heads.evidence import SCORES_BEFORE_NMS, Evidence, HeadOptions
from converter.heads.finished.outputs import API, find_finished
from converter.heads.tf_object_detection.recognise import NAME, recognise
from converter.inputs.tensor import Tensor
from converter.onnx_tools.node_names import ALL_BOXES, CLASS_SCORES
from converter.verification.source_model import SourceModel


@dataclass(frozen=True)
class Own:
    """Detections ``n`` of one image.

    Attributes:
        boxes: float32 ``[n, 4]``, x1, y1, x2, y2 in pixels of the input.
        scores: float32 ``[n]``.
        classes: int64 ``[n]``, the columns of the head; not to be used without ``has_classes``.
        has_classes: whether the classes are known.
        is_full: no row of the outputs is left for another detection.
    """

    boxes: np.ndarray
    scores: np.ndarray
    classes: np.ndarray
    has_classes: bool
    is_full: bool

    @property
    def lowest(self) -> float:
        """The lowest score; 1 without detections."""
        return float(self.scores.min(initial=1.0))

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, index: Any) -> Own:
        """A part of them, by a mask."""
        return replace(
            self,
            boxes=self.boxes[index],
            scores=self.scores[index],
            classes=self.classes[index],
        )


def read_own(source: SourceModel, given: Mapping[str, np.ndarray]) -> Own | None:
    """Read the outputs of a SavedModel for one image.

    Where they are known from the export, boxes are in the order that their names tell (the TF
    Object Detection API has y first), and otherwise as the head reads those that enter the
    suppression. Others must be detections by their names.

    Returns:
        None where they are neither.
    """
    outputs = source.suppression.own if source.suppression else None
    if outputs is None or not all(name in given for name in (outputs.boxes, outputs.scores)):
        return _by_names(source, given)
    return _by_export(source, given, outputs)


def _by_export(
    source: SourceModel, given: Mapping[str, np.ndarray], outputs: OwnDetections
) -> Own | None:
    box_format = _format(source, outputs)
    if box_format is None:
        return None
    boxes = given[outputs.boxes].reshape(-1, 4).astype(np.float32)
    scores = given[outputs.scores].reshape(-1).astype(np.float32)
    count = len(scores) if outputs.count is None else int(given[outputs.count].reshape(-1)[0])
    valid = (np.arange(len(scores)) < count) & (scores > 0)
    if valid.any():
        size = source.network.input_size
        boxes = corners(boxes, box_format, find_scale(boxes[valid], "auto", size))
    classes = _columns(source, given, outputs, len(scores))
    has_classes = classes is not None
    if classes is None:
        classes = np.zeros(len(scores), np.int64)
    found = Own(boxes, scores, classes, has_classes, bool(valid.all()))
    return found[valid & (classes >= 0)]


def _format(source: SourceModel, outputs: OwnDetections) -> str | None:
    if API in outputs.boxes:
        return "yxyx"
    entering = getattr(source.head, "box_format", None)
    return entering and order_of_leaving(entering, outputs.layout, outputs.swapped)


def _columns(
    source: SourceModel, given: Mapping[str, np.ndarray], outputs: OwnDetections, rows: int
) -> np.ndarray | None:
    """The column of the head for each detection, -1 for one that it leaves out, which is the
    background; None where the model does not tell classes."""
    known = source.suppression.class_numbers if source.suppression else ()
    if SCORES_BEFORE_NMS not in source.head.inputs:
        return None
    if source.head.classes == 1 and len(known) <= 1:
        return np.zeros(rows, np.int64)
    if outputs.numbers is None or not known:
        return None
    reading = getattr(source.head, "reading", ScoreReading())
    first = int(reading.background == "first")
    numbers = given[outputs.numbers].reshape(-1)
    columns = np.full(rows, -1, np.int64)
    for column, number in enumerate(known):
        if 0 <= column - first < source.head.classes:
            columns[np.abs(numbers - number) < 0.5] = column - first
    return columns


def _by_names(source: SourceModel, given: Mapping[str, np.ndarray]) -> Own | None:
    outputs = tuple(
        Tensor(name, value.dtype.name, (-1, *value.shape[1:]))
        for name, value in given.items()
        if value.ndim and value.shape[0] == 1 and not name.startswith("raw_")
    )
    values = {output.name: np.asarray(given[output.name]) for output in outputs}
    evidence = Evidence(outputs, values, source.network.input_size, options=HeadOptions(NAME))
    finished = find_finished(evidence)
    if finished is None:
        return None
    if not finished.api:  # no names give its order of corners
        order = getattr(source.head, "box_format", "auto")
        evidence = replace(evidence, options=replace(evidence.options, box_format=order))
    try:
        recognised = recognise(evidence)
    except HeadError:  # the outputs leave it open, as with nothing detected
        return None
    if recognised is None or recognised.head.needs_nms:
        return None
    decoded = recognised.head.decode(given)
    scores = decoded[CLASS_SCORES][0]
    valid = scores.max(axis=1) > 0
    found = Own(
        decoded[ALL_BOXES][0],
        scores.max(axis=1),
        np.zeros(len(scores), np.int64),
        has_classes=source.head.classes == 1,  # which number is the first is not known
        is_full=bool(valid.all()),
    )
    return found[valid]
