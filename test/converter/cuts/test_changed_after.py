"""What a model does to scores and boxes behind the tensors at which it is cut."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from converter.cuts.changed_after import changed_scores, moved_boxes
from converter.cuts.cut_graph import CutGraph
from converter.export.inner_tensors import InnerTensors
from converter.inputs.saved_model import read_saved_model
from test.converter import detectors
from test.converter.sources.models import images_of, save, tf

ANCHORS, KINDS = detectors.ANCHORS, detectors.CLASSES


def graph_of(folder: Path, ending: Callable[[Any, Any], Any]) -> CutGraph:
    """A detector whose graph has its boxes and scores as ``in_boxes`` and ``in_scores``."""

    def detect(images: Any) -> Any:
        boxes, scores = detectors.boxes_and_scores(images, tf.constant(detectors.weights()))
        return ending(tf.sqrt(boxes, name="in_boxes"), tf.sqrt(scores, name="in_scores"))

    side = detectors.SIDE
    save(folder, tf.Module(), detect, images_of(None, side, side, 3))
    saved_model = read_saved_model(folder, None)
    signature = saved_model.signatures["serving_default"]
    inside = InnerTensors(saved_model, signature)
    outputs = [tensor.graph_name for tensor in signature.outputs]
    return CutGraph(inside, signature.inputs[0].graph_name, outputs, ())


def named(graph: CutGraph, name: str) -> str:
    return graph.inside.find(name).graph_name


def best_only(scores: Any) -> Any:
    return scores * tf.one_hot(tf.argmax(scores, -1), KINDS)


def chosen(boxes: Any, scores: Any) -> dict[str, Any]:
    """A threshold, the best class, the best boxes, in one tensor; the boxes in pixels."""
    best, where = tf.math.top_k(tf.reduce_max(scores, -1), 20)
    numbers = tf.gather(tf.cast(tf.argmax(scores, -1), tf.float32), where, batch_dims=1)
    corners = tf.gather(boxes * 320.0, where, batch_dims=1)
    kept = tf.where(best > 0.5, best, 0.0)
    return {"rows": tf.concat([corners, kept[..., None], numbers[..., None]], -1)}


def apart(boxes: Any, scores: Any) -> dict[str, Any]:
    """Boxes for each class moved away from each other, as for one suppression of all."""
    away = tf.cast(tf.argmax(scores, -1), tf.float32)[..., None] * 2.0
    index = tf.image.non_max_suppression((boxes + away)[0], tf.reduce_max(scores, -1)[0], 20)
    return {"boxes": tf.gather(boxes[0], index), "scores": tf.gather(scores[0], index)}


@pytest.mark.parametrize(
    "ending",
    [
        pytest.param(lambda b, s: {"boxes": b, "scores": best_only(s)}, id="mask"),
        pytest.param(chosen, id="chosen"),
        pytest.param(apart, id="apart"),
        pytest.param(detectors.per_class, id="suppression of each class"),
        pytest.param(lambda b, s: {"b": b, "s": tf.gather(s, [5, 2], axis=1)}, id="some boxes"),
    ],
)
def test_what_only_chooses_changes_nothing(ending: Any, tmp_path: Path) -> None:
    graph = graph_of(tmp_path / "model", ending)
    assert changed_scores(graph, named(graph, "in_scores"), "probabilities") == []
    assert moved_boxes(graph, named(graph, "in_boxes")) == []


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        pytest.param(lambda s: tf.gather(s, [2, 0, 1, 3], axis=-1), "", id="order"),
        pytest.param(lambda s: s[..., ::-1], "", id="reversed"),
        pytest.param(lambda s: tf.concat(tf.split(s, 4, -1)[::-1], -1), "", id="split"),
        pytest.param(lambda s: tf.reverse(s, [-1]), "", id="tf.reverse"),
        pytest.param(lambda s: s[..., 1:], "", id="background"),
        pytest.param(lambda s: s * 0.5, "", id="scaled"),
        pytest.param(lambda s: 1 - s, "", id="inverted"),
        pytest.param(lambda s: s * s[..., :1], "background", id="objectness"),
        pytest.param(tf.square, "", id="squared"),
        pytest.param(tf.sigmoid, "softmax of logits", id="another activation"),
        pytest.param(tf.nn.softmax, "probabilities", id="softmax"),
    ],
)
def test_what_makes_other_scores_is_found(change: Any, allowed: str, tmp_path: Path) -> None:
    graph = graph_of(tmp_path / "model", lambda b, s: {"b": b, "s": change(best_only(s))})
    assert changed_scores(graph, named(graph, "in_scores"), allowed)


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        (lambda s: best_only(s)[..., 1:], "probabilities, background first"),
        (lambda s: tf.sigmoid(tf.gather(s, [5, 2], axis=1)), "sigmoid of logits"),
    ],
)
def test_what_the_robot_does_too_changes_nothing(change: Any, allowed: str, tmp_path: Path) -> None:
    graph = graph_of(tmp_path / "model", lambda b, s: {"b": b, "s": change(s)})
    assert changed_scores(graph, named(graph, "in_scores"), allowed) == []


def test_a_mask_on_logits_makes_other_scores(tmp_path: Path) -> None:
    graph = graph_of(tmp_path / "model", lambda b, s: {"b": b, "s": tf.sigmoid(best_only(s))})
    assert changed_scores(graph, named(graph, "in_scores"), "sigmoid of logits")


def test_boxes_that_are_moved_are_found(tmp_path: Path) -> None:
    graph = graph_of(tmp_path / "model", lambda b, s: {"b": b * 0.5 + 0.25, "s": s})
    assert moved_boxes(graph, named(graph, "in_boxes"))
