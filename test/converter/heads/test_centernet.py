"""Peaks of a heatmap, sought by loops as in "Objects as Points"."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from converter.errors import HeadError
from converter.heads.centernet.recognise import recognise
from converter.heads.evidence import Recognised
from test.converter.heads.stages import SIZE, assert_decodes, evidence

ROWS, COLUMNS, STRIDE, CLASSES = 12, 24, 4, 3
Maps = dict[str, np.ndarray]


def maps(classes: int = CLASSES, longest: float = 6.0) -> Maps:
    generator = np.random.default_rng(1)
    return {
        "heat": generator.random((2, ROWS, COLUMNS, classes), np.float32),
        "offset": generator.random((2, ROWS, COLUMNS, 2), np.float32),
        "size": generator.uniform(0.5, longest, (2, ROWS, COLUMNS, 2)).astype(np.float32),
    }


def renamed(values: Maps, *names: str) -> Maps:
    return dict(zip(names, values.values(), strict=True))


def decode(values: Maps, pixels: tuple[float, float] = (STRIDE, STRIDE)) -> list[Any]:
    """Corners; ``pixels`` is the width and height of a size of 1, 1."""
    images = []
    for offsets, sizes in zip(values["offset"].tolist(), values["size"].tolist(), strict=True):
        boxes = []
        for row in range(ROWS):
            for column in range(COLUMNS):
                x = (column + offsets[row][column][0]) * STRIDE
                y = (row + offsets[row][column][1]) * STRIDE
                width, height = (s * p for s, p in zip(sizes[row][column], pixels, strict=True))
                boxes.append([x - width / 2, y - height / 2, x + width / 2, y + height / 2])
        images.append(boxes)
    return images


def peak_scores(heat: np.ndarray) -> np.ndarray:
    """The heat of cells that none of their neighbours is above, 0 elsewhere."""
    found = np.zeros_like(heat)
    images, rows, columns, classes = heat.shape
    for image, row, column, which in np.ndindex(images, rows, columns, classes):
        around = [
            heat[image, y, x, which]
            for y in range(max(row - 1, 0), min(row + 2, rows))
            for x in range(max(column - 1, 0), min(column + 2, columns))
        ]
        if heat[image, row, column, which] == max(around):
            found[image, row, column, which] = heat[image, row, column, which]
    return found.reshape(images, -1, classes)


def found(outputs: Maps, labels: int | None = CLASSES, **options: Any) -> Recognised:
    recognised = recognise(evidence(outputs, labels, **options))
    assert recognised is not None
    assert not recognised.head.needs_nms
    return recognised


def test_boxes_are_at_the_peaks_only() -> None:
    outputs = maps()
    scores = peak_scores(outputs["heat"])
    assert 0 < np.count_nonzero(scores) < scores.size / 4
    recognised = found(outputs)
    assert_decodes(recognised.head, outputs, decode(outputs), scores)
    assert "cells (--boxes decides)" in recognised.reason


def test_channels_may_come_first() -> None:
    outputs = maps()
    first = {
        name: np.ascontiguousarray(np.moveaxis(value, -1, 1)) for name, value in outputs.items()
    }
    assert_decodes(found(first).head, first, decode(outputs), peak_scores(outputs["heat"]))


@pytest.mark.parametrize("activation", ["auto", "sigmoid"])
def test_logits_get_a_sigmoid(activation: str) -> None:
    outputs = maps()
    if activation == "auto":
        outputs["heat"] = np.log(outputs["heat"] / (1 - outputs["heat"]))
    sigmoid = np.vectorize(lambda value: 1 / (1 + math.exp(-value)))
    scores = peak_scores(sigmoid(outputs["heat"].astype(float)))
    assert_decodes(found(outputs, activation=activation).head, outputs, decode(outputs), scores)


def test_logits_that_the_activation_rounds_to_one_score_keep_one_peak() -> None:
    outputs = maps(1)
    outputs["heat"][:] = -9.0
    outputs["heat"][:, 5, 5:7, 0] = 30.0, 31.0
    scores = found(outputs, 1).head.decode(outputs)["class_scores"]
    assert np.flatnonzero(scores[0] > 0.5).tolist() == [5 * COLUMNS + 6]


@pytest.mark.parametrize(
    ("boxes", "longest", "pixels"),
    [
        ("auto", 90.0, (1, 1)),
        ("pixels", 6.0, (1, 1)),
        ("cells", 90.0, (STRIDE, STRIDE)),
        ("normalised", 1.0, (SIZE[1], SIZE[0])),
    ],
)
def test_sizes_may_be_in_other_units(
    boxes: str, longest: float, pixels: tuple[float, float]
) -> None:
    outputs = maps(longest=longest)
    head = found(outputs, boxes=boxes).head
    assert_decodes(head, outputs, decode(outputs, pixels), peak_scores(outputs["heat"]))


def test_y_may_come_first() -> None:
    outputs = maps()
    other = {
        "heat": outputs["heat"],
        "offset": np.ascontiguousarray(outputs["offset"][..., ::-1]),
        "size": np.ascontiguousarray(outputs["size"][..., ::-1]),
    }
    head = found(other, box_format="yxyx").head
    assert_decodes(head, other, decode(outputs), peak_scores(outputs["heat"]))


@pytest.mark.parametrize("names", [("hm", "reg", "wh"), ("a", "c", "b"), ("a", "b", "c")])
def test_offset_and_size_are_told_by_names_or_values(names: tuple[str, ...]) -> None:
    assert found(renamed(maps(), *names)).head.inputs == names


def test_two_classes_are_told_by_names() -> None:
    assert found(maps(2), 2).head.inputs == ("heat", "offset", "size")


@pytest.mark.parametrize(("classes", "longest"), [(CLASSES, 0.9), (2, 6.0)])
def test_maps_that_cannot_be_told_apart_are_refused(classes: int, longest: float) -> None:
    values = maps(classes, longest)
    with pytest.raises(HeadError, match="'offset' and 'size' in their names"):
        recognise(evidence(renamed(values, "a", "b", "c"), classes))


def test_labels_of_another_number_are_refused_and_no_background_is_assumed() -> None:
    with pytest.raises(HeadError, match="3 classes"):
        recognise(evidence(maps(), CLASSES - 1))


@pytest.mark.parametrize("left_out", ["heat", "offset", "size"])
def test_fewer_than_three_maps_are_not_claimed(left_out: str) -> None:
    outputs = {name: value for name, value in maps().items() if name != left_out}
    assert recognise(evidence(outputs, CLASSES)) is None


def test_maps_of_another_shape_than_the_input_are_not_claimed() -> None:
    outputs = {name: value[:, :, :-5] for name, value in maps().items()}
    assert recognise(evidence(outputs, CLASSES)) is None
