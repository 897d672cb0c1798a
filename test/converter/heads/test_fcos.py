"""Distances to the sides of boxes, decoded by loops as in the paper."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from converter.errors import HeadError
from converter.heads.evidence import Recognised
from converter.heads.fcos.recognise import recognise
from test.converter.heads.stages import SIZE, assert_decodes, evidence

CLASSES = 3
STRIDES = (8, 16)
Maps = dict[str, np.ndarray]


def maps(strides: tuple[int, ...] = STRIDES, classes: int = CLASSES, central: bool = True) -> Maps:
    """Probabilities, and distances of one to three cells in pixels, the coarsest level first."""
    generator = np.random.default_rng(1)
    outputs = {}
    for stride in reversed(strides):
        shape = (2, SIZE[0] // stride, SIZE[1] // stride)
        outputs[f"cls_{stride}"] = generator.random((*shape, classes), np.float32)
        distances = generator.uniform(stride, 3 * stride, (*shape, 4))
        outputs[f"box_{stride}"] = distances.astype(np.float32)
        if central:
            outputs[f"centerness_{stride}"] = generator.random((*shape, 1), np.float32)
    return outputs


def decode(outputs: Maps, unit: str = "pixels", strides: tuple[int, ...] = STRIDES) -> list[Any]:
    images: list[Any] = [[], []]
    for stride in strides:
        scale = {"pixels": [1] * 4, "cells": [stride] * 4, "normalised": [*SIZE[::-1]] * 2}[unit]
        values = outputs[f"box_{stride}"].tolist()
        for image, rows in enumerate(values):
            for y, row in enumerate(rows):
                for x, distances in enumerate(row):
                    left, top, right, bottom = np.multiply(distances, scale).tolist()
                    at_x, at_y = stride // 2 + x * stride, stride // 2 + y * stride
                    images[image].append([at_x - left, at_y - top, at_x + right, at_y + bottom])
    return images


def scores(outputs: Maps, strides: tuple[int, ...] = STRIDES, sigmoid: bool = False) -> np.ndarray:
    def probability(value: float) -> float:
        return 1 / (1 + math.exp(-value)) if sigmoid else value

    images: list[Any] = [[], []]
    for stride in strides:
        of_classes = outputs[f"cls_{stride}"]
        for image, y, x in np.ndindex(*of_classes.shape[:3]):
            row = [probability(value) for value in of_classes[image, y, x].tolist()]
            if f"centerness_{stride}" in outputs:
                central = probability(float(outputs[f"centerness_{stride}"][image, y, x, 0]))
                row = [math.sqrt(value * central) for value in row]
            images[image].append(row)
    return np.array(images)


def found(outputs: Maps, labels: int | None = CLASSES, **options: Any) -> Recognised:
    recognised = recognise(evidence(outputs, labels, **options))
    assert recognised is not None
    assert recognised.head.needs_nms
    return recognised


@pytest.mark.parametrize("central", [False, True])
@pytest.mark.parametrize("strides", [(8,), (16,), (8, 16)])
def test_levels_are_decoded_from_the_finest(strides: tuple[int, ...], central: bool) -> None:
    outputs = maps(strides, central=central)
    recognised = found(outputs)
    expected = decode(outputs, strides=strides), scores(outputs, strides)
    assert_decodes(recognised.head, outputs, *expected)
    assert "pixels (--boxes decides)" in recognised.reason


@pytest.mark.parametrize("activation", ["auto", "sigmoid"])
def test_logits_get_a_sigmoid(activation: str) -> None:
    outputs = maps()
    if activation == "auto":
        for name, value in outputs.items():
            if not name.startswith("box"):
                outputs[name] = (value * 20 - 12).astype(np.float32)
    head = found(outputs, activation=activation).head
    assert_decodes(head, outputs, decode(outputs), scores(outputs, sigmoid=True))


def test_centerness_may_be_a_logit_where_scores_are_none() -> None:
    outputs = maps((8,))
    outputs["centerness_8"] = outputs["centerness_8"] * 20 - 10
    expected = np.sqrt(
        outputs["cls_8"].astype(float) / (1 + np.exp(-outputs["centerness_8"].astype(float)))
    )
    head = found(outputs).head
    assert_decodes(head, outputs, decode(outputs, strides=(8,)), expected.reshape(2, -1, CLASSES))


def test_channels_may_come_first() -> None:
    outputs = maps()
    first = {name: np.ascontiguousarray(np.moveaxis(v, -1, 1)) for name, v in outputs.items()}
    assert_decodes(found(first).head, first, decode(outputs), scores(outputs))


@pytest.mark.parametrize("strides", [(8,), (16,), (8, 16)])
def test_distances_in_cells_are_told_by_their_values(strides: tuple[int, ...]) -> None:
    outputs = maps(strides)
    for stride in strides:
        outputs[f"box_{stride}"] /= stride
    head = found(outputs).head
    expected = decode(outputs, "cells", strides), scores(outputs, strides)
    assert_decodes(head, outputs, *expected)


@pytest.mark.parametrize("unit", ["cells", "normalised"])
def test_the_user_decides_on_the_unit(unit: str) -> None:
    outputs = maps()
    head = found(outputs, boxes=unit).head
    np.testing.assert_allclose(
        head.decode(outputs)["all_boxes"], decode(outputs, unit), rtol=1e-5, atol=1e-3
    )


def test_a_class_for_nothing_is_left_out() -> None:
    outputs = maps((8,), CLASSES + 1)
    outputs["cls_8"][..., 0] = 0.9
    head = found(outputs).head
    expected = scores(outputs, (8,))[..., 1:]
    assert_decodes(head, outputs, decode(outputs, strides=(8,)), expected)


def test_one_class_is_told_from_centerness_by_names() -> None:
    head = found(maps((8,), 1), 1).head
    assert head.inputs == ("box_8", "cls_8", "centerness_8")


def test_four_classes_are_told_from_distances_by_names() -> None:
    assert found(maps((8,), 4), 4).head.inputs[0] == "box_8"


@pytest.mark.parametrize("classes", [1, 4])
def test_maps_that_cannot_be_told_apart_are_refused(classes: int) -> None:
    outputs = dict(zip("abc", maps((8,), classes).values(), strict=True))
    with pytest.raises(HeadError, match="'centerness' in their names"):
        recognise(evidence(outputs, classes))


def test_labels_of_another_number_are_refused() -> None:
    with pytest.raises(HeadError, match="3 classes"):
        recognise(evidence(maps(), 5))


def test_values_below_0_are_no_distances() -> None:
    outputs = maps()
    for stride in STRIDES:
        outputs[f"box_{stride}"] -= 2 * stride
    assert recognise(evidence(outputs, CLASSES)) is None
    with pytest.raises(HeadError, match="apply exp"):
        recognise(evidence(outputs, CLASSES, head="fcos"))


def test_boxes_relative_to_anchors_are_not_claimed() -> None:
    anchors = np.ones((90, 4), np.float32)
    assert recognise(evidence(maps(central=False), CLASSES, anchors=anchors)) is None


def test_scores_without_boxes_are_not_claimed() -> None:
    outputs = {name: v for name, v in maps().items() if not name.startswith("box")}
    assert recognise(evidence(outputs, CLASSES)) is None
