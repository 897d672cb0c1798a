"""Finished detections in one output, decoded by a loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from converter.errors import HeadError
from converter.heads.base import Head
from converter.heads.end_to_end.recognise import recognise
from converter.heads.evidence import Recognised
from test.converter.heads.stages import (
    SIZE,
    assert_decodes,
    centred,
    corner_boxes,
    evidence,
    in_pixels,
    y_first,
)

COUNT = 30


def detections(boxes: np.ndarray, first_class: int = 0) -> np.ndarray:
    """float32 ``[2, 30, 6]`` with 5 classes, the last rows filled up with zeros."""
    generator = np.random.default_rng(1)
    numbers = first_class + generator.integers(0, 5, (2, COUNT, 1))
    numbers[0, 0] = first_class + 4
    scores = np.sort(generator.random((2, COUNT, 1)))[:, ::-1]
    rows = np.concatenate([boxes, scores, numbers], axis=-1).astype(np.float32)
    rows[1, 20:] = 0
    return rows


def fractions() -> np.ndarray:
    return corner_boxes(np.random.default_rng(2), 2, COUNT)


def found(values: np.ndarray, labels: int | None = None, **options: Any) -> Recognised:
    recognised = recognise(evidence({"out": values}, labels, **options))
    assert recognised is not None
    return recognised


def scores_by_class(rows: np.ndarray, classes: int, first: int = 0) -> list[Any]:
    """The score of a detection in the column of its class."""
    expected = []
    for image in rows.tolist():
        expected.append([[0.0] * classes for _ in image])
        for place, (*_, score, number) in enumerate(image):
            if first <= number < first + classes:
                expected[-1][place][int(number) - first] = score
    return expected


@pytest.mark.parametrize("normalised", [False, True])
def test_a_score_is_in_the_column_of_its_class(normalised: bool) -> None:
    boxes = fractions()
    rows = detections(boxes if normalised else in_pixels(boxes))
    head = found(rows, 5).head
    expected = in_pixels(boxes)
    expected[1, 20:] = 0
    assert not head.needs_nms
    assert head.anchors == COUNT
    assert_decodes(head, {"out": rows}, list(expected), scores_by_class(rows, 5))


@pytest.mark.parametrize(("box_format", "in_format"), [("yxyx", y_first), ("cxcywh", centred)])
def test_the_user_gives_the_box_format(box_format: str, in_format: Any) -> None:
    boxes = fractions()
    rows = detections(in_format(in_pixels(boxes)))
    expected = in_pixels(boxes)
    expected[1, 20:] = 0
    head = found(rows, 5, box_format=box_format).head
    assert_decodes(head, {"out": rows}, list(expected), scores_by_class(rows, 5))


def test_the_user_gives_the_unit() -> None:
    rows = detections(fractions())
    np.testing.assert_array_equal(
        found(rows, 5, boxes="pixels").head.decode({"out": rows})["all_boxes"], rows[..., :4]
    )


def test_the_user_gives_the_number_of_the_first_class() -> None:
    rows = detections(in_pixels(fractions()), first_class=1)
    head = found(rows, 5, first_class=1).head
    expected = in_pixels(fractions())
    expected[1, 20:] = 0
    assert_decodes(head, {"out": rows}, list(expected), scores_by_class(rows, 5, 1))


def test_without_labels_the_largest_class_seen_is_the_last() -> None:
    recognised = found(detections(in_pixels(fractions())))
    assert recognised.head.classes == 5
    assert "4 is the largest seen" in recognised.reason


def refusal(outputs: dict[str, np.ndarray], labels: int | None = None, **options: Any) -> str:
    with pytest.raises(HeadError) as error:
        recognise(evidence(outputs, labels, **options))
    return str(error.value)


def test_classes_beyond_the_labels_are_refused_with_both_figures() -> None:
    message = refusal({"out": detections(in_pixels(fractions()), first_class=1)}, 5)
    assert "out: float32 [?, 30, 6]" in message
    assert "up to 5, which are 6 classes from 0" in message
    assert "labels file has 5 classes" in message
    assert "--first-class" in message


def test_boxes_that_are_no_corners_are_not_guessed_at() -> None:
    rows = detections(centred(in_pixels(fractions())))
    assert "--box-format" in refusal({"out": rows}, 5)


def test_boxes_that_nobody_publishes_may_be_anything() -> None:
    """The end of a ranked list: sides below 0, far outside the image, at scores below 0.05."""
    rows = detections(in_pixels(fractions()))
    rows[..., 4] = np.linspace(0.9, 0.001, COUNT)
    unpublished = rows[..., 4] < 0.05
    assert 0 < unpublished.sum() < unpublished.size
    expected = in_pixels(fractions())
    expected[1, 20:] = 0
    rows[unpublished, :4] = [900, 20, -700, 10]
    expected[unpublished] = [900, 20, -700, 10]
    head = found(rows, 5).head
    assert_decodes(head, {"out": rows}, list(expected), scores_by_class(rows, 5))
    rows[:, 3:5, :4] = [60, 20, 50, 10]  # of boxes that are published, 4 are no corners
    assert "not two corners" in refusal({"out": rows}, 5)


def test_junk_beyond_the_image_does_not_make_pixels_of_fractions() -> None:
    rows = detections(fractions())
    rows[..., 4] = np.linspace(0.9, 0.04, COUNT)
    rows[:, -1, :4] = [-50, -40, 90, 80]
    boxes = found(rows, 5).head.decode({"out": rows})["all_boxes"]
    np.testing.assert_allclose(boxes[0, :20], in_pixels(fractions())[0, :20], atol=1e-3)


def test_without_a_score_worth_publishing_the_best_boxes_show_the_format() -> None:
    rows = detections(in_pixels(fractions()))
    rows[..., 4] /= 100
    rows[:, -3:, :4] = [60, 20, 50, 10]
    rows[:, -3:, 4] = 1e-5
    expected = in_pixels(fractions())
    expected[1, 20:] = 0
    expected[:, -3:] = [60, 20, 50, 10]
    assert_decodes(found(rows, 5).head, {"out": rows}, list(expected), scores_by_class(rows, 5))


def test_without_labels_and_detections_the_labels_are_asked_for() -> None:
    rows = np.zeros((2, 30, 6), np.float32)
    assert "give --labels" in refusal({"out": rows}, boxes="pixels", box_format="xyxy")


def test_two_such_outputs_are_not_guessed_between() -> None:
    rows = detections(in_pixels(fractions()))
    assert "one of them only" in refusal({"a": rows, "b": rows}, 5)


def yolo_rows() -> np.ndarray:
    """Two classes of YOLO: six values as well."""
    scores = np.random.default_rng(4).random((2, COUNT, 2), np.float32)
    return np.concatenate([centred(in_pixels(fractions())), scores], axis=-1)


def seven_yolo_values() -> np.ndarray:
    """Three classes of YOLO."""
    return np.concatenate([yolo_rows(), np.zeros((2, COUNT, 1), np.float32)], axis=-1)


def logits() -> np.ndarray:
    rows = detections(in_pixels(fractions()))
    rows[..., 4] -= 3
    return rows


@pytest.mark.parametrize(
    "values",
    [
        yolo_rows(),
        logits(),
        seven_yolo_values(),
        np.ones((2, 6), "f"),
        np.ones((2, COUNT, 8), "f"),
    ],
)
def test_other_layouts_are_left_to_others(values: np.ndarray) -> None:
    assert recognise(evidence({"out": values}, 2)) is None


def test_a_class_that_is_nan_is_no_class() -> None:
    rows = detections(in_pixels(fractions()))
    rows[0, 3] = np.nan
    head: Head = found(rows, 5).head
    assert head.decode({"out": rows})["class_scores"][0, 3].tolist() == [0] * 5


def test_the_input_size_is_the_scale_of_fractions() -> None:
    rows = detections(fractions())
    boxes = found(rows, 5).head.decode({"out": rows})["all_boxes"]
    assert boxes[..., 2].max() > SIZE[0]  # x reaches beyond the height


# --- with the number of the image first, as EfficientDet gives them


def of_images(boxes: np.ndarray, first_class: int = 1) -> np.ndarray:
    """float32 ``[2, 30, 7]``: image, four numbers of the box, score, class."""
    images = np.repeat(np.arange(2, dtype=np.float32)[:, None, None], COUNT, axis=1)
    return np.concatenate([images, detections(boxes, first_class)], axis=-1)


@pytest.mark.parametrize("first_class", [0, 1])
def test_seven_values_have_y_first_and_classes_from_1_unless_a_0_is_seen(first_class: int) -> None:
    rows = of_images(y_first(in_pixels(fractions())), first_class)
    recognised = found(rows, 5)
    expected = in_pixels(fractions())
    expected[1, 20:] = 0
    scores = scores_by_class(rows[..., 1:], 5, first_class)
    assert_decodes(recognised.head, {"out": rows}, list(expected), scores)
    assert f"numbered from {first_class}" in recognised.reason
    assert not recognised.head.needs_nms


def test_the_user_specifies_how_seven_values_are_meant() -> None:
    rows = of_images(in_pixels(fractions(), (64, 64)))
    recognised = recognise(evidence({"out": rows}, 6, (64, 64), box_format="xyxy", first_class=0))
    assert recognised is not None
    expected = in_pixels(fractions(), (64, 64))
    expected[1, 20:] = 0
    scores = scores_by_class(rows[..., 1:], 6, 0)
    assert_decodes(recognised.head, {"out": rows}, list(expected), scores)


def test_seven_values_of_which_the_first_is_no_image_are_left_to_others() -> None:
    for place, value in ((5, 3.0), (slice(None), 0.5)):
        rows = of_images(in_pixels(fractions()))
        rows[0, place, 0] = value
        assert recognise(evidence({"out": rows}, 5)) is None
