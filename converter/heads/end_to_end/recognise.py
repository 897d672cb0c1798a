"""One output [N, K, 6] of finished detections: four numbers of the box, score, class.

So do networks that are trained to give each object once, and exports with the suppression in
them. The layout is that of Ultralytics' end-to-end exports:
https://docs.ultralytics.com/models/yolov10/. That of EfficientDet, [N, K, 7], has the number of
the image before these, y before x, and classes from 1:
https://github.com/google/automl/tree/master/efficientdet
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx

from converter.errors import HeadError
from converter.heads.decoding.box_formats import (
    MOST,
    corner_lines,
    corners,
    find_scale,
    ordered_fraction,
    publishable_boxes,
    unit,
)
from converter.heads.decoding.class_numbers import (
    assumed_numbers,
    count_classes,
    numbered_lines,
    numbered_scores,
)
from converter.heads.decoding.corner_order import assumed_corners, corner_format
from converter.heads.decoding.error_messages import class_count
from converter.heads.decoding.feature_maps import sizes_of
from converter.heads.decoding.onnx_lines import Lines, decoding_model, index
from converter.heads.decoding.scores import TOLERANCE, are_probabilities
from converter.heads.evidence import Evidence, Recognised
from converter.heads.family import Family
from converter.inputs.tensor import Tensor
from converter.onnx_tools.node_names import ALL_BOXES, CLASS_SCORES
from trt_inference.bundles.names import DETECTION

NAME = "end-to-end"
EXPECTS = (
    "one output float32 [N, K, 6] of finished detections: x1, y1, x2, y2, score, class, or "
    "[N, K, 7]: image, y1, x1, y2, x2, score, class"
)
VALUES = 6  # those of a detection; the number of its image may be before them


@dataclass(frozen=True)
class EndToEndHead:
    """A recognised output. ``first`` is the column with which its boxes begin, ``scale`` brings
    them to pixels."""

    inputs: tuple[str, ...]
    first: int
    anchors: int
    classes: int
    first_class: int
    box_format: str
    scale: tuple[float, float]

    task = DETECTION
    each_class = False
    needs_nms = False

    @property
    def description(self) -> str:
        """Family and layout."""
        return (
            f"{NAME} [N, K, {self.first + VALUES}], boxes {self.box_format} in {unit(self.scale)}, "
            f"classes from {self.first_class}"
        )

    def stage(self, opset: int) -> onnx.ModelProto:
        """The decoding as ONNX."""
        columns = {"begin": 0, "box_end": 4, "score_end": 5, "end": VALUES}
        constants = [index(name, self.first + place) for name, place in columns.items()]
        parts = [
            Lines(
                (*constants, index("last", 2)),
                (
                    "box_values = Slice (detections, begin, box_end, last)",
                    "score = Slice (detections, box_end, score_end, last)",
                    "number = Slice (detections, score_end, end, last)",
                ),
            ),
            corner_lines("box_values", ALL_BOXES, self.box_format, self.scale),
            numbered_lines("score", "number", CLASS_SCORES, self.classes, self.first_class),
        ]
        inputs = [f"float[N, {self.anchors}, {self.first + VALUES}] detections"]
        return decoding_model(opset, inputs, self.anchors, self.classes, parts)

    def decode(self, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The decoding in NumPy."""
        boxes, scores, numbers = _columns(outputs[self.inputs[0]])
        return {
            ALL_BOXES: corners(boxes, self.box_format, self.scale),
            CLASS_SCORES: numbered_scores(scores, numbers, self.classes, self.first_class),
        }


