"""Distances as distributions, decoded by loops from the definition."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from converter.heads.choose import choose_head
from converter.heads.dfl.recognise import recognise
from converter.heads.evidence import Recognised
from test.converter.heads.stages import assert_decodes, evidence

INPUT = (96, 192)  # height, width
SIZES = {8: (12, 24), 16: (6, 12), 32: (3, 6)}
CELLS = 288 + 72 + 18
CLASSES = 5
Outputs = dict[str, np.ndarray]


def scores() -> np.ndarray:
    return np.random.default_rng(1).random((2, CELLS, CLASSES), np.float32)


def logits(bins: int = 16) -> np.ndarray:
    """As a network gives them, for left, top, right and bottom one after the other."""
    return np.random.default_rng(2).normal(0, 2, (2, CELLS, 4 * bins)).astype(np.float32)


def by_level(values: np.ndarray) -> dict[int, np.ndarray]:
    """The rows of each stride."""
    parts, begin = {}, 0
    for stride, (height, width) in SIZES.items():
        parts[stride] = values[:, begin : begin + height * width]
        begin += height * width
    return parts


def expected_boxes(values: np.ndarray) -> list[list[list[float]]]:
    """x1, y1, x2, y2: from the middle of each cell, the expected value of each distribution."""
    images = []
    for image in values.astype(float):
        boxes, place = [], 0
        for stride, (height, width) in SIZES.items():
            for y, x in np.ndindex(height, width):
                reach = []
                for side in np.split(image[place], 4):
                    powers = [math.exp(value) for value in side]
                    mean = sum(count * power for count, power in enumerate(powers)) / sum(powers)
                    reach.append(mean * stride)
                middle_x, middle_y = (x + 0.5) * stride, (y + 0.5) * stride
                left, top, right, bottom = reach
                boxes.append([middle_x - left, middle_y - top, middle_x + right, middle_y + bottom])
                place += 1
        images.append(boxes)
    return images


def in_lists(classes: np.ndarray, distances: np.ndarray) -> Outputs:
    return {"classes": classes, "boxes": distances}


def in_lists_of_levels(classes: np.ndarray, distances: np.ndarray) -> Outputs:
    given = {"a": by_level(classes), "b": by_level(distances)}
    return {
        f"{name}{stride}": np.ascontiguousarray(values)
        for name, levels in given.items()
        for stride, values in levels.items()
    }


def in_maps(classes: np.ndarray, distances: np.ndarray) -> Outputs:
    outputs = {}
    for name, values in in_lists_of_levels(classes, distances).items():
        outputs[name] = values.reshape(2, *SIZES[int(name[1:])], -1)
    return outputs


def in_maps_channels_first(classes: np.ndarray, distances: np.ndarray) -> Outputs:
    maps = in_maps(classes, distances)
    return {name: np.ascontiguousarray(np.moveaxis(maps[name], -1, 1)) for name in maps}


def found(outputs: Outputs, labels: int | None = None, **options: Any) -> Recognised:
    return choose_head(evidence(outputs, labels, INPUT, **options))


@pytest.mark.parametrize("labels", [None, CLASSES])
@pytest.mark.parametrize(
    "laid_out", [in_lists, in_lists_of_levels, in_maps, in_maps_channels_first]
)
def test_boxes_reach_as_far_as_the_distributions_expect(laid_out: Any, labels: int | None) -> None:
    outputs = laid_out(scores(), logits())
    head = found(outputs, labels).head
    assert head.description.startswith("dfl with 16 values a distance, strides 8, 16, 32")
    assert (head.anchors, head.classes, head.needs_nms) == (CELLS, CLASSES, True)
    assert_decodes(head, outputs, expected_boxes(logits()), list(scores()))


def test_scores_that_are_logits_get_a_sigmoid() -> None:
    values = np.random.default_rng(3).normal(-4, 2, (2, CELLS, CLASSES)).astype(np.float32)
    outputs = in_lists(values, logits())
    recognised = found(outputs)
    probabilities = 1 / (1 + np.exp(-values.astype(float)))
    assert_decodes(recognised.head, outputs, expected_boxes(logits()), list(probabilities))
    assert "sigmoid of logits (--activation decides)" in recognised.reason


def test_what_no_value_shows_of_distances_and_scores_is_reported() -> None:
    values = np.random.default_rng(3).normal(0, 2, (2, CELLS, CLASSES)).astype(np.float32)
    outputs = in_lists(values, logits())
    middle, sigmoid = found(outputs).assumed
    assert "from the middle of a cell" in middle
    assert "--activation changes it" in sigmoid
    assert found(outputs, activation="sigmoid").assumed == (middle,)


@pytest.mark.parametrize("names", [("classes", "boxes"), ("one", "two"), ("two", "one")])
def test_as_many_classes_as_values_are_told_apart(names: tuple[str, str]) -> None:
    """64 of both: by names, or as scores are probabilities."""
    classes = np.random.default_rng(4).random((2, CELLS, 64), np.float32)
    outputs = dict(sorted(zip(names, (classes, logits()), strict=True)))
    head = found(outputs).head
    assert_decodes(head, outputs, expected_boxes(logits()), list(classes))


@pytest.mark.parametrize("bins", [8, 11])
def test_other_numbers_of_values_are_taken_where_the_user_states_the_family(bins: int) -> None:
    """Where distances begin in a cell differs between these models."""
    outputs = in_lists(scores(), logits(bins))
    assert recognise(evidence(outputs, size=INPUT)) is None
    head = found(outputs, head="dfl").head
    assert_decodes(head, outputs, expected_boxes(logits(bins)), list(scores()))


def test_lists_of_other_lengths_are_left_to_others() -> None:
    outputs = {name: values[:, :-1] for name, values in in_lists(scores(), logits()).items()}
    assert recognise(evidence(outputs, size=INPUT)) is None
    assert recognise(evidence(in_lists(scores(), logits()), size=(96, 96))) is None


def test_boxes_relative_to_anchors_are_left_to_others() -> None:
    outputs = in_lists(scores(), logits())
    anchors = np.ones((CELLS, 4), np.float32)
    assert recognise(evidence(outputs, size=INPUT, anchors=anchors)) is None
    assert recognise(evidence(in_lists(scores(), logits()[..., :4]), size=INPUT)) is None


def test_sides_that_are_no_multiples_of_the_strides() -> None:
    """KerasCV and Ultralytics round up: 100 pixels are 13 cells of 8, the last one cut."""
    cells = 13 * 13 + 7 * 7 + 4 * 4
    generator = np.random.default_rng(5)
    distances = generator.normal(0, 2, (2, cells, 64)).astype(np.float32)
    outputs = in_lists(generator.random((2, cells, 3), np.float32), distances)
    head = choose_head(evidence(outputs, size=(100, 100))).head
    boxes = head.decode(outputs)["all_boxes"]
    powers = np.exp(distances[0, 14, :16].astype(float))
    left = (powers * np.arange(16)).sum() / powers.sum() * 8
    assert boxes[0, 14, 0] == pytest.approx(1.5 * 8 - left, abs=1e-3)  # second row, second cell


@pytest.mark.parametrize("given", [True, False], ids=["labels", "no labels"])
@pytest.mark.parametrize("as_logits", [False, True])
@pytest.mark.parametrize("classes", [1, 2, 3, 4, 32])
@pytest.mark.parametrize("laid_out", [in_lists, in_lists_of_levels, in_maps])
def test_few_classes_and_as_many_as_other_distributions_are_recognised(
    laid_out: Any, classes: int, as_logits: bool, given: bool
) -> None:
    """Four columns may be a box, and 32 a distribution of 8 values for each distance."""
    values = np.random.default_rng(6).normal(-5, 1.5, (2, CELLS, classes)).astype(np.float32)
    probabilities = 1 / (1 + np.exp(-values.astype(float)))
    outputs = laid_out(values if as_logits else probabilities.astype(np.float32), logits())
    head = found(outputs, classes if given else None).head
    assert head.description.startswith("dfl with 16 values")
    decoded = head.decode(outputs)
    np.testing.assert_allclose(decoded["class_scores"], probabilities, atol=1e-5)
    np.testing.assert_allclose(decoded["all_boxes"], expected_boxes(logits()), atol=1e-3)


@pytest.mark.parametrize("distances", [np.float32(1), np.float32(20)])
def test_maps_of_distances_beside_64_classes_are_no_four_classes(distances: np.float32) -> None:
    """Of FCOS, in fractions of the image or in pixels."""
    generator = np.random.default_rng(7)
    sides = generator.random((2, CELLS, 4), np.float32) * distances
    classes = generator.normal(-5, 1.5, (2, CELLS, 64)).astype(np.float32)
    for outputs in (in_maps(classes, sides), in_maps(sides, classes)):
        head = found(outputs).head
        assert head.description.startswith("fcos")
        assert head.classes == 64


@pytest.mark.parametrize("size", [1, 100])
def test_a_list_of_boxes_beside_64_logits_is_no_four_classes(size: int) -> None:
    generator = np.random.default_rng(8)
    boxes = (generator.random((2, CELLS, 4), np.float32) * size).astype(np.float32)
    classes = generator.normal(-5, 1.5, (2, CELLS, 64)).astype(np.float32)
    assert recognise(evidence({"one": boxes, "two": classes}, size=INPUT)) is None
    assert recognise(evidence({"one": boxes, "two": logits()}, size=INPUT)) is None
