"""Which box coder offsets are from: shown by boxes that should be one, or asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from converter.errors import HeadError
from converter.heads.evidence import Recognised
from converter.heads.ssd.recognise import recognise
from converter.onnx_tools.node_names import ALL_BOXES
from test.converter.heads.anchored import (
    CLASSES,
    OBJECTS,
    SIZE,
    UNSCALED,
    VARIANCES,
    centred,
    decoded,
    grid_anchors,
    of_corners,
    trained,
)
from test.converter.heads.stages import assert_decodes, evidence, y_first


def recognised(outputs: dict[str, np.ndarray], **options: Any) -> Recognised:
    found = recognise(evidence(outputs, CLASSES, SIZE, **options))
    assert found is not None
    return found


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


@pytest.mark.parametrize("noise", [0.02, 0.05, 0.08])
@pytest.mark.parametrize(
    "scales, coder",
    [
        ((8.0, 8.0, 4.0, 4.0), centred),
        ((6.0, 6.0, 3.0, 3.0), centred),
        ((4.0, 4.0, 4.0, 4.0), of_corners),
        ((1.25, 1.25, 1.25, 1.25), centred),
    ],
)
def test_scales_near_the_usual_ones_are_asked_for_or_reported(
    scales: tuple[float, ...], coder: Any, noise: float
) -> None:
    anchors = grid_anchors()
    try:
        found = recognised(trained(anchors, scales, coder, noise), anchors=anchors)
    except HeadError as error:
        assert "--box-scales" in str(error)
    else:
        assert any("--box-scales" in clause for clause in found.assumed)


def test_usual_scales_that_noise_hides_are_taken_and_reported() -> None:
    anchors = grid_anchors()
    found = recognised(trained(anchors, VARIANCES, noise=0.12), anchors=anchors)
    assert "tx, ty, tw, th times 10, 10, 5, 5" in found.head.description
    assert any("--box-scales changes it" in clause for clause in found.assumed)


def test_boxes_do_not_show_the_order_of_offsets_where_that_of_anchors_is_assumed() -> None:
    """In fractions only the order of the list tells x from y, and an exchange of both in anchors
    and offsets leaves overlapping boxes together."""
    anchors = grid_anchors()
    fractions = anchors / [SIZE[1], SIZE[0], SIZE[1], SIZE[0]]
    found = recognised(trained(anchors), anchors=fractions.astype(np.float32))
    assert "tx, ty, tw, th" in found.head.description
    assert any("--box-format changes it, and with it" in clause for clause in found.assumed)


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
