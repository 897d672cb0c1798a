"""A pair of boxes and scores, decoded by loops from the definitions of softmax and sigmoid."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pytest

from converter.heads.boxes_and_scores.recognise import recognise
from converter.heads.choose import choose_head
from test.converter.heads.stages import (
    assert_decodes,
    centred,
    corner_boxes,
    evidence,
    in_pixels,
    recognised_by,
    refusal_by,
    y_first,
)

COUNT, CLASSES = 60, 5
found, refusal = partial(recognised_by, recognise), partial(refusal_by, recognise)


def fractions() -> np.ndarray:
    return corner_boxes(np.random.default_rng(1), 2, COUNT)


def sides(boxes: np.ndarray) -> np.ndarray:
    return boxes[..., 2:] - boxes[..., :2]


def random_scores(columns: int = CLASSES) -> np.ndarray:
    return np.random.default_rng(2).random((2, COUNT, columns), np.float32)


def softmax(row: list[float]) -> list[float]:
    return [math.exp(value) / sum(math.exp(other) for other in row) for value in row]


def sigmoid(row: list[float]) -> list[float]:
    return [1 / (1 + math.exp(-value)) for value in row]


def of_rows(function: Any, values: np.ndarray) -> np.ndarray:
    images = values.astype(float).tolist()
    return np.array([[function(row) for row in image] for image in images])


@pytest.mark.parametrize(
    ("boxes", "expected_format"),
    [
        (in_pixels(fractions()), "xyxy"),
        (y_first(fractions()), "yxyx"),
        (y_first(in_pixels(fractions())), "yxyx"),  # told by the side that is longer
        (centred(in_pixels(fractions())), "cxcywh"),
        (centred(fractions()), "cxcywh"),
    ],
)
def test_the_box_format_is_told_from_the_values(boxes: np.ndarray, expected_format: str) -> None:
    outputs = {"a": random_scores(), "b": boxes}
    recognised = found(outputs, CLASSES)
    assert f"are {expected_format}" in recognised.reason
    assert "scores are probabilities" in recognised.reason
    assert recognised.head.needs_nms
    assert (recognised.head.inputs, recognised.head.anchors) == (("b", "a"), COUNT)
    assert_decodes(recognised.head, outputs, list(in_pixels(fractions())), list(random_scores()))


@pytest.mark.parametrize(
    ("box_format", "boxes"),
    [
        ("xyxy", fractions()),
        ("xywh", np.concatenate([fractions()[..., :2], sides(fractions())], -1)),
    ],
)
def test_the_user_gives_the_box_format(box_format: str, boxes: np.ndarray) -> None:
    outputs = {"boxes": boxes, "scores": random_scores()}
    head = found(outputs, CLASSES, box_format=box_format).head
    assert_decodes(head, outputs, list(in_pixels(fractions())), list(random_scores()))


def test_the_user_gives_the_unit() -> None:
    outputs = {"boxes": fractions(), "scores": random_scores()}
    head = found(outputs, CLASSES, boxes="pixels", box_format="xyxy").head
    assert_decodes(head, outputs, list(fractions()), list(random_scores()))


@pytest.mark.parametrize("boxes_last", [False, True])
@pytest.mark.parametrize("scores_last", [False, True])
def test_either_output_may_have_the_boxes_last(boxes_last: bool, scores_last: bool) -> None:
    outputs = {"boxes": in_pixels(fractions()), "scores": random_scores()}
    for name, last in [("boxes", boxes_last), ("scores", scores_last)]:
        if last:
            outputs[name] = np.ascontiguousarray(outputs[name].transpose(0, 2, 1))
    head = found(outputs, CLASSES).head
    assert head.classes == CLASSES
    assert_decodes(head, outputs, list(in_pixels(fractions())), list(random_scores()))


def test_boxes_may_be_those_of_all_classes() -> None:
    """[N, A, 1, 4], as tf.image.combined_non_max_suppression takes them; not rows of YOLO."""
    outputs = {"boxes": in_pixels(fractions())[:, :, None], "scores": random_scores()}
    head = choose_head(evidence(outputs, None, box_format="xyxy")).head
    assert head.inputs == ("boxes", "scores")
    assert_decodes(head, outputs, list(in_pixels(fractions())), list(random_scores()))


@pytest.mark.parametrize(
    ("columns", "options", "function", "kept"),
    [
        (5, {}, sigmoid, slice(0, 5)),
        (6, {"background": "first"}, softmax, slice(1, 6)),
        (6, {"background": "last"}, softmax, slice(0, 5)),
        (6, {"activation": "sigmoid", "background": "first"}, sigmoid, slice(1, 6)),
        (5, {"activation": "softmax"}, softmax, slice(0, 5)),
        (5, {"activation": "none"}, list, slice(0, 5)),
    ],
)
def test_logits_become_probabilities(
    columns: int, options: dict[str, str], function: Any, kept: slice
) -> None:
    logits = random_scores(columns) * 10 - 6
    outputs = {"boxes": in_pixels(fractions()), "scores": logits}
    recognised = found(outputs, CLASSES, **options)
    expected = of_rows(function, logits)[..., kept]
    assert recognised.head.classes == CLASSES
    assert_decodes(recognised.head, outputs, list(in_pixels(fractions())), list(expected))


def test_probabilities_of_a_background_are_left_out() -> None:
    scores = random_scores(6)
    scores[..., 0] = 0.8 + scores[..., 0] * 0.2
    outputs = {"boxes": in_pixels(fractions()), "scores": scores}
    recognised = found(outputs, CLASSES)
    assert "background first" in recognised.reason
    assert_decodes(
        recognised.head, outputs, list(in_pixels(fractions())), list(random_scores(6)[..., 1:])
    )


def test_a_background_that_does_not_show_is_asked_for() -> None:
    """First or last, the classes would be others."""
    outputs = {"boxes": in_pixels(fractions()), "scores": random_scores(6)}
    assert "--background first or last" in refusal(outputs, CLASSES)
    outputs["scores"] = random_scores(6) * 10 - 5
    assert "--background first or last" in refusal(outputs, CLASSES)
    outputs["scores"] = random_scores(6)
    outputs["scores"][..., 0] += 1  # the highest on average, but far from most of it
    assert "--background first or last" in refusal(outputs, CLASSES)


@pytest.mark.parametrize(
    ("column", "height", "function", "kept"),
    [
        (0, 8, softmax, slice(1, 6)),
        (5, 8, softmax, slice(0, 5)),
        (2, -9, sigmoid, slice(0, 6)),
    ],
)
def test_logits_without_labels_show_whether_there_is_a_background(
    column: int, height: float, function: Any, kept: slice
) -> None:
    """Most boxes have no object: the background's logit is high there, or all are low."""
    logits = random_scores(6) * 4 - (0 if height > 0 else 5)
    logits[..., column] += height
    outputs = {"boxes": in_pixels(fractions()), "scores": logits}
    expected = of_rows(function, logits)[..., kept]
    head = found(outputs).head
    assert_decodes(head, outputs, list(in_pixels(fractions())), list(expected))


