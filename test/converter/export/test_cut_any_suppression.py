"""Suppressions that no single operator tells of: they are known by what they do.

What the robot does with the boxes and scores that are left is what TensorFlow gives for the whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from converter.export.cut_suppression import cut_suppression
from converter.export.graph_view import GraphView
from converter.export.provenance import Sources
from converter.inputs.quiet_tensorflow import tensorflow
from test.converter.export.suppression_graphs import (
    ANCHORS,
    IOU,
    MOST,
    SCORE,
    Found,
    boxes_and_scores,
    cut_of,
    filled,
    frozen,
    given_by,
)

tf = tensorflow()

# Its best boxes are of several classes.
IMAGE = np.random.default_rng(2).normal(0, 0.5, (1, 64, 64, 3)).astype(np.float32)

Suppress = Callable[[Any, Any], Found]


def overlap(box: Any, others: Any) -> Any:
    """IoU of one box, or of each of several ``[A, 1, 4]``, with all others."""
    shared = tf.maximum(
        tf.minimum(box[..., 2:], others[:, 2:]) - tf.maximum(box[..., :2], others[:, :2]), 0.0
    )
    area = tf.reduce_prod(others[:, 2:] - others[:, :2], -1)
    area += tf.reduce_prod(box[..., 2:] - box[..., :2], -1)
    both = tf.reduce_prod(shared, -1)
    return tf.math.divide_no_nan(both, area - both)


def in_a_loop(boxes: Any, best: Any) -> tuple[Any, Any]:
    """Indices of the boxes that stay, and their count: of the best that are left, one a round."""

    def goes_on(count: Any, left: Any, chosen: Any) -> Any:
        return tf.logical_and(count < MOST, tf.reduce_max(left) >= SCORE)

    def choose(count: Any, left: Any, chosen: Any) -> Any:
        index = tf.argmax(left, output_type=tf.int32)
        gone = overlap(boxes[index], boxes) > IOU
        gone = tf.logical_or(gone, tf.range(ANCHORS) == index)
        chosen = tf.tensor_scatter_nd_update(chosen, count[None, None], index[None])
        return count + 1, tf.where(gone, -1.0, left), chosen

    first = tf.constant(0), best, tf.zeros([MOST], tf.int32)
    count, _, chosen = tf.while_loop(goes_on, choose, first)
    return chosen, count


def rows(boxes: Any, best: Any, classes: Any, chosen: Any, count: Any) -> Found:
    """The chosen rows of one image, and zeros behind them."""
    kept = tf.cast(tf.range(MOST) < count, tf.float32)
    return {
        "b": (tf.gather(boxes, chosen) * kept[:, None])[None],
        "s": (tf.gather(best, chosen) * kept)[None],
        "c": (tf.gather(tf.cast(classes, tf.float32), chosen) * kept)[None],
        "n": count[None],
    }


def loop(boxes: Any, scores: Any) -> Found:
    best, classes = tf.reduce_max(scores[0], -1), tf.argmax(scores[0], -1)
    return rows(boxes[0], best, classes, *in_a_loop(boxes[0], best))


def loop_of_each_class(boxes: Any, scores: Any) -> Found:
    """Boxes of different classes lie apart, as YOLO has it, so that each class is on its own."""
    best, classes = tf.reduce_max(scores[0], -1), tf.argmax(scores[0], -1)
    apart = boxes[0] + 4096.0 * tf.cast(classes, tf.float32)[:, None]
    return rows(boxes[0], best, classes, *in_a_loop(apart, best))


def best_class(boxes: Any, scores: Any, offset: float = 0.0) -> Found:
    """The class is chosen before: its number goes round the suppression."""
    best, classes = tf.reduce_max(scores[0], -1), tf.cast(tf.argmax(scores[0], -1), tf.float32)
    apart = boxes[0] + offset * classes[:, None]
    index = tf.image.non_max_suppression(apart, best, MOST, IOU, SCORE)
    return filled(tf.gather(boxes[0], index), tf.gather(best, index), tf.gather(classes, index))


def fifth_version(boxes: Any, scores: Any) -> Found:
    best, classes = tf.reduce_max(scores[0], -1), tf.argmax(scores[0], -1)
    index, _, count = tf.raw_ops.NonMaxSuppressionV5(
        boxes=boxes[0],
        scores=best,
        max_output_size=MOST,
        iou_threshold=IOU,
        score_threshold=SCORE,
        soft_nms_sigma=0.0,
        pad_to_max_output_size=True,
    )
    return rows(boxes[0], best, classes, index, count)


def padded_batch(boxes: Any, scores: Any) -> Found:
    """Of a whole batch, in loops of TensorFlow's own, as KerasCV has it: with sides behind it."""
    best, classes = tf.reduce_max(scores, -1), tf.argmax(scores, -1)
    index, count = tf.image.non_max_suppression_padded(
        boxes, best, MOST, IOU, SCORE, pad_to_max_output_size=True
    )
    kept = tf.cast(tf.range(MOST)[None] < count[:, None], tf.float32)
    chosen = tf.gather(boxes, index, batch_dims=1)
    sides = tf.concat([chosen[..., :2], chosen[..., 2:] - chosen[..., :2]], -1)
    return {
        "b": sides * kept[..., None],
        "s": tf.gather(best, index, batch_dims=1) * kept,
        "c": tf.gather(tf.cast(classes, tf.float32), index, batch_dims=1) * kept,
        "n": count,
    }