def _columns(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Boxes ``[N, K, 4]``, scores and class numbers ``[N, K]``, which are the last columns."""
    return values[..., -6:-2], values[..., -2], values[..., -1]


def recognise(evidence: Evidence) -> Recognised | None:
    """Find the output whose last but one value is a probability, and whose last is a whole number.

    Raises:
        HeadError: several are so, the boxes are no corners and no format was given, or class
            numbers go beyond the labels.
    """
    found = [output for output in evidence.outputs if _fits(output, evidence)]
    if not found:
        return None
    if len(found) > 1:
        raise HeadError(
            f"the outputs {'; '.join(map(str, found))} are all finished detections "
            f"({EXPECTS}): choose one of them only with --outputs NAME"
        )
    return _head(found[0], evidence)


def _fits(output: Tensor, evidence: Evidence) -> bool:
    sizes = sizes_of(output)
    if output.dtype != "float32" or len(sizes) != 2 or sizes[0] < 1:
        return False
    values = evidence.values[output.name]
    if sizes[1] == VALUES + 1:
        images = values[..., 0]
        if not (_are_whole(images) and (images == images[:, :1]).all()):
            return False
    elif sizes[1] != VALUES:
        return False
    _, scores, numbers = _columns(values)
    return _are_whole(numbers) and are_probabilities(scores)


def _are_whole(numbers: np.ndarray) -> bool:
    numbers = numbers[np.isfinite(numbers)]
    return numbers.size > 0 and bool(np.all(np.abs(numbers - np.round(numbers)) <= TOLERANCE))


def _head(output: Tensor, evidence: Evidence) -> Recognised:
    boxes, scores, numbers = _columns(evidence.values[output.name])
    published = publishable_boxes(boxes, scores)
    scale = find_scale(published, evidence.options.boxes, evidence.input_size)
    before = sizes_of(output)[1] - VALUES
    seen = numbers[scores > 0]
    first = _first_class(seen, before, evidence)
    corners_are_ordered = ordered_fraction(published) >= MOST
    box_format, why = _box_format(output, boxes, scale, evidence, corners_are_ordered)
    most = int(np.nanmax(seen).round()) - first + 1 if seen.size else 0
    classes = count_classes(most, first, evidence)
    head = EndToEndHead((output.name,), before, boxes.shape[1], classes, first, box_format, scale)
    count = f"{class_count(classes)}, as the labels file has"
    if evidence.labels is None:
        count = f"{class_count(classes)}, because {first + classes - 1} is the largest seen: a "
        count += "labels file determines how many there are"
    image = "the number of the image in its first column, " if before else ""
    return Recognised(
        head,
        f"output {output} has {image}probabilities and whole numbers in its last two columns, "
        f"which are score and class; {count}, numbered from {first} (--first-class decides); boxes "
        f"{box_format} in {unit(scale)}, {why} (--box-format decides)",
        (
            *assumed_corners(box_format, why),
            *assumed_numbers(seen, classes, first, evidence),
        ),
    )


def _first_class(seen: np.ndarray, before: int, evidence: Evidence) -> int:
    """The number of the first class: ``before``, unless a 0 is seen."""
    if evidence.options.first_class is not None:
        return evidence.options.first_class
    return 0 if (np.abs(seen) < TOLERANCE).any() else before


def _box_format(
    output: Tensor,
    boxes: np.ndarray,
    scale: tuple[float, float],
    evidence: Evidence,
    corners_are_ordered: bool,
) -> tuple[str, str]:
    """The format, and why.

    Args:
        corners_are_ordered: whether those of the boxes that a robot may publish are.

    Raises:
        HeadError: they are not, and no format was given.
    """
    if evidence.options.box_format != "auto":
        return evidence.options.box_format, "as --box-format specifies"
    if corners_are_ordered:
        usual = "xyxy" if sizes_of(output)[1] == VALUES else "yxyx"
        return corner_format(boxes, scale, evidence.input_size, usual)
    raise HeadError(
        f"output {output} has scores and classes in its last two columns, but its boxes are not "
        "two corners on these images: give --images with pictures such as it was trained on, "
        "--box-format, or --head if it is no output of finished detections"
    )


FAMILY = Family(30, {NAME: EXPECTS}, recognise)
