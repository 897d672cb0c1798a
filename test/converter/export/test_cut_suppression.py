"""What is left of a graph whose suppression is cut out: the boxes, and the scores of the classes
that the model's own suppression uses, in the order of the numbers that the model gives them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from converter.export.cut_suppression import cut_suppression
from converter.inputs.quiet_tensorflow import tensorflow
from test.converter.export.suppression_graphs import (
    ANCHORS,
    COLUMNS,
    IOU,
    MOST,
    SCORE,
    Found,
    check_columns,
    cut_of,
    filled,
    frozen,
)

tf = tensorflow()


def of_each(
    boxes: Any, columns: list[Any], numbers: list[int], thresholds: list[float] | None = None
) -> Found:
    """One suppression for each of the lists of scores [A]."""
    kept = []
    for place, (scores, number) in enumerate(zip(columns, numbers, strict=True)):
        least = SCORE if thresholds is None else thresholds[place]
        index = tf.image.non_max_suppression(boxes, scores, MOST, IOU, least)
        of_class = tf.fill([tf.size(index)], float(number))
        kept.append((tf.gather(boxes, index), tf.gather(scores, index), of_class))
    boxes, scores, classes = (tf.concat(part, 0) for part in zip(*kept, strict=True))
    order = tf.argsort(-scores, stable=True)
    return filled(tf.gather(boxes, order), tf.gather(scores, order), tf.gather(classes, order))


# --- one class


def one(boxes: Any, scores: Any) -> Found:
    index = tf.image.non_max_suppression(boxes, scores, MOST, IOU, SCORE)
    return filled(tf.gather(boxes, index), tf.gather(scores, index))


def padded(boxes: Any, scores: Any) -> Found:
    """With a fixed number of indices."""
    index, count = tf.raw_ops.NonMaxSuppressionV4(
        boxes=boxes[0],
        scores=scores[0, :, 2],
        max_output_size=MOST,
        iou_threshold=IOU,
        score_threshold=SCORE,
        pad_to_max_output_size=True,
    )
    kept = tf.cast(tf.range(MOST) < count, tf.float32)
    return {
        "b": tf.gather(boxes[0], index)[None],
        "s": (kept * tf.gather(scores[0, :, 2], index))[None],
        "n": count[None],
    }


def soft(boxes: Any, scores: Any) -> Found:
    index, lowered = tf.image.non_max_suppression_with_scores(
        boxes[0], scores[0, :, 2], MOST, IOU, SCORE, soft_nms_sigma=0.5
    )
    return filled(tf.gather(boxes[0], index), lowered)


def over_images(boxes: Any, scores: Any) -> Found:
    """In a loop over the batch, as FaceBoxes has it."""

    def of_image(image: Any) -> Any:
        found = one(*image)
        return found["b"][0], found["s"][0], found["n"][0]

    types = (tf.float32, tf.float32, tf.int32)
    found = tf.map_fn(of_image, (boxes, scores[:, :, 2]), fn_output_signature=types)
    return dict(zip("bsn", found, strict=True))


ONE_CLASS: dict[str, Callable[..., Found]] = {
    "a slice of the batch": lambda boxes, scores: one(boxes[0], scores[:, :, 2][0]),
    "an ellipsis": lambda boxes, scores: one(boxes[0], scores[0, ..., 2]),
    "a gather": lambda boxes, scores: one(boxes[0], tf.gather(scores, 2, axis=2)[0]),
    "a squeeze": lambda boxes, scores: one(boxes[0], tf.squeeze(scores[:, :, 2:3], [0, 2])),
    "with padding": padded,
    "Soft-NMS": soft,
}


@pytest.mark.parametrize("kind", ONE_CLASS)
def test_the_one_column_that_enters_is_the_one_class(kind: str) -> None:
    cut = check_columns(ONE_CLASS[kind], [2], [])
    suppression = cut.thresholds
    assert suppression.score_threshold == pytest.approx(SCORE)
    assert suppression.iou_threshold == pytest.approx(IOU)
    assert suppression.soft == (kind == "Soft-NMS")
    own = suppression.own
    assert own is not None
    assert (own.boxes, own.scores, own.numbers, own.count) == ("b", "s", None, "n")


@pytest.mark.parametrize("batch", [None, 1])
def test_a_loop_over_images_takes_nothing_from_the_columns(batch: int | None) -> None:
    check_columns(over_images, [2], [], batch)


# --- several classes


def over_classes(boxes: Any, scores: Any) -> Found:
    """In a loop over all classes but the background, which is the first."""

    def of_class(column: Any) -> Any:
        found = one(boxes[0], column)
        return found["b"][0], found["s"][0]

    types = (tf.float32, tf.float32)
    columns = tf.transpose(scores[0])[1:]
    each_boxes, each_scores = tf.map_fn(of_class, columns, fn_output_signature=types)
    numbers = tf.repeat(tf.range(COLUMNS - 1), MOST)
    best, index = tf.math.top_k(tf.reshape(each_scores, [-1]), MOST)
    return {
        "b": tf.gather(tf.reshape(each_boxes, [-1, 4]), index)[None],
        "s": best[None],
        "c": tf.gather(numbers, index)[None],
    }


def picked(pick: Callable[[Any, int], Any], columns: list[int], numbers: list[int]) -> Any:
    """A suppression for each of the columns that ``pick`` takes of the scores of the image."""
    return lambda boxes, scores: of_each(
        boxes[0], [pick(scores[0], column) for column in columns], numbers
    )


@pytest.mark.parametrize(
    ("suppress", "columns", "numbers"),
    [
        (picked(lambda s, i: s[:, i], [1, 2, 3, 4], [1, 2, 3, 4]), [1, 2, 3, 4], [1, 2, 3, 4]),
        (picked(lambda s, i: s[:, i], [1, 2, 3, 4], [0, 1, 2, 3]), [1, 2, 3, 4], [0, 1, 2, 3]),
        (picked(lambda s, i: s[:, i], [0, 1, 2, 3], [0, 1, 2, 3]), [0, 1, 2, 3], [0, 1, 2, 3]),
        (picked(lambda s, i: s[:, i], [4, 3, 2, 1], [1, 2, 3, 4]), [4, 3, 2, 1], [1, 2, 3, 4]),
        (picked(lambda s, i: s[:, i], [1, 2, 4], [20, 7, 3]), [4, 2, 1], [3, 7, 20]),
        (
            picked(lambda s, i: tf.unstack(s, axis=1)[i], [1, 2, 3], [1, 2, 3]),
            [1, 2, 3],
            [1, 2, 3],
        ),
        (
            picked(lambda s, i: tf.squeeze(tf.split(s, COLUMNS, 1)[i], 1), [1, 3], [1, 2]),
            [1, 3],
            [1, 2],
        ),
        (picked(lambda s, i: tf.gather(tf.transpose(s), i), [2, 3], [0, 1]), [2, 3], [0, 1]),
        (over_classes, [1, 2, 3, 4], [0, 1, 2, 3]),
    ],
)
def test_columns_become_classes_in_the_order_of_the_models_own_numbers(
    suppress: Callable[..., Found], columns: list[int], numbers: list[int]
) -> None:
    cut = check_columns(suppress, columns, numbers)
    assert f"uses {len(columns)} of 5 columns" in cut.note or "uses" not in cut.note


def combined(boxes: Any, scores: Any) -> Found:
    found = tf.image.combined_non_max_suppression(boxes[:, :, None], scores, 6, MOST, IOU, SCORE)
    return dict(zip("bscn", found, strict=True))


def test_a_combined_suppression_behind_the_background() -> None:
    cut = check_columns(
        lambda boxes, scores: combined(boxes, scores[:, :, 1:]), [1, 2, 3, 4], [0, 1, 2, 3], None
    )
    assert cut.thresholds.most_of_class == 6


def test_numbers_of_a_table_are_those_of_the_classes() -> None:
    """As the 80 classes of COCO have numbers up to 90."""

    def renumbered(boxes: Any, scores: Any) -> Found:
        found = combined(boxes, scores)
        table = tf.constant([7, 1, 2, 3, 90])
        return {**found, "c": tf.gather(table, tf.cast(found["c"], tf.int32))}

    check_columns(renumbered, [1, 2, 3, 0, 4], [1, 2, 3, 7, 90])


def test_boxes_that_pass_a_threshold_first_are_still_all_boxes() -> None:
    """As older exports of the TF Object Detection API have it."""

    def filtering(boxes: Any, scores: Any) -> Found:
        kept = []
        for number in (1, 2, 3, 4):
            good = tf.reshape(tf.where(scores[0, :, number] > SCORE), [-1])
            kept.append((tf.gather(boxes[0], good), tf.gather(scores[0, :, number], good), number))
        found = [of_each(boxes, [scores], [number]) for boxes, scores, number in kept]
        each = {name: tf.concat([one[name] for one in found], 1) for name in "bsc"}
        best, index = tf.math.top_k(each["s"][0], MOST)
        return {
            "b": tf.gather(each["b"], index, axis=1),
            "s": best[None],
            "c": tf.gather(each["c"], index, axis=1),
        }

    check_columns(filtering, [1, 2, 3, 4], [1, 2, 3, 4])


def test_x_and_y_that_are_exchanged_behind_the_suppression_are_known() -> None:
    def exchanged(boxes: Any, scores: Any) -> Found:
        found = combined(boxes, scores)
        return {**found, "b": tf.gather(found["b"], [1, 0, 3, 2], axis=2) * 64.0}

    own = cut_of(exchanged)[1].thresholds.own
    assert own is not None
    assert own.swapped


# --- thresholds


@pytest.mark.parametrize("computed", [False, True])
def test_the_threshold_is_the_one_that_the_model_applies(computed: bool) -> None:
    """Where the graph computes it, or the model drops more behind the suppression."""

    def dropping(boxes: Any, scores: Any) -> Found:
        anchors = tf.cast(tf.shape(boxes)[1], tf.float32)
        least = anchors / (2.5 * ANCHORS) if computed else 0.1
        index = tf.image.non_max_suppression(boxes[0], scores[0, :, 1], MOST, IOU, least)
        found = filled(tf.gather(boxes[0], index), tf.gather(scores[0, :, 1], index))
        shown = tf.cast(found["s"] > 0.4, tf.float32)
        return {"b": found["b"] * shown[..., None], "s": found["s"] * shown}

    thresholds = cut_of(dropping)[1].thresholds
    assert thresholds.score_threshold == pytest.approx(0.4, abs=0.002)


def test_each_class_may_have_a_threshold_of_its_own() -> None:
    def suppress(boxes: Any, scores: Any) -> Found:
        return of_each(boxes[0], tf.unstack(scores[0, :, 1:3], axis=1), [1, 2], [0.25, 0.75])

    thresholds = check_columns(suppress, [1, 2], [1, 2]).thresholds
    assert thresholds.class_thresholds == pytest.approx((0.25, 0.75), abs=0.002)
    assert thresholds.score_threshold == pytest.approx(0.25)


# --- what stays as it is


def on_computed_scores(boxes: Any, scores: Any) -> Found:
    """For each class other than what the layers give."""
    columns = [scores[0, :, column] * scores[0, :, 4] for column in range(4)]
    return of_each(boxes[0], columns, [0, 1, 2, 3])


def on_some_boxes(boxes: Any, scores: Any) -> Found:
    """On the first half of the boxes only."""
    return of_each(boxes[0, :32], [scores[0, :32, 1], scores[0, :32, 2]], [1, 2])


def of_unequal_boxes(boxes: Any, scores: Any) -> Found:
    """Each class has boxes of its own."""
    own = tf.stack([boxes + 0.01 * number for number in range(COLUMNS)], 2)
    found = tf.image.combined_non_max_suppression(own, scores, MOST, MOST, IOU, SCORE)
    return dict(zip("bscn", found, strict=True))


@pytest.mark.parametrize(
    "suppress",
    [
        on_computed_scores,
        on_some_boxes,
        of_unequal_boxes,
    ],
)
def test_what_cannot_be_told_stays_in_the_graph(suppress: Callable[..., Found]) -> None:
    view, outputs = frozen(suppress)
    before = view.graph_def.SerializeToString(deterministic=True)
    assert cut_suppression(view, outputs) is None
    assert view.graph_def.SerializeToString(deterministic=True) == before
