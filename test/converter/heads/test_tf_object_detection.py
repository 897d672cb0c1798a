"""What TensorFlow's detection models give, decoded by loops that follow its documentation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from converter.errors import HeadError
from converter.heads.evidence import BOXES_BEFORE_NMS, SCORES_BEFORE_NMS, Recognised
from converter.heads.tf_object_detection.recognise import recognise
from test.converter.heads.stages import assert_decodes, corner_boxes, evidence, in_pixels, y_first

ANCHORS, FOUND, CLASSES = 80, 20, 5
Outputs = dict[str, np.ndarray]


def all_boxes() -> np.ndarray:
    """x first, in fractions."""
    return corner_boxes(np.random.default_rng(1), 2, ANCHORS)


def all_scores() -> np.ndarray:
    """The best of the first image is of the last class."""
    scores = np.random.default_rng(2).random((2, ANCHORS, CLASSES), np.float32)
    scores[0, 7, CLASSES - 1] = 1.0
    return scores


def finished(first_class: int = 1) -> Outputs:
    """The best of ``all_boxes``, as a suppression would leave them: 15 and 20 of 20 rows, the
    rest filled up with ones, which no decoding may take for detections."""
    boxes, scores = y_first(all_boxes()), all_scores()
    best = np.argsort(-scores.max(axis=2))[:, :FOUND]
    rows = np.arange(2)[:, None]
    outputs = {
        "detection_boxes": boxes[rows, best],
        "detection_scores": scores.max(axis=2)[rows, best],
        "detection_classes": (scores.argmax(axis=2)[rows, best] + first_class).astype(np.float32),
        "num_detections": np.array([15, 20], np.float32),
    }
    for name in ("detection_boxes", "detection_scores", "detection_classes"):
        outputs[name][0, 15:] = 1
    return outputs


def expected_of(outputs: Outputs, classes: int, first_class: int) -> tuple[list[Any], list[Any]]:
    """Corners in pixels, and each valid score in the column of its class."""
    all_corners, all_columns = [], []
    for image in range(2):
        corners, columns = [], []
        for row in range(FOUND):
            y1, x1, y2, x2 = outputs["detection_boxes"][image, row].tolist()
            corners.append([x1 * 96, y1 * 48, x2 * 96, y2 * 48])
            columns.append([0.0] * classes)
            if row < int(outputs["num_detections"][image]):
                column = int(outputs["detection_classes"][image, row]) - first_class
                columns[-1][column] = float(outputs["detection_scores"][image, row])
        all_corners.append(corners)
        all_columns.append(columns)
    return all_corners, all_columns


def found(outputs: Outputs, labels: int | None = None, **options: Any) -> Recognised:
    recognised = recognise(evidence(outputs, labels, **options))
    assert recognised is not None
    return recognised


def refusal(outputs: Outputs, labels: int | None = None, **options: Any) -> str:
    with pytest.raises(HeadError) as error:
        recognise(evidence(outputs, labels, **options))
    return str(error.value)


def renamed(outputs: Outputs, names: dict[str, str]) -> Outputs:
    return {names.get(name, name): value for name, value in outputs.items()}


def raw(with_background: bool) -> Outputs:
    """Finished and raw detections; of the background, probabilities above all others."""
    scores = all_scores()
    if with_background:
        background = 0.9 + 0.1 * np.random.default_rng(3).random((2, ANCHORS, 1), np.float32)
        scores = np.concatenate([background, scores * 0.9], axis=2)
    outputs = {
        **finished(),
        "raw_detection_boxes": y_first(all_boxes()),
        "raw_detection_scores": scores,
    }
    if with_background:
        outputs["detection_scores"] = outputs["detection_scores"] * np.float32(0.9)
    return outputs


# --- before a suppression that was cut out


@pytest.mark.parametrize("normalised", [False, True])
def test_what_enters_the_suppression_comes_first(normalised: bool) -> None:
    boxes = y_first(all_boxes() if normalised else in_pixels(all_boxes()))
    outputs = {**raw(True), BOXES_BEFORE_NMS: boxes, SCORES_BEFORE_NMS: all_scores()}
    head = found(outputs, CLASSES).head
    assert head.inputs == (BOXES_BEFORE_NMS, SCORES_BEFORE_NMS)
    assert head.needs_nms
    assert_decodes(head, outputs, list(in_pixels(all_boxes())), list(all_scores()))


def test_the_user_gives_the_format_before_the_suppression() -> None:
    outputs = {BOXES_BEFORE_NMS: all_boxes(), SCORES_BEFORE_NMS: all_scores()}
    head = found(outputs, box_format="xyxy").head
    assert_decodes(head, outputs, list(in_pixels(all_boxes())), list(all_scores()))


# --- raw detections


@pytest.mark.parametrize("labels", [None, CLASSES])
@pytest.mark.parametrize("with_background", [False, True])
def test_raw_detections_come_before_finished_ones(
    with_background: bool, labels: int | None
) -> None:
    """Without labels, the finished detections show whether there is a background."""
    outputs = raw(with_background)
    head = found(outputs, labels).head
    assert head.inputs == ("raw_detection_boxes", "raw_detection_scores")
    assert head.needs_nms
    assert head.classes == CLASSES
    scores = outputs["raw_detection_scores"][..., int(with_background) :]
    assert_decodes(head, outputs, list(in_pixels(all_boxes())), list(scores))


@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
def test_the_finished_detections_show_what_raw_logits_are(activation: str) -> None:
    """Logits that give the probabilities of the finished detections, in a way of its own."""
    outputs = raw(True)
    logits = np.random.default_rng(4).normal(size=(2, ANCHORS, CLASSES + 1)).astype(np.float32)
    powers = np.exp(logits)
    whole = powers.sum(axis=2, keepdims=True) if activation == "softmax" else 1 + powers
    probabilities = powers / whole
    best = probabilities[..., 1:].reshape(2, -1).argmax(axis=1)
    for image, place in enumerate(best):
        anchor, column = divmod(int(place), CLASSES)
        outputs["detection_scores"][image] *= 0.01
        outputs["detection_scores"][image, 0] = probabilities[image, anchor, column + 1]
        outputs["detection_classes"][image, 0] = column + 1
    outputs["raw_detection_scores"] = logits
    head = found(outputs, CLASSES).head
    assert_decodes(head, outputs, list(in_pixels(all_boxes())), list(probabilities[..., 1:]))


def test_raw_scores_that_nothing_explains_are_not_guessed_at() -> None:
    """Without labels, the finished detections are taken instead, which need no reading."""
    outputs = raw(True)
    outputs["detection_scores"] = outputs["detection_scores"] * np.float32(0.5)
    recognised = found(outputs)
    assert_decodes(recognised.head, outputs, *expected_of(outputs, CLASSES, first_class=1))
    assert not recognised.head.needs_nms
    assert "a labels file (--labels) lets them be used" in recognised.reason
    assert found(outputs, CLASSES).head.needs_nms
    assert found(outputs, background="first").head.classes == CLASSES
    assert found(outputs, background="none").head.classes == CLASSES + 1


def test_raw_scores_without_detections_need_the_labels() -> None:
    outputs = {name: value for name, value in raw(True).items() if name.startswith("raw")}
    message = refusal(outputs)
    assert "give --labels" in message
    assert "--background none or first" in message
    assert found(outputs, CLASSES).head.classes == CLASSES


def test_raw_scores_that_sum_to_1_have_a_background() -> None:
    """As of Faster R-CNN: of most regions, something must have the probability."""
    outputs = {name: value for name, value in raw(True).items() if name.startswith("raw")}
    powers = np.exp(outputs["raw_detection_scores"])
    softmax = powers / powers.sum(axis=2, keepdims=True)
    outputs["raw_detection_scores"] = softmax
    head = found(outputs).head
    assert head.classes == CLASSES
    assert_decodes(head, outputs, list(in_pixels(all_boxes())), list(softmax[..., 1:]))


@pytest.mark.parametrize("names_end", ["nmsed", "detection"])
def test_what_fills_the_list_up_is_no_detection(names_end: str) -> None:
    """By -1 for boxes, scores and classes, as in keras-retinanet."""
    outputs = finished(first_class=int(names_end == "detection"))
    expected = expected_of(outputs, CLASSES, first_class=int(names_end == "detection"))
    del outputs["num_detections"]
    for name in ("detection_boxes", "detection_scores", "detection_classes"):
        outputs[name][0, 15:] = -1
    names = {f"detection_{what}": f"{names_end}_{what}" for what in ("boxes", "scores", "classes")}
    outputs = renamed(outputs, names)
    head = found(outputs, CLASSES).head
    expected[0][0][15:] = [[-96, -48, -96, -48]] * 5
    assert_decodes(head, outputs, *expected)


@pytest.mark.parametrize("first", ["x", "y"])
def test_boxes_that_go_row_by_row_show_which_coordinate_is_y(first: str) -> None:
    """YOLO exports give x first to TensorFlow's suppression, which documents y first."""
    cells = np.array([[x / 16, y / 8] for y in range(8) for x in range(16)], np.float32)
    jitter = np.random.default_rng(5).uniform(0, 0.1, (2, 128, 2)).astype(np.float32)
    boxes = np.concatenate([cells - jitter, cells + jitter], axis=-1)
    scores = np.random.default_rng(6).random((2, 128, CLASSES), np.float32)
    outputs = {
        BOXES_BEFORE_NMS: boxes if first == "x" else y_first(boxes),
        SCORES_BEFORE_NMS: scores,
    }
    recognised = found(outputs)
    assert "row by row" in recognised.reason
    assert_decodes(recognised.head, outputs, list(in_pixels(boxes)), list(scores))


