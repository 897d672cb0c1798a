"""YOLO's layouts, decoded by a loop that follows their publication."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from converter.errors import HeadError
from converter.heads.choose import choose_head
from converter.heads.yolo.recognise import YoloHead, recognise
from converter.onnx_tools.node_names import CLASS_SCORES
from test.converter.expected import decode_rows
from test.converter.heads.stages import (
    SIZE,
    assert_decodes,
    centred,
    corner_boxes,
    evidence,
    in_pixels,
    recognised_by,
    refusal_by,
    y_first,
)

CELLS_AT_64 = 8 * 8 + 4 * 4 + 2 * 2
found, refusal = partial(recognised_by, recognise), partial(refusal_by, recognise)


def rows_of(values: int, anchors: int = 40, size: tuple[int, int] | None = SIZE) -> np.ndarray:
    """float32 ``[2, A, values]``: centre, sides, and probabilities; fractions without size."""
    generator = np.random.default_rng(2)
    boxes = centred(corner_boxes(generator, 2, anchors))
    boxes = boxes if size is None else in_pixels(boxes, size)
    return np.concatenate([boxes, generator.random((2, anchors, values - 4))], -1).astype("f")


def laid_out(rows: np.ndarray, boxes_last: bool) -> np.ndarray:
    return np.ascontiguousarray(rows.transpose(0, 2, 1)) if boxes_last else rows


def yolo(values: np.ndarray, labels: int | None = None, **options: Any) -> YoloHead:
    head = found({"out": values}, labels, **options).head
    assert isinstance(head, YoloHead)
    return head


def scores_with_objectness(rows: np.ndarray) -> list[list[list[float]]]:
    """YOLOv5's scores: the probability of an object times that of each class, if it is one."""
    return [
        [[objectness * score for score in scores] for objectness, *scores in image.tolist()]
        for image in [image[:, 4:] for image in rows.astype(float)]
    ]


def sigmoid(values: np.ndarray) -> np.ndarray:
    return np.vectorize(lambda value: 1 / (1 + math.exp(-value)))(values.astype(float))


@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize("boxes_last", [False, True])
def test_boxes_are_corners_in_input_pixels(normalised: bool, boxes_last: bool) -> None:
    rows = rows_of(7, size=None if normalised else SIZE)
    values = laid_out(rows, boxes_last)
    sides = [SIZE[1], SIZE[0]] * 2 if normalised else [1, 1, 1, 1]
    boxes = np.array([[box for box, _, _ in decode_rows(image)] for image in rows]) * sides
    assert_decodes(yolo(values, 3), {"out": values}, boxes, rows[:, :, 4:])


@pytest.mark.parametrize("boxes_last", [False, True])
def test_with_objectness_a_score_is_objectness_times_probability(boxes_last: bool) -> None:
    rows = rows_of(8)
    values = laid_out(rows, boxes_last)
    head = yolo(values, 3, head="yolo-objectness")
    boxes = np.array([[box for box, _, _ in decode_rows(image)] for image in rows])
    assert_decodes(head, {"out": values}, boxes, scores_with_objectness(rows))


@pytest.mark.parametrize("objectness", [False, True])
def test_logits_get_a_sigmoid(objectness: bool) -> None:
    rows = rows_of(8)
    rows[..., 4:] = rows[..., 4:] * 8 - 6
    labels = 3 if objectness else 4
    recognised = found({"out": rows}, labels)
    assert "sigmoid: --activation decides" in recognised.reason
    probabilities = np.concatenate([rows[..., :4], sigmoid(rows[..., 4:])], -1)
    expected = scores_with_objectness(probabilities) if objectness else list(probabilities[..., 4:])
    boxes = np.array([[box for box, _, _ in decode_rows(image)] for image in rows])
    assert_decodes(recognised.head, {"out": rows}, boxes, expected)


def test_scores_outside_0_to_1_stay_where_the_user_asks_for_it() -> None:
    rows = rows_of(8)
    rows[..., 4:] = rows[..., 4:] * 8 - 6
    head = yolo(rows, 4, activation="none")
    np.testing.assert_array_equal(head.decode({"out": rows})["class_scores"], rows[..., 4:])


def test_the_user_specifies_that_probabilities_are_still_to_be_made() -> None:
    rows = rows_of(8)
    head = yolo(rows, 4, activation="softmax")
    powers = np.exp(rows[..., 4:].astype(float))
    expected = powers / powers.sum(axis=-1, keepdims=True)
    boxes = np.array([[box for box, _, _ in decode_rows(image)] for image in rows])
    assert_decodes(head, {"out": rows}, boxes, list(expected))


