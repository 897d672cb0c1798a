"""tf2onnx's optimizers: those that change results are left out, by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tf2onnx import optimizer
from tf2onnx.optimizer import back_to_back_optimizer
from tf2onnx.optimizer.back_to_back_optimizer import BackToBackOptimizer
from tf2onnx.optimizer.optimizer_base import GraphOptimizerBase

from converter.export import optimizers
from converter.export.same_results import all_agree
from test.converter.export.raw_graphs import convert_graph, tf

IMAGE = np.random.default_rng(6).random((2, 8, 8, 3), np.float32)
SHAPE = (None, *IMAGE.shape[1:])
WEIGHTS = np.random.default_rng(7).normal(size=(3, 3, 3, 4)).astype(np.float32)


class AddsToWeights(GraphOptimizerBase):
    """Changes what the network computes."""

    def _optimize(self, graph: Any) -> Any:
        for node in graph.get_nodes():
            if node.is_const() and node.get_tensor_value(as_list=False).shape == (4, 3, 3, 3):
                node.set_tensor_value(node.get_tensor_value(as_list=False) + np.float32(0.01))
        return graph


class Fails(GraphOptimizerBase):
    def _optimize(self, graph: Any) -> Any:
        raise ValueError("a graph that it does not expect")


def convolve(images: Any) -> dict[str, Any]:
    return {"maps": tf.nn.relu(tf.nn.conv2d(images, WEIGHTS, 2, "SAME"))}


def attend(images: Any) -> dict[str, Any]:
    """SegFormer's attention with one head, as Keras writes it: the number of tokens that the keys
    have is left open, and that of images is copied."""
    tokens = tf.reshape(images, [-1, 64, 3])
    shape = tf.shape(tokens)
    queries = tf.transpose(tf.reshape(tokens, [shape[0], shape[1], 1, 3]), [0, 2, 1, 3])
    fewer = tf.nn.avg_pool2d(images, 4, 4, "VALID")
    fewer = tf.tensordot(tf.reshape(fewer, [shape[0], -1, 3]), WEIGHTS[0, 0, :, :3], [[2], [0]])
    keys = tf.transpose(tf.reshape(fewer, [shape[0], -1, 1, 3]), [0, 2, 1, 3])
    joined = tf.nn.softmax(queries @ tf.transpose(keys, [0, 1, 3, 2])) @ keys
    tokens = tf.reshape(tf.transpose(joined, [0, 2, 1, 3]), [shape[0], shape[1], 3])
    return {"maps": tf.reshape(tokens, [-1, 8, 8, 3])}


@pytest.mark.parametrize(
    "name, planted, reason",
    [
        ("adds_to_weights", AddsToWeights, "would compute something else"),
        ("always_fails", Fails, "fails on this network"),
    ],
)
def test_an_optimizer_that_does_harm_is_left_out_by_name(
    name: str, planted: type, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = convert_graph(convolve, IMAGE, SHAPE)
    monkeypatch.setitem(optimizer._optimizers, name, planted)
    exported = convert_graph(convolve, IMAGE, SHAPE)
    (note,) = exported.notes
    assert name in note and reason in note
    np.testing.assert_array_equal(exported.found["maps"], usual.found["maps"])
    # The others do their work.
    assert [one.op_type for one in exported.model.graph.node] == [
        one.op_type for one in usual.model.graph.node
    ]


def test_all_that_do_harm_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(optimizer._optimizers, "first_of_two", AddsToWeights)
    monkeypatch.setitem(optimizer._optimizers, "second_of_two", AddsToWeights)
    exported = convert_graph(convolve, IMAGE, SHAPE)
    (note,) = exported.notes
    assert "first_of_two, second_of_two" in note
    np.testing.assert_allclose(exported.found["maps"], exported.expected["maps"], atol=1e-5)


def test_attention_of_one_head_keeps_its_images_apart() -> None:
    exported = convert_graph(attend, IMAGE, SHAPE)
    assert not exported.notes
    np.testing.assert_allclose(exported.found["maps"], exported.expected["maps"], atol=1e-5)


def test_the_optimizer_that_merges_reshapes_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    merge = BackToBackOptimizer._optimize_reshape_reshape
    monkeypatch.setattr(optimizers, "_guard_reshapes", lambda: None)
    monkeypatch.setitem(back_to_back_optimizer._func_map, ("Reshape",), merge)
    exported = convert_graph(attend, IMAGE, SHAPE)
    (note,) = exported.notes
    assert "remove_back_to_back" in note
    np.testing.assert_allclose(exported.found["maps"], exported.expected["maps"], atol=1e-5)


def test_networks_that_draw_random_numbers_are_not_compared() -> None:
    def noisy(images: Any) -> dict[str, Any]:
        return {"maps": images + tf.random.uniform((2, 8, 8, 3))}

    (note,) = convert_graph(noisy, IMAGE).notes
    assert "random numbers" in note


VALUES = np.array([[0.5, 2.0, np.nan], [np.inf, -8.0, 1e-3]], np.float32)
COUNTS = np.arange(6)


@pytest.mark.parametrize(
    "expected, found, same",
    [
        (VALUES, VALUES * np.float32(1 + 1e-6), True),
        (VALUES, VALUES * np.float32(1 + 1e-3), False),
        (VALUES, np.where(np.isnan(VALUES), 0, VALUES), False),
        (VALUES, np.where(np.isinf(VALUES), -VALUES, VALUES), False),
        (VALUES, VALUES.T, False),
        (VALUES, VALUES.astype(np.float64), False),
        (COUNTS, COUNTS.copy(), True),
        (COUNTS, COUNTS + (COUNTS == 3), False),
    ],
)
def test_results_are_the_same_but_for_rounding(
    expected: np.ndarray, found: np.ndarray, same: bool
) -> None:
    assert all_agree([expected], [found], [expected]) is same


def test_what_rounding_changes_shows_in_an_input_that_is_almost_the_same() -> None:
    expected = np.array([10.0, 20.0])
    found, nudged = np.array([10.0, 20.05]), np.array([10.001, 20.0])
    assert not all_agree([expected], [found], [expected])
    assert all_agree([expected], [found], [nudged])