def test_labels_that_fit_no_background_are_told_both_figures() -> None:
    message = refusal(raw(True), 9)
    assert "raw_detection_scores: float32 [?, 80, 6]" in message
    assert "5 classes or 6 classes" in message
    assert "9 classes" in message


# --- finished detections


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.int64])
@pytest.mark.parametrize("column", [False, True])
def test_finished_detections_are_taken_as_they_are(dtype: Any, column: bool) -> None:
    outputs = finished()
    expected = expected_of(outputs, CLASSES, first_class=1)
    for name in ("detection_classes", "num_detections"):
        outputs[name] = outputs[name].astype(dtype)
    if column:
        outputs["num_detections"] = outputs["num_detections"][:, None]
    head = found(outputs, CLASSES).head
    assert not head.needs_nms
    assert head.anchors == FOUND
    assert_decodes(head, outputs, *expected)


def test_without_a_count_all_rows_are_detections() -> None:
    outputs = finished()
    del outputs["num_detections"]
    boxes, scores = expected_of(
        {**outputs, "num_detections": np.array([FOUND, FOUND])}, CLASSES, first_class=1
    )
    assert_decodes(found(outputs, CLASSES).head, outputs, boxes, scores)


def test_classes_count_from_0_where_a_0_is_seen() -> None:
    outputs = finished(first_class=0)
    expected = expected_of(outputs, CLASSES, first_class=0)
    recognised = found(outputs, CLASSES)
    assert "numbered from 0" in recognised.reason
    assert_decodes(recognised.head, outputs, *expected)