@pytest.mark.parametrize("boxes_last", [False, True])
def test_the_labels_tell_whether_there_is_an_objectness(boxes_last: bool) -> None:
    rows = rows_of(8)
    assert not yolo(laid_out(rows, boxes_last), 4).layout.objectness
    if not boxes_last:
        assert yolo(rows, 3).layout.objectness


def test_without_labels_the_longer_axis_is_that_of_the_boxes() -> None:
    recognised = found({"out": laid_out(rows_of(7), True)})
    assert (recognised.head.anchors, recognised.head.classes) == (40, 3)
    recognised = found({"out": rows_of(7)})
    assert (recognised.head.anchors, recognised.head.classes) == (40, 3)
    assert "--labels or --head yolo or yolo-objectness decides" in recognised.reason
    assert recognise(evidence({"out": rows_of(30, anchors=40)})) is None


@pytest.mark.parametrize(
    ("values", "anchors", "objectness"),
    [(84, 500, False), (85, 500, True), (9, 3 * CELLS_AT_64, True), (9, CELLS_AT_64, False)],
)
def test_without_labels_what_published_models_share_decides(
    values: int, anchors: int, objectness: bool
) -> None:
    """80 classes of COCO; three anchors in each cell at strides 8, 16, 32."""
    head = yolo(rows_of(values, anchors, (64, 64)), size=(64, 64))
    assert head.layout.objectness == objectness
    assert head.classes == values - 4 - objectness


def test_the_user_names_the_layout() -> None:
    rows = rows_of(9)
    assert yolo(rows, head="yolo").classes == 5
    assert yolo(rows, head="yolo-objectness").classes == 4


def test_the_user_gives_the_unit_and_the_format() -> None:
    fractions, pixels = rows_of(7, size=None), rows_of(7)
    kept = yolo(fractions, 3, boxes="pixels").decode({"out": fractions})
    centre_x, width = fractions[..., 0], fractions[..., 2]
    np.testing.assert_allclose(kept["all_boxes"][..., 0], centre_x - width / 2, atol=1e-5)
    grown = yolo(pixels, 3, boxes="normalised").decode({"out": pixels})
    centre_x, width = pixels[..., 0], pixels[..., 2]
    np.testing.assert_allclose(
        grown["all_boxes"][..., 2], (centre_x + width / 2) * SIZE[1], rtol=1e-5
    )
    corners = yolo(pixels, 3, box_format="yxyx").decode({"out": pixels})
    np.testing.assert_allclose(corners["all_boxes"], y_first(pixels[..., :4]))


def test_corners_in_the_layout_of_yolo_are_asked_for() -> None:
    rows = rows_of(7)
    rows[..., :4] = in_pixels(corner_boxes(np.random.default_rng(3), 2, 40))
    assert "give --box-format xyxy, yxyx or cxcywh" in refusal({"out": rows}, 3)


def test_the_output_with_the_layout_is_found_among_others() -> None:
    rows = laid_out(rows_of(7), True)
    others = {"a": rows[:, :3, 0], "b": rows.astype(np.int64), "c": rows[:, :6], "z": rows[:, None]}
    head = found({**others, "d": rows}, 3).head
    assert (head.inputs, head.anchors, head.classes) == (("d",), 40, 3)


def test_a_labels_file_of_the_wrong_length_names_outputs_and_layout() -> None:
    """84 values are 79 classes with an objectness, but no model has it in this layout."""
    values = laid_out(rows_of(84, 8400, (640, 640)), True)
    message = refusal({"out": values}, 79, size=(640, 640))
    assert "out: float32 [?, 84, 8400]" in message
    assert "80 classes without objectness" in message
    assert "79 classes" in message
    assert "labels file with one line for each class" in message
    assert "--head yolo-objectness" in message
    assert yolo(values, 79, size=(640, 640), head="yolo-objectness").classes == 79


def test_three_anchors_in_a_cell_contradict_labels_without_objectness() -> None:
    rows = rows_of(8, 3 * CELLS_AT_64, (64, 64))
    message = refusal({"out": rows}, 4, size=(64, 64))
    assert "3 classes with objectness" in message
    assert "4 classes" in message
    assert yolo(rows, 4, size=(64, 64), head="yolo").classes == 4


