"""Finished detections without telling names, decoded by loops."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from converter.errors import HeadError
from converter.heads.choose import choose_head
from converter.heads.evidence import Recognised
from converter.heads.finished.recognise import recognise
from test.converter.heads.stages import (
    assert_decodes,
    centred,
    corner_boxes,
    evidence,
    in_pixels,
    y_first,
)

COUNT, CLASSES = 30, 5
SQUARE = (64, 64)  # where pixels do not show which coordinate is first
Outputs = dict[str, np.ndarray]


def fractions() -> np.ndarray:
    return corner_boxes(np.random.default_rng(2), 2, COUNT)


def lists(boxes: np.ndarray, dtype: str = "int32", first_class: int = 0) -> Outputs:
    """As keras-retinanet gives them: of the second image, 20 of 30 rows are detections, and the
    others are -1; some keep the number of a class."""
    generator = np.random.default_rng(1)
    scores = np.sort(generator.random((2, COUNT), np.float32))[:, ::-1].copy()
    numbers = generator.integers(first_class, first_class + CLASSES, (2, COUNT))
    numbers[0, 0] = first_class + CLASSES - 1
    boxes = boxes.copy()
    boxes[1, 20:], scores[1, 20:], numbers[1, 25:] = -1, -1, -1
    return {"filtered": boxes, "filtered_1": scores, "filtered_2": numbers.astype(dtype)}


def expected_scores(outputs: Outputs, first_class: int = 0) -> list[Any]:
    """The score of a detection in the column of its class, 0 for what fills up."""
    images = []
    for scores, numbers in zip(
        outputs["filtered_1"].tolist(), outputs["filtered_2"].tolist(), strict=True
    ):
        rows = [[0.0] * CLASSES for _ in range(COUNT)]
        for row, score, number in zip(rows, scores, numbers, strict=True):
            if score > 0:
                row[int(number) - first_class] = score
        images.append(rows)
    return images


def filled(boxes: np.ndarray, scale: tuple[float, float] = (1, 1)) -> list[Any]:
    """What becomes of boxes in pixels with rows of -1."""
    boxes = boxes.copy()
    boxes[1, 20:] = np.array([-1, -1, -1, -1]) * (scale * 2)
    return list(boxes)


def found(outputs: Outputs, labels: int | None = None, **options: Any) -> Recognised:
    recognised = recognise(evidence(outputs, labels, SQUARE, **options))
    assert recognised is not None
    assert not recognised.head.needs_nms
    return recognised


@pytest.mark.parametrize("dtype", ["int32", "int64", "float32"])
@pytest.mark.parametrize("labels", [None, CLASSES])
def test_pixels_are_x_first_and_classes_count_from_0(dtype: str, labels: int | None) -> None:
    boxes = in_pixels(fractions(), SQUARE)
    outputs = lists(boxes, dtype)
    recognised = found(outputs, labels)
    assert_decodes(recognised.head, outputs, filled(boxes), expected_scores(outputs))
    assert "xyxy in pixels" in recognised.reason
    assert "--box-format" in recognised.reason
    assert "--first-class" in recognised.reason


def test_fractions_are_y_first() -> None:
    outputs = lists(y_first(fractions()))
    recognised = found(outputs)
    expected = filled(in_pixels(fractions(), SQUARE), (64, 64))
    assert_decodes(recognised.head, outputs, expected, expected_scores(outputs))
    assert "yxyx in fractions" in recognised.reason


def test_the_user_gives_the_order_and_the_first_class() -> None:
    boxes = in_pixels(fractions(), SQUARE)
    outputs = lists(y_first(boxes), first_class=1)
    head = found(outputs, CLASSES, box_format="yxyx", first_class=1).head
    assert_decodes(head, outputs, filled(boxes), expected_scores(outputs, 1))


def test_class_numbers_beyond_the_labels_are_refused() -> None:
    with pytest.raises(HeadError, match="--first-class"):
        found(lists(in_pixels(fractions(), SQUARE), first_class=1), CLASSES)


@pytest.mark.parametrize("places", list(itertools.permutations(range(3))))
def test_neither_order_nor_names_matter(places: tuple[int, ...]) -> None:
    boxes = in_pixels(fractions(), SQUARE)
    outputs = lists(boxes, "float32")
    names = list(outputs)
    given = {f"Identity_{place}": outputs[names[place]] for place in places}
    head = choose_head(evidence(given, CLASSES, SQUARE)).head
    assert head.inputs == ("Identity_0", "Identity_1", "Identity_2")
    assert_decodes(head, given, filled(boxes), expected_scores(outputs))


@pytest.mark.parametrize("dtype", ["int32", "float32"])
@pytest.mark.parametrize("column", [False, True])
def test_a_count_tells_how_many_are_meant(dtype: str, column: bool) -> None:
    boxes = in_pixels(fractions(), SQUARE)
    outputs = {**lists(boxes), "a": np.array([7, 20], dtype)}
    if column:
        outputs["a"] = outputs["a"][:, None]
    expected = expected_scores(outputs)
    expected[0][7:] = [[0.0] * CLASSES] * (COUNT - 7)
    head = found(outputs, CLASSES).head
    assert head.inputs[-1] == "a"
    assert_decodes(head, outputs, filled(boxes), expected)


def test_boxes_that_are_no_corners_are_not_guessed_at() -> None:
    with pytest.raises(HeadError, match="--box-format"):
        found(lists(centred(in_pixels(fractions(), SQUARE))))


def test_several_lists_of_scores_are_not_guessed_between() -> None:
    outputs = lists(in_pixels(fractions(), SQUARE))
    with pytest.raises(HeadError, match="one of each"):
        found({**outputs, "b": outputs["filtered_1"]})


@pytest.mark.parametrize(
    "changed",
    [
        {"filtered_1": np.full((2, COUNT), 1.5, np.float32)},
        {"filtered_2": np.full((2, COUNT), 0.5, np.float32)},
        {"filtered_2": np.full((2, COUNT), -3)},
        {"filtered_2": np.ones((2, COUNT - 1), np.int64)},
        {"filtered": np.ones((2, COUNT, 6), np.float32)},
    ],
)
def test_other_lists_are_left_to_others(changed: Outputs) -> None:
    outputs = {**lists(in_pixels(fractions(), SQUARE)), **changed}
    assert recognise(evidence(outputs, CLASSES, SQUARE)) is None


# --- of one class


def of_one_class(boxes: np.ndarray, column: bool = False) -> Outputs:
    """Without class numbers."""
    given = lists(boxes)
    scores = given["filtered_1"]
    return {"filtered": given["filtered"], "filtered_1": scores[..., None] if column else scores}


def own_scores(outputs: Outputs, counts: tuple[int, int] = (COUNT, COUNT)) -> list[Any]:
    """Each score in the one column, 0 beyond the count and where it is -1."""
    images = outputs["filtered_1"].reshape(2, COUNT).tolist()
    return [
        [[max(score, 0.0) if row < count else 0.0] for row, score in enumerate(scores)]
        for scores, count in zip(images, counts, strict=True)
    ]


@pytest.mark.parametrize("column", [False, True])
@pytest.mark.parametrize("labels", [None, 1])
def test_boxes_and_scores_without_numbers_are_one_class(labels: int | None, column: bool) -> None:
    outputs = of_one_class(y_first(fractions()), column)
    recognised = found(outputs, labels)
    assert "one class" in recognised.reason
    assert recognised.head.inputs == ("filtered", "filtered_1")
    expected = filled(in_pixels(fractions(), SQUARE), (64, 64))
    assert_decodes(recognised.head, outputs, expected, own_scores(outputs))


@pytest.mark.parametrize("dtype", ["int32", "float32"])
@pytest.mark.parametrize("column", [False, True])
def test_a_count_tells_how_many_of_one_class_are_meant(dtype: str, column: bool) -> None:
    """Whatever their order: some models give them as their anchors are."""
    boxes = in_pixels(fractions(), SQUARE)
    outputs = of_one_class(boxes)
    outputs["filtered_1"][0] = outputs["filtered_1"][0, ::-1]
    outputs["num_boxes"] = np.array([7, 20], dtype)
    if column:
        outputs["num_boxes"] = outputs["num_boxes"][:, None]
    head = choose_head(evidence(outputs, 1, SQUARE)).head
    assert (head.classes, head.needs_nms) == (1, False)
    assert_decodes(head, outputs, filled(boxes), own_scores(outputs, (7, 20)))


@pytest.mark.parametrize("with_count", [False, True])
def test_one_class_does_not_fit_the_labels_of_more(with_count: bool) -> None:
    outputs = of_one_class(in_pixels(fractions(), SQUARE))
    if with_count:
        outputs["num_boxes"] = np.array([7, 20])
    with pytest.raises(HeadError, match=r"have 1 class as .* the labels file has 5 classes"):
        choose_head(evidence(outputs, CLASSES, SQUARE))


def test_boxes_that_still_overlap_are_suppressed_by_the_robot() -> None:
    """As a decoder without a suppression gives them, the best first or not."""
    boxes = in_pixels(fractions(), SQUARE)
    boxes[:, 1] = boxes[:, 0] + 0.1
    scores = np.sort(np.random.default_rng(1).random((2, COUNT), np.float32))[:, ::-1].copy()
    for order in (slice(None), slice(None, None, -1)):
        outputs = {"boxes": boxes[:, order], "scores": scores[:, order]}
        head = choose_head(evidence(outputs, 1, SQUARE)).head
        assert head.needs_nms
        assert_decodes(head, outputs, list(boxes[:, order]), list(scores[:, order, None]))
        assert not choose_head(evidence(outputs, 1, SQUARE, head="finished")).head.needs_nms


@pytest.mark.parametrize(
    "beside",
    [
        np.random.default_rng(3).random((2, COUNT, CLASSES), np.float32),
        np.random.default_rng(3).random((2, COUNT, 10), np.float32),  # key points
        np.random.default_rng(3).random((2, COUNT), np.float32),  # an objectness
    ],
)
@pytest.mark.parametrize("with_count", [False, True])
def test_boxes_with_more_than_a_score_are_not_of_one_class(
    beside: np.ndarray, with_count: bool
) -> None:
    outputs = {**of_one_class(in_pixels(fractions(), SQUARE)), "beside": beside}
    if with_count:
        outputs["num_boxes"] = np.array([7, 20])
    assert recognise(evidence(outputs, size=SQUARE)) is None


# --- of KerasHub and KerasCV


def of_keras(boxes: np.ndarray) -> Outputs:
    """The outputs of a suppression there, whose boxes have the format of the model."""
    names = dict(zip(lists(boxes), ("boxes", "confidence", "labels"), strict=True))
    return {names[name]: value for name, value in lists(boxes).items()}


@pytest.mark.parametrize("box_format", ["xyxy", "yxyx"])
def test_the_order_of_keras_is_asked_for_where_values_do_not_show_it(box_format: str) -> None:
    boxes = in_pixels(fractions(), SQUARE)
    outputs = of_keras(boxes if box_format == "xyxy" else y_first(boxes))
    with pytest.raises(HeadError, match="--box-format yxyx or xyxy"):
        found(outputs)
    head = found(outputs, box_format=box_format).head
    assert_decodes(head, outputs, filled(boxes), expected_scores(lists(boxes)))


def test_an_input_that_is_not_square_shows_the_order_of_keras() -> None:
    """One coordinate goes beyond the shorter side."""
    outputs = of_keras(y_first(in_pixels(fractions())))
    recognised = recognise(evidence(outputs))
    assert recognised is not None
    assert recognised.head.box_format == "yxyx"
