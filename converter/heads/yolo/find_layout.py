"""Which axis of YOLO's output runs over the boxes, and whether there is an objectness."""

from __future__ import annotations

import numpy as np

from converter.errors import HeadError
from converter.heads.decoding.box_formats import MOST, positive_fraction, telling_rows
from converter.heads.decoding.error_messages import class_count, listed, wrong_labels
from converter.heads.evidence import Evidence
from converter.heads.yolo.assumptions import TAKEN
from converter.heads.yolo.complete_lists import is_complete
from converter.heads.yolo.layout import NAME, OBJECTNESS, SIDES, Layout
from converter.heads.yolo.unsupported_rows import refuse_unsupported_rows
from converter.inputs.tensor import Tensor

# Without labels, the axis of the boxes is this many times longer than the other.
MORE_BOXES = 2
# Values of a box of the models trained on COCO, with its 80 classes: whether with objectness.
COCO_VALUES = {84: False, 85: True}
# The strides of the heads with three anchors in each cell: v5, v7; their larger and tiny ones.
STRIDES = ((8, 16, 32), (8, 16, 32, 64), (16, 32))


Found = tuple[str, Layout]


def find_layout(evidence: Evidence) -> tuple[str, Layout, str] | None:
    """Name of the output, its layout, and why it is that; None where no output has one.

    Raises:
        HeadError: several complete lists have one, or it contradicts the labels.
    """
    possible = [
        (output.name, layout)
        for output in evidence.outputs
        for layout in _layouts(output)
        if _wanted(output, layout, evidence)
    ]
    by_labels = [
        (name, layout)
        for name, layout in possible
        if layout.classes == evidence.labels and _has_sides(name, layout, evidence)
    ]
    found = by_labels or [entry for entry in possible if _looks_like_rows(*entry, evidence)]
    if evidence.options.head == "auto":
        found = [entry for entry in found if is_complete(*entry, evidence)]
        for name, layout in found:
            refuse_unsupported_rows(name, layout.rows(evidence.values[name]), evidence.labels)
    if not found:
        return None
    ways = {(name, layout.boxes_last) for name, layout in found}
    if len(ways) > 1:
        raise HeadError(
            f"each of {', '.join(sorted({name for name, _ in ways}))} can be the list of all boxes "
            f"and scores, as yolo has one: choose one with --outputs NAME. The outputs: "
            f"{listed(evidence)}"
        )
    return _checked(found, evidence) if by_labels else _chosen(found, evidence)


def _layouts(output: Tensor) -> list[Layout]:
    """Every layout that an output of that shape can have."""
    if output.dtype != "float32" or output.shape is None or len(output.shape) != 3:
        return []
    _, first, second = output.shape
    axes = [(second, first, True), (first, second, False)]
    return [
        Layout(anchors, values, boxes_last, objectness)
        for anchors, values, boxes_last in (axes if first != second else axes[:1])
        for objectness in (False, True)
        if anchors > 0 and values > SIDES + objectness
    ]


def _wanted(output: Tensor, layout: Layout, evidence: Evidence) -> bool:
    """Whether the user asks for that layout, or leaves it open and the boxes are not elsewhere."""
    head = evidence.options.head
    if head != "auto":
        return (head == OBJECTNESS) == layout.objectness
    if evidence.options.anchors is not None:
        return False  # The user knows that the boxes are relative to anchors.
    boxes = {(layout.anchors, SIDES), (SIDES, layout.anchors), (layout.anchors, 1, SIDES)}
    return not any(
        other.shape is not None and tuple(other.shape[1:]) in boxes
        for other in evidence.outputs
        if other is not output
    )


def _has_sides(name: str, layout: Layout, evidence: Evidence) -> bool:
    """Whether the boxes have positive sides, as those relative to anchors do not; not asked where
    the user names the family. A list of SSD that ends with the variances of the box coder, the
    same four for all boxes, begins with scores, which are positive too."""
    if evidence.options.head != "auto":
        return True
    rows = layout.rows(evidence.values[name])
    last = rows[..., -SIDES:]
    variances = bool((last == last[0, 0]).all() and (last > 0).all())
    return not variances and positive_fraction(rows[..., :SIDES]) >= MOST


def _looks_like_rows(name: str, layout: Layout, evidence: Evidence) -> bool:
    """Whether there are many boxes, with positive sides, and centres in or near the image."""
    if layout.anchors < MORE_BOXES * layout.values:
        return False
    if evidence.options.head != "auto":
        return True
    if not _has_sides(name, layout, evidence):
        return False
    boxes = telling_rows(layout.rows(evidence.values[name])[..., :SIDES])
    height, width = evidence.input_size
    near = (boxes[:, :2] > [-0.5 * width, -0.5 * height]) & (
        boxes[:, :2] < [1.5 * width, 1.5 * height]
    )
    return float(np.mean(near.all(axis=1))) >= MOST


def _checked(found: list[Found], evidence: Evidence) -> tuple[str, Layout, str]:
    """The layout that the labels decide, unless everything else speaks for the other.

    Raises:
        HeadError: it does; the labels file may have a line too many or too few.
    """
    ((name, layout),) = found
    usual = _usual(name, layout, evidence)
    if evidence.options.head == "auto" and usual == {not layout.objectness}:
        other = "without" if layout.objectness else "with"
        classes = layout.classes + (1 if layout.objectness else -1)
        option = f"--head {OBJECTNESS if layout.objectness else NAME}"
        raise wrong_labels(
            evidence,
            f"{class_count(classes)} {other} objectness as is usual for this layout",
            f"{option} if they are {class_count(layout.classes)}",
        )
    return name, layout, f"that fits the {class_count(layout.classes)} of the labels"


def _chosen(found: list[Found], evidence: Evidence) -> tuple[str, Layout, str]:
    """The usual layout, where there are no labels that decide.

    Raises:
        HeadError: there are labels, but they fit neither layout; or there is no usual layout.
    """
    name = found[0][0]
    by_objectness = {layout.objectness: layout for _, layout in found}
    if evidence.labels is not None:
        counts = " or ".join(
            f"{class_count(layout.classes)} {'with' if objectness else 'without'} objectness"
            for objectness, layout in by_objectness.items()
        )
        raise wrong_labels(evidence, counts)
    decides = f"--labels or --head {NAME} or {OBJECTNESS} decides"
    if len(by_objectness) == 1:
        return name, next(iter(by_objectness.values())), "by its shape"
    usual = _usual(name, by_objectness[False], evidence)
    if len(usual) > 1:
        raise HeadError(
            f"the outputs ({listed(evidence)}) may be yolo with or without objectness: {decides}"
        )
    layout = by_objectness[usual.pop() if usual else False]
    presence = "with" if layout.objectness else "without"
    return name, layout, f"{TAKEN} one {presence} objectness, {decides}"


def _usual(name: str, layout: Layout, evidence: Evidence) -> set[bool]:
    """With objectness or without, by each thing that published models have in common; with it
    where it is 1 in all rows, as in YOLOv6, since no class is seen everywhere."""
    if (layout.rows(evidence.values[name])[..., SIDES] == 1).all():
        return {True}
    height, width = evidence.input_size
    anchor_based = {
        3 * sum((height // stride) * (width // stride) for stride in strides) for strides in STRIDES
    }
    usual = set()
    if layout.values in COCO_VALUES:
        usual.add(COCO_VALUES[layout.values])
    if layout.boxes_last:
        usual.add(False)
    if layout.anchors in anchor_based:
        usual.add(True)
    return usual