def test_labels_that_fit_neither_layout_are_told_both_figures() -> None:
    message = refusal({"out": rows_of(9)}, 2)
    assert "5 classes without objectness or 4 classes with objectness" in message
    assert "2 classes" in message
    assert "labels file" in message


def test_without_labels_signs_that_contradict_each_other_are_not_guessed_between() -> None:
    message = refusal({"out": laid_out(rows_of(85, 500), True)})
    assert "--labels or --head yolo or yolo-objectness" in message


def test_two_outputs_that_fit_are_not_guessed_between() -> None:
    outputs = {"a": laid_out(rows_of(7), True), "b": rows_of(7, 50)}
    for labels in (3, None):
        message = refusal(outputs, labels)
        assert "each of a, b can be" in message
        assert "choose one with --outputs" in message


def level_scores() -> dict[str, np.ndarray]:
    """For strides 8, 16 and 32 of 64 x 64 pixels, scores and something else of each cell."""
    generator = np.random.default_rng(8)
    return {
        f"{name}_{cells}": generator.random((2, cells, columns), np.float32) / 8
        for cells in (64, 16, 4)
        for name, columns in (("scores", 20), ("others", 11))
    }


def test_scores_of_one_level_are_no_boxes_and_scores() -> None:
    """Not beside the other outputs, not alone, and not where --outputs leaves these out."""
    outputs = level_scores()
    assert recognise(evidence(outputs, size=(64, 64))) is None
    alone = {"scores_64": outputs["scores_64"]}
    seen = evidence(alone, size=(64, 64))
    assert recognise(seen) is None
    others = evidence(outputs, size=(64, 64)).outputs
    left_out = tuple(output for output in others if output.name == "others_64")
    with pytest.raises(HeadError, match="as many rows as others_64, which --outputs leaves out"):
        recognise(replace(seen, left_out=left_out))


def test_a_list_with_another_of_its_length_is_taken_where_it_begins_with_boxes() -> None:
    rows = rows_of(7)
    masks = np.random.default_rng(9).normal(size=(2, 40, 32)).astype(np.float32)
    assert found({"out": rows, "masks": masks}).head.inputs == ("out",)
    objectness = np.random.default_rng(9).random((2, 40, 1), np.float32)
    assert "objectness: float32 [?, 40, 1]" in refusal({"out": rows, "objectness": objectness})


def test_one_level_alone_is_taken_where_its_boxes_go_over_the_image() -> None:
    """A detector with one level: fractions, and as many rows as 12 x 24 cells of 4 pixels."""
    y, x = np.mgrid[0:12, 0:24].reshape(2, 1, -1, 1)
    generator = np.random.default_rng(10)
    jitter = generator.normal(0, 0.02, (2, 288, 2))
    centres = np.concatenate([(x + 0.5) / 24, (y + 0.5) / 12], axis=-1) + jitter
    rest = generator.uniform(0.2, 0.95, (2, 288, 5))
    rows = np.concatenate([centres.clip(0, 1), rest], axis=-1).astype(np.float32)
    assert found({"out": rows}).head.classes == 3
    assert recognise(evidence({"out": generator.permuted(rows, axis=1)})) is None


def test_as_many_boxes_in_fractions_as_one_level_has_cells_are_boxes() -> None:
    """RT-DETR gives 300, and 640 x 480 pixels have 300 cells of 32."""
    rows = rows_of(9, 300, None)
    rows[..., 4:] *= 0.2
    assert recognise(evidence({"out": rows}, size=(480, 640))) is not None
    scores = np.random.default_rng(11).random((2, 300, 9), np.float32)
    assert recognise(evidence({"out": scores}, size=(480, 640))) is None


def test_the_levels_of_decoded_rows_are_no_choice() -> None:
    outputs = {f"rows_{cells}": rows_of(7, cells, (64, 64)) for cells in (64, 16, 4)}
    assert recognise(evidence(outputs, size=(64, 64))) is None


def test_scores_beside_their_boxes_are_left_to_others() -> None:
    rows = rows_of(11)
    assert recognise(evidence({"boxes": rows[..., :4], "scores": rows[..., 4:]}, 3)) is None


def test_boxes_relative_to_anchors_are_left_to_others() -> None:
    rows = rows_of(7)
    rows[..., :4] = np.random.default_rng(4).normal(size=(2, 40, 4))
    assert recognise(evidence({"out": rows}, 3)) is None
    anchors = np.ones((40, 4), np.float32)
    assert recognise(evidence({"out": rows_of(7)}, 3, anchors=anchors)) is None