def test_logits_without_labels_that_show_nothing_are_not_guessed_at() -> None:
    outputs = {"boxes": in_pixels(fractions()), "scores": random_scores(6) * 10 - 5}
    message = refusal(outputs)
    assert "logits of 6 classes, or of 5 and the background" in message
    assert "give --labels, or --activation sigmoid, or --activation softmax" in message
    assert found(outputs, activation="sigmoid").head.classes == 6
    assert found(outputs, 6).head.classes == 6
    assert found(outputs, background="none").head.classes == 6


def test_detr_has_the_background_last_and_no_suppression() -> None:
    """https://arxiv.org/abs/2005.12872, with the names of its published models."""
    logits = random_scores(6) * 4
    outputs = {"logits": logits, "pred_boxes": centred(fractions())}
    recognised = recognise(evidence(outputs, CLASSES))
    assert recognised is not None
    assert not recognised.head.needs_nms
    expected = of_rows(softmax, logits)[..., :-1]
    assert_decodes(recognised.head, outputs, list(in_pixels(fractions())), list(expected))


def test_scores_are_not_taken_for_boxes_of_which_they_have_the_number() -> None:
    """Probabilities of four classes look like centres and sides in fractions."""
    offsets = np.random.default_rng(3).normal(size=(2, COUNT, 64)).astype(np.float32)
    assert recognise(evidence({"boxes": offsets, "classes": random_scores(4)})) is None
    assert "--box-format cxcywh" in refusal({"a": offsets, "b": random_scores(4)})


def test_boxes_that_go_row_by_row_show_which_coordinate_is_y() -> None:
    cells = np.array([[x / 16, y / 8] for y in range(8) for x in range(16)], np.float32)
    boxes = np.tile(np.concatenate([cells, cells + 0.1], axis=-1), (2, 1, 1))
    scores = np.random.default_rng(6).random((2, 128, CLASSES), np.float32)
    outputs = {"boxes": boxes, "scores": scores}
    recognised = found(outputs)
    assert_decodes(recognised.head, outputs, list(in_pixels(boxes)), list(scores))


def test_the_background_is_last_where_most_of_the_probability_is() -> None:
    logits = random_scores(6) * 4
    logits[..., -1] += 6
    outputs = {"boxes": in_pixels(fractions()), "scores": logits}
    expected = of_rows(softmax, logits)[..., :-1]
    recognised = found(outputs, CLASSES)
    assert "background last" in recognised.reason
    assert_decodes(recognised.head, outputs, list(in_pixels(fractions())), list(expected))


