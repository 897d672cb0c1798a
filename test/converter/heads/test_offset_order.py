"""Which box coder offsets are from: shown by boxes that should be one, or asked for."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from converter.errors import HeadError
from converter.heads.evidence import Recognised
from converter.heads.ssd.recognise import recognise
from converter.onnx_tools.node_names import ALL_BOXES
from test.converter.heads.stages import assert_decodes, evidence, y_first

SIZE = (96, 160)  # height, width
CLASSES = 3
OBJECTS = [  # x1, y1, x2, y2, class
    [(12, 20, 60, 44, 0), (90, 10, 112, 80, 1)],
    [(70, 30, 130, 62, 2), (20, 40, 44, 90, 0)],
    [(60, 8, 90, 66, 1)],
]
UNSCALED, VARIANCES = (1.0, 1.0, 1.0, 1.0), (10.0, 10.0, 5.0, 5.0)


def grid_anchors() -> np.ndarray:
    """Centre x, centre y, width, height of six anchors in each cell of 16 pixels."""
    return np.array(
        [
            [x + 8, y + 8, side * ratio, side / ratio]
            for y in range(0, SIZE[0], 16)
            for x in range(0, SIZE[1], 16)
            for side in (28.0, 44.0)
            for ratio in (0.7, 1.0, 1.4)
        ],
        np.float32,
    )


def overlap(anchor: list[float], box: tuple[float, ...]) -> float:
    x, y, w, h = anchor
    across = min(x + w / 2, box[2]) - max(x - w / 2, box[0])
    down = min(y + h / 2, box[3]) - max(y - h / 2, box[1])
    shared = max(across, 0) * max(down, 0)
    return shared / (w * h + (box[2] - box[0]) * (box[3] - box[1]) - shared)


def centred(anchor: list[float], box: tuple[float, ...]) -> list[float]:
    """Offsets tx, ty, tw, th by the equations of Faster R-CNN."""
    x, y, w, h = anchor
    return [
        ((box[0] + box[2]) / 2 - x) / w,
        ((box[1] + box[3]) / 2 - y) / h,
        math.log((box[2] - box[0]) / w),
        math.log((box[3] - box[1]) / h),
    ]


def of_corners(anchor: list[float], box: tuple[float, ...]) -> list[float]:
    """Offsets of the corners, in sides of the anchor."""
    x, y, w, h = anchor
    edges = [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
    return [(box[i] - edges[i]) / (w, h)[i % 2] for i in range(4)]


def trained(
    anchors: np.ndarray,
    scales: tuple[float, ...] = UNSCALED,
    coder: Any = centred,
    noise: float = 0.05,
) -> dict[str, np.ndarray]:
    """The outputs of a network that finds the objects: offsets with x first to the object that an
    anchor overlaps, with some noise, and its score; elsewhere noise and low scores."""
    generator = np.random.default_rng(7)
    offsets = generator.normal(0, 0.3, (len(OBJECTS), len(anchors), 4))
    scores = generator.uniform(0.0, 0.05, (len(OBJECTS), len(anchors), CLASSES))
    for image, objects in enumerate(OBJECTS):
        for row, anchor in enumerate(anchors.astype(float).tolist()):
            best = max(objects, key=lambda one: overlap(anchor, one[:4]))
            if overlap(anchor, best[:4]) > 0.4:
                offsets[image, row] = coder(anchor, best[:4]) + generator.normal(0, noise, 4)
                scores[image, row, best[4]] = generator.uniform(0.6, 0.9)
    values = (offsets * np.array(scales)).astype(np.float32)
    return {"box": values, "class": scores.astype(np.float32)}


def recognised(outputs: dict[str, np.ndarray], **options: Any) -> Recognised:
    found = recognise(evidence(outputs, CLASSES, SIZE, **options))
    assert found is not None
    return found


def decoded(
    offsets: np.ndarray, anchors: np.ndarray, scales: tuple[float, ...]
) -> list[list[list[float]]]:
    """Corners from tx, ty, tw, th."""
    images = []
    for rows in offsets.astype(float).tolist():
        boxes = []
        for row, (xa, ya, wa, ha) in zip(rows, anchors.astype(float).tolist(), strict=True):
            tx, ty, tw, th = (value / scale for value, scale in zip(row, scales, strict=True))
            x, y, w, h = xa + tx * wa, ya + ty * ha, wa * math.exp(tw), ha * math.exp(th)
            boxes.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
        images.append(boxes)
    return images


@pytest.mark.parametrize("anchors_y_first", [False, True])
@pytest.mark.parametrize("offsets_y_first", [False, True])
@pytest.mark.parametrize("scales", [UNSCALED, VARIANCES])
def test_boxes_that_come_together_show_order_and_scales_whatever_the_anchors(
    anchors_y_first: bool, offsets_y_first: bool, scales: tuple[float, ...]
) -> None:
    anchors = grid_anchors()
    outputs = trained(anchors, scales)
    expected = decoded(outputs["box"], anchors, scales)
    if offsets_y_first:
        outputs["box"] = y_first(outputs["box"])
    given = y_first(anchors) if anchors_y_first else anchors
    found = recognised(outputs, anchors=given)
    assert_decodes(found.head, outputs, expected, list(outputs["class"]))
    order = "ty, tx, th, tw" if offsets_y_first else "tx, ty, tw, th"
    assert f"{order} times {scales[0]:g}" in found.reason
    assert "--offset-order decides" in found.reason
    assert found.assumed == ()


@pytest.mark.parametrize("anchors_y_first", [False, True])
def test_offsets_that_show_nothing_are_asked_for_and_both_answers_work(
    anchors_y_first: bool,
) -> None:
    anchors = grid_anchors()
    generator = np.random.default_rng(3)
    outputs = {
        "bbox_regression": generator.normal(0, 0.3, (3, len(anchors), 4)).astype(np.float32),
        "cls_logits": generator.normal(-2, 1, (3, len(anchors), CLASSES)).astype(np.float32),
    }
    given = y_first(anchors) if anchors_y_first else anchors
    with pytest.raises(HeadError) as error:
        recognised(outputs, anchors=given)
    for word in ("--offset-order xywh", "--offset-order yxhw", "tx, ty, tw, th", "ty, tx, th, tw"):
        assert word in str(error.value)
    scores = list(1 / (1 + np.exp(-outputs["cls_logits"])))
    for order in ("xywh", "yxhw"):
        found = recognised(outputs, anchors=given, offset_order=order)
        offsets = (
            outputs["bbox_regression"] if order == "xywh" else y_first(outputs["bbox_regression"])
        )
        assert_decodes(found.head, outputs, decoded(offsets, anchors, UNSCALED), scores)
        assert any("--box-scales" in clause for clause in found.assumed)


def test_annotated_objects_show_the_order_where_scores_do_not() -> None:
    """A network that is sure of nothing still has the right boxes at its objects."""
    anchors = grid_anchors()
    outputs = trained(anchors, VARIANCES)
    outputs["class"] = np.full_like(outputs["class"], 0.1)
    outputs["box"] = y_first(outputs["box"])
    without = evidence(outputs, CLASSES, SIZE, anchors=anchors)
    with pytest.raises(HeadError, match="--offset-order"):
        recognise(without)
    objects = tuple(np.array([one[:4] for one in image], np.float32) for image in OBJECTS)
    found = recognise(replace(without, objects=objects))
    assert found is not None
    assert "ty, tx, th, tw times 10, 10, 5, 5" in found.head.description


def test_offsets_of_corners_are_seen_and_decoded() -> None:
    anchors = grid_anchors()
    outputs = trained(anchors, (5.0, 5.0, 5.0, 5.0), of_corners, noise=0.0)
    found = recognised(outputs, anchors=anchors)
    assert "tx1, ty1, tx2, ty2 times 5, 5, 5, 5" in found.head.description
    boxes = found.head.decode(outputs)[ALL_BOXES]
    for image, objects in enumerate(OBJECTS):
        sure = outputs["class"][image] > 0.5
        assert sure.any()
        for row, number in zip(*np.nonzero(sure), strict=True):
            wanted = [one[:4] for one in objects if one[4] == number]
            assert min(np.abs(boxes[image, row] - one).max() for one in wanted) < 0.01
    assert_decodes(found.head, outputs, list(boxes), list(outputs["class"]))


def test_scales_that_are_not_usual_are_asked_for() -> None:
    anchors = grid_anchors()
    outputs = trained(anchors, (4.0, 4.0, 4.0, 4.0))
    with pytest.raises(HeadError, match="--box-scales"):
        recognised(outputs, anchors=anchors)
    found = recognised(outputs, anchors=anchors, box_scales=(4.0, 4.0, 4.0, 4.0))
    assert "tx, ty, tw, th times 4, 4, 4, 4" in found.head.description
    assert found.assumed == ()


def test_an_option_against_what_the_boxes_show_is_obeyed_and_reported() -> None:
    anchors = grid_anchors()
    found = recognised(trained(anchors), anchors=anchors, offset_order="yxhw")
    assert "ty, tx, th, tw" in found.head.description
    assert any("although overlapping anchors agree" in clause for clause in found.assumed)


def test_nothing_is_concluded_from_a_few_anchors() -> None:
    anchors = grid_anchors()[:2]
    outputs = {name: value[:, :2] for name, value in trained(grid_anchors()).items()}
    with pytest.raises(HeadError, match="too few"):
        recognised(outputs, anchors=anchors, box_format="cxcywh")


def test_scores_decide_where_the_annotations_have_no_objects() -> None:
    anchors = grid_anchors()
    given = evidence(trained(anchors), CLASSES, SIZE, anchors=anchors)
    empty = tuple(np.zeros((0, 4), np.float32) for _ in OBJECTS)
    found = recognise(replace(given, objects=empty))
    assert found is not None
    assert "tx, ty, tw, th times 1, 1, 1, 1" in found.head.description