def own_detections(view: GraphView, outputs: dict[str, str]) -> dict[str, np.ndarray]:
    """What TensorFlow gives for the image."""
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(view.graph_def, name="")
    with tf.compat.v1.Session(graph=graph) as session:
        found: dict[str, np.ndarray] = session.run(outputs, {"image:0": IMAGE})
    return found


def greedy(boxes: np.ndarray, scores: np.ndarray, across: bool) -> list[tuple[int, int]]:
    """Rows and classes, from the definition."""
    classes, best = scores.argmax(-1), scores.max(-1)
    kept: list[int] = []
    for row in np.argsort(-best, kind="stable"):
        rivals = [one for one in kept if across or classes[one] == classes[row]]
        overlaps = [float(overlap(boxes[row], boxes[one][None])[0]) for one in rivals]
        if best[row] >= SCORE and all(value <= IOU for value in overlaps):
            kept.append(row)
    return [(row, int(classes[row])) for row in kept[:MOST]]


@pytest.mark.parametrize(
    ("suppress", "across", "batch"),
    [
        (loop, True, 1),
        (loop, True, None),
        (loop_of_each_class, False, 1),
        (best_class, True, 1),
        (lambda boxes, scores: best_class(boxes, scores, 4096.0), False, 1),
        (fifth_version, True, 1),
        (padded_batch, True, 1),
        (padded_batch, True, None),
    ],
)
def test_the_robot_lets_through_what_the_model_does(
    suppress: Suppress, across: bool, batch: int | None
) -> None:
    own = own_detections(*frozen(suppress, batch))
    view, cut = cut_of(suppress, batch)
    boxes, scores = given_by(view, cut, IMAGE)
    found = greedy(boxes[0], scores[0], across)
    classes = own["c"][0][: own["n"][0]].astype(int).tolist()
    assert found != greedy(boxes[0], scores[0], not across)
    assert [number for _, number in found] == classes
    np.testing.assert_allclose(
        scores[0].max(-1)[[row for row, _ in found]], own["s"][0][: len(found)]
    )
    known = cut.thresholds
    assert known.class_agnostic == across
    assert known.iou_threshold == pytest.approx(IOU, abs=1e-3)
    assert known.score_threshold == pytest.approx(SCORE, abs=1e-3)
    assert not known.each_class
    assert ("across classes" in cut.note) == across


def test_a_number_of_the_whole_image_is_neither_boxes_nor_scores() -> None:
    """It has no axes, as the smallest of all scores."""
    sources = Sources(frozen(loop)[0], {"number:0": ()})
    assert sources.boxes("number:0") is None
    assert sources.scores("number:0", ANCHORS) is None


def test_corners_that_become_sides_behind_it_are_known() -> None:
    own = cut_of(padded_batch, None)[1].thresholds.own
    assert own is not None
    assert (own.layout, own.swapped) == ("xywh", False)