def test_a_0_among_the_rows_beyond_the_count_is_no_class() -> None:
    outputs = finished()
    outputs["detection_classes"][0, 15:] = 0
    assert "numbered from 1" in found(outputs, CLASSES).reason


def test_the_user_gives_the_number_of_the_first_class() -> None:
    outputs = finished()
    expected = expected_of(outputs, CLASSES + 1, first_class=0)
    head = found(outputs, CLASSES + 1, first_class=0).head
    assert_decodes(head, outputs, *expected)


def test_boxes_in_pixels_are_told_from_fractions() -> None:
    outputs = finished()
    expected = expected_of(outputs, CLASSES, first_class=1)
    outputs["detection_boxes"] = outputs["detection_boxes"] * np.float32([48, 96, 48, 96])
    assert_decodes(found(outputs, CLASSES).head, outputs, *expected)


def test_without_labels_the_largest_class_seen_is_the_last() -> None:
    recognised = found(finished())
    assert recognised.head.classes == CLASSES
    assert "--labels decides" in recognised.reason


@pytest.mark.parametrize(
    "names",
    [
        {name: f"StatefulPartitionedCall/{name.title()}:0" for name in finished()},
        {"num_detections": "detector_num_detections"},
    ],
)
def test_names_are_told_by_their_ends(names: dict[str, str]) -> None:
    outputs = renamed(finished(), names)
    outputs["detection_multiclass_scores"] = all_scores()[:, :FOUND]
    head = found(outputs, CLASSES).head
    assert_decodes(head, outputs, *expected_of(finished(), CLASSES, first_class=1))