def test_large_logits_do_not_overflow() -> None:
    logits = random_scores() * 1000 - 500
    outputs = {"boxes": in_pixels(fractions()), "scores": logits}
    for activation in ("sigmoid", "softmax"):
        head = found(outputs, CLASSES, activation=activation).head
        with np.errstate(over="raise", invalid="raise"):
            assert np.isfinite(head.decode(outputs)["class_scores"]).all()


def test_labels_that_fit_neither_count_are_told_both_figures() -> None:
    message = refusal({"boxes": in_pixels(fractions()), "scores": random_scores()}, 9)
    assert "scores: float32 [?, 60, 5]" in message
    assert "5 classes" in message
    assert "9 classes" in message


def test_the_names_decide_between_several_pairs() -> None:
    outputs = {"boxes": in_pixels(fractions()), "class_scores": random_scores()}
    outputs["features"] = random_scores(7)
    assert found(outputs).head.inputs == ("boxes", "class_scores")


def test_a_pair_with_four_classes_is_told_by_its_names() -> None:
    outputs = {"box_probabilities": random_scores(4), "boxes": in_pixels(fractions())}
    assert found(outputs).head.inputs == ("boxes", "box_probabilities")


def test_several_pairs_without_names_are_not_guessed_between() -> None:
    outputs = {"a": in_pixels(fractions()), "b": random_scores(), "c": random_scores(7)}
    message = refusal(outputs)
    assert "c: float32 [?, 60, 7]" in message
    assert "'boxes' and 'scores' in their names" in message


def test_a_third_value_of_each_box_is_not_left_out_unasked() -> None:
    outputs = {"boxes": in_pixels(fractions()), "scores": random_scores()}
    outputs["centerness"] = random_scores(1)
    message = refusal(outputs, CLASSES)
    assert "centerness: float32 [?, 60, 1]" in message
    assert "--head boxes-and-scores" in message
    head = found(outputs, CLASSES, head="boxes-and-scores").head
    assert head.inputs == ("boxes", "scores")


def test_boxes_of_one_class_have_one_score() -> None:
    outputs = {"boxes": in_pixels(fractions()), "scores": random_scores(1)}
    assert_decodes(
        found(outputs, 1).head, outputs, list(in_pixels(fractions())), list(random_scores(1))
    )


def test_boxes_relative_to_anchors_are_left_to_others() -> None:
    offsets = np.random.default_rng(3).normal(size=(2, COUNT, 4)).astype(np.float32)
    outputs = {"boxes": offsets, "scores": random_scores()}
    assert recognise(evidence(outputs, CLASSES)) is None
    assert "--box-format" in refusal(outputs, CLASSES, head="boxes-and-scores")
    fitting = {"boxes": in_pixels(fractions()), "scores": random_scores()}
    anchors = np.ones((COUNT, 4), np.float32)
    assert recognise(evidence(fitting, CLASSES, box_format="yxyx", anchors=anchors)) is None


@pytest.mark.parametrize(
    "outputs",
    [
        {"boxes": in_pixels(fractions())},
        {"boxes": in_pixels(fractions()), "scores": random_scores()[:, :-1]},
        {"boxes": in_pixels(fractions()), "scores": random_scores().astype(np.int64)},
    ],
)
def test_outputs_that_do_not_fit_each_other_are_left_to_others(
    outputs: dict[str, np.ndarray],
) -> None:
    assert recognise(evidence(outputs)) is None


@pytest.mark.parametrize("logits", [False, True])
@pytest.mark.parametrize("labels", [None, 1])
def test_scores_of_one_class_may_have_no_axis_for_it(labels: int | None, logits: bool) -> None:
    values = random_scores()[..., 0]
    outputs = {"boxes": in_pixels(fractions()), "scores": 8 * values - 4 if logits else values}
    head = found(outputs, labels).head
    assert (head.classes, head.needs_nms) == (1, True)
    wanted = of_rows(sigmoid, (8 * values - 4)[..., None]) if logits else values[..., None]
    assert_decodes(head, outputs, list(in_pixels(fractions())), list(wanted))


def test_a_list_beside_boxes_and_classes_may_be_an_objectness() -> None:
    outputs = {
        "boxes": in_pixels(fractions()),
        "scores": random_scores(),
        "third": np.random.default_rng(3).random((2, COUNT), np.float32),
    }
    assert "objectness" in refusal(outputs)
    outputs["third"] = random_scores().max(axis=2)
    assert found(outputs).head.inputs == ("boxes", "scores")