def test_scores_with_offsets_anchors_and_variances_are_left_to_others() -> None:
    """The list of https://github.com/pierluigiferrari/ssd_keras, with three classes."""
    generator = np.random.default_rng(6)
    variances = np.tile(np.float32([0.1, 0.1, 0.2, 0.2]), (2, 40, 1))
    offsets = generator.normal(size=(2, 40, 4))
    anchors = np.repeat(centred(corner_boxes(generator, 1, 40)), 2, axis=0)
    rows = [generator.random((2, 40, 4)), offsets, anchors, variances]
    values = np.concatenate(rows, axis=-1).astype(np.float32)
    assert recognise(evidence({"out": values}, 3)) is None
    assert recognise(evidence({"out": values})) is None


def test_values_far_outside_the_image_are_left_to_others() -> None:
    features = np.random.default_rng(7).uniform(300, 500, (2, 100, 40)).astype(np.float32)
    assert recognise(evidence({"features": features})) is None


def test_a_map_of_classes_is_left_to_others() -> None:
    classes = np.random.default_rng(5).integers(0, 4, (2, 100, 40)).astype(np.float32)
    assert recognise(evidence({"map": classes})) is None


@pytest.mark.parametrize("shape", [(2, 7), (2, 1, 7, 40), (2, 40, 4)])
def test_outputs_of_another_shape_are_left_to_others(shape: tuple[int, ...]) -> None:
    values = np.ones(shape, np.float32)
    assert recognise(evidence({"out": values}, 3)) is None
    assert recognise(evidence({"out": values}, 3, head="yolo")) is None


def test_overlapping_boxes_are_left_to_the_robot() -> None:
    assert yolo(rows_of(7), 3).needs_nms


# --- what a network gives beside its rows


def queries(classes: int) -> np.ndarray:
    """As of RT-DETR: fractions of the image, and nearly all of the scores are low."""
    generator = np.random.default_rng(11)
    boxes = centred(corner_boxes(generator, 2, 300))
    scores = generator.random((2, 300, classes)) ** 8
    return np.concatenate([boxes, scores], axis=-1).astype(np.float32)


@pytest.mark.parametrize("labels", [None, 60, 80])
@pytest.mark.parametrize("columns", [64, 80, 256])
def test_rows_are_read_beside_embeddings_and_logits(columns: int, labels: int | None) -> None:
    classes = labels or 80
    other = np.random.default_rng(12).normal(-1, 2, (2, 300, columns)).astype(np.float32)
    chosen = choose_head(evidence({"out": queries(classes), "other": other}, labels)).head
    assert chosen.inputs == ("out",)
    assert chosen.classes == classes


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("classes", [1, 10])
def test_a_list_that_repeats_the_best_of_each_row_is_no_objectness(
    classes: int, given: bool
) -> None:
    rows, labels = rows_of(4 + classes), classes if given else None
    scores = rows[..., 4:]
    for best in (scores.max(axis=-1), scores.argmax(axis=-1).astype(np.float32)):
        for other in (best[..., None], best[:, None]):
            outputs = {"out": rows, "best": np.ascontiguousarray(other)}
            assert choose_head(evidence(outputs, labels)).head.classes == classes


@pytest.mark.parametrize("labels", [None, 10])
def test_another_value_of_each_row_is_asked_about(labels: int | None) -> None:
    values = np.random.default_rng(13).random((2, 40, 1), np.float32)
    outputs = {"out": rows_of(14), "one": values}
    assert "may be an objectness of each box: give --head yolo" in refusal(outputs, labels)
    assert found(outputs, labels, head="yolo").head.classes == 10


@pytest.mark.parametrize("labels", [None, 3, 80])
@pytest.mark.parametrize("boxes_last", [False, True])
@pytest.mark.parametrize("classes", [1, 3, 80])
def test_a_constant_1_after_the_box_is_an_objectness(
    classes: int, boxes_last: bool, labels: int | None
) -> None:
    """As in YOLOv6."""
    rows = rows_of(5 + classes, 300)
    rows[..., 4] = 1
    if labels in (None, classes):
        head = yolo(laid_out(rows, boxes_last), labels)
        assert head.classes == classes
        np.testing.assert_array_equal(
            head.decode({"out": laid_out(rows, boxes_last)})[CLASS_SCORES], rows[..., 5:]
        )