@pytest.mark.parametrize("count", ["num", "valid_detections", "num_detections"])
@pytest.mark.parametrize("beginning", ["", "nmsed_"])
def test_combined_suppression_counts_classes_from_0(beginning: str, count: str) -> None:
    outputs = finished(first_class=0)
    outputs["detection_classes"][outputs["detection_classes"] == 0] = 1
    expected = expected_of(outputs, CLASSES, first_class=0)
    names = {f"detection_{what}": f"{beginning}{what}" for what in ("boxes", "scores", "classes")}
    outputs = renamed(outputs, {**names, "num_detections": count})
    assert_decodes(found(outputs, CLASSES).head, outputs, *expected)


def test_a_class_as_high_as_the_labels_counts_from_1() -> None:
    names = {f"detection_{what}": what for what in ("boxes", "scores", "classes")}
    outputs = renamed(finished(), names)
    assert "numbered from 1" in found(outputs, CLASSES).reason


def test_classes_beyond_the_labels_are_refused_with_both_figures() -> None:
    message = refusal(finished(), CLASSES - 1)
    assert "detection_classes: float32 [?, 20]" in message
    assert "up to 5, which are 5 classes from 1" in message
    assert "labels file has 4 classes" in message


def test_boxes_that_are_no_corners_are_not_guessed_at() -> None:
    outputs = finished()
    outputs["detection_boxes"] = outputs["detection_boxes"][..., [2, 3, 0, 1]]
    assert "give --box-format" in refusal(outputs, CLASSES)


def test_where_nothing_is_found_the_unit_is_asked_for() -> None:
    outputs = finished()
    outputs["num_detections"][:] = 0
    assert "--boxes normalised" in refusal(outputs, CLASSES)
    head = found(outputs, CLASSES, boxes="normalised", box_format="yxyx").head
    assert_decodes(head, outputs, *expected_of(outputs, CLASSES, first_class=1))
    assert "give --labels" in refusal(outputs, boxes="normalised", box_format="yxyx")


@pytest.mark.parametrize("missing", ["detection_boxes", "detection_scores", "detection_classes"])
def test_detections_that_are_not_all_there_are_left_to_others(missing: str) -> None:
    outputs = finished()
    del outputs[missing]
    assert recognise(evidence(outputs, CLASSES)) is None


def test_boxes_and_scores_of_all_classes_are_left_to_others() -> None:
    outputs = {"boxes": all_boxes(), "scores": all_scores(), "classes": all_scores()[..., 0]}
    assert recognise(evidence(outputs, CLASSES)) is None