@pytest.mark.parametrize("iou", [0.1, 0.37, 0.45, 0.9])
def test_the_overlap_that_suppresses_is_measured(
    iou: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "IOU", iou)
    assert cut_of(loop)[1].thresholds.iou_threshold == pytest.approx(iou, abs=1e-3)


def test_scores_before_the_sigmoid_are_taken_where_the_class_is_chosen_from_them() -> None:
    def of_logits(boxes: Any, scores: Any) -> Found:
        logits = tf.math.log(scores) - tf.math.log1p(-scores)
        best, classes = tf.sigmoid(tf.reduce_max(logits[0], -1)), tf.argmax(logits[0], -1)
        return rows(boxes[0], best, classes, *in_a_loop(boxes[0], best))

    view, cut = cut_of(of_logits)
    logits = given_by(view, cut, IMAGE)[1]
    expected = boxes_and_scores(tf.constant(IMAGE))[1].numpy()
    np.testing.assert_allclose(1 / (1 + np.exp(-logits)), expected, atol=1e-5)
    assert cut.thresholds.class_agnostic


# --- what is no suppression stays


def best_first(boxes: Any, scores: Any) -> Found:
    """Only sorted."""
    best = tf.reduce_max(scores[0], -1)
    index = tf.math.top_k(best, MOST)[1]
    return rows(
        boxes[0], tf.reduce_max(scores[0], -1), tf.argmax(scores[0], -1), index, tf.constant(MOST)
    )


def merged(boxes: Any, scores: Any) -> Found:
    """Boxes that overlap become their mean (weighted box fusion)."""
    found = loop(boxes, scores)
    best = tf.reduce_max(scores[0], -1)

    def mean(box: Any) -> Any:
        weights = best * tf.cast(overlap(box, boxes[0]) > IOU, tf.float32)
        return tf.math.divide_no_nan(
            tf.reduce_sum(boxes[0] * weights[:, None], 0), tf.reduce_sum(weights)
        )

    return {**found, "b": tf.stack([mean(box) for box in tf.unstack(found["b"][0])])[None]}


def by_distance(boxes: Any, scores: Any) -> Found:
    """Boxes whose centres are near are suppressed, however small."""
    best, classes = tf.reduce_max(scores[0], -1), tf.argmax(scores[0], -1)
    centres = (boxes[0, :, :2] + boxes[0, :, 2:]) / 2
    squares = tf.concat([centres - 0.1, centres + 0.1], 1)
    return rows(boxes[0], best, classes, *in_a_loop(squares, best))


def all_at_once(boxes: Any, scores: Any) -> Found:
    """A box that is suppressed suppresses others (Fast NMS of YOLACT)."""
    best, classes = tf.reduce_max(scores[0], -1), tf.argmax(scores[0], -1)
    better = best[None, :] > best[:, None]
    overlaps = overlap(boxes[0][:, None], boxes[0])
    gone = tf.reduce_any(tf.logical_and(better, overlaps > IOU), 1)
    left, index = tf.math.top_k(tf.where(gone, 0.0, best), MOST)
    return rows(boxes[0], best, classes, index, tf.reduce_sum(tf.cast(left > SCORE, tf.int32)))


@pytest.mark.parametrize("suppress", [best_first, merged, by_distance, all_at_once])
def test_what_does_something_else_is_not_cut(suppress: Suppress) -> None:
    view, outputs = frozen(suppress)
    before = view.graph_def.SerializeToString(deterministic=True)
    assert cut_suppression(view, outputs) is None
    assert view.graph_def.SerializeToString(deterministic=True) == before


def test_outputs_beside_the_suppression_stay() -> None:
    def with_raw(boxes: Any, scores: Any) -> Found:
        return {**loop(boxes, scores), "raw_boxes": boxes, "raw_scores": scores}

    view, outputs = frozen(with_raw)
    cut = cut_suppression(view, outputs)
    assert cut is not None
    assert {"raw_boxes", "raw_scores"} < set(cut.outputs)
    assert not {"b", "s", "c", "n"} & set(cut.outputs)
