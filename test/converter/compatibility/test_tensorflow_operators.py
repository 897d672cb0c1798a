"""The remedies, against the handlers of tf2onnx and against what it makes of real functions."""

from __future__ import annotations

from collections.abc import Callable

import onnx
import onnx.defs
import pytest
import tensorflow as tf
import tf2onnx
import tf2onnx.tfonnx  # registers the handlers
from tensorflow.python.framework import op_def_registry
from tf2onnx.handler import tf_op

from converter.compatibility.tensorflow_operators import NOT_CONVERTED, UNRELIABLE, remedy_for

# Not in TensorFlow itself, or not before a model that has it is loaded.
CUSTOM = {"TFLite_Detection_PostProcess", "XlaCallModule"}
ONNX = {schema.name for schema in onnx.defs.get_all_schemas()}


@pytest.fixture(scope="module")
def handled() -> set[str]:
    """What tf2onnx converts to ONNX's own domain."""
    return {name for opset in tf_op.get_opsets()[""] for name in opset}


def left_over(function: Callable[[tf.Tensor], tf.Tensor]) -> set[str]:
    """The operators that tf2onnx leaves as they are."""
    signature = (tf.TensorSpec([2, 8, 8, 3], tf.float32, name="images"),)
    graph = tf.function(function, input_signature=signature)
    model, _ = tf2onnx.convert.from_function(graph, input_signature=signature, opset=17)
    return {node.op_type for node in model.graph.node} - ONNX


def test_tf2onnx_really_does_not_convert_them(handled: set[str]) -> None:
    assert handled.intersection(NOT_CONVERTED) == set()


def test_tf2onnx_has_handlers_for_the_unreliable(handled: set[str]) -> None:
    assert set(UNRELIABLE) - handled == set()


def test_they_are_operators_of_tensorflow() -> None:
    names = {*NOT_CONVERTED, *UNRELIABLE}
    assert {name for name in names if op_def_registry.get(name) is None} <= CUSTOM


@pytest.mark.parametrize(
    "function, operator",
    [
        (tf.nn.gelu, "Erfc"),
        (lambda x: tf.image.resize(x, (4, 4), antialias=True), "ScaleAndTranslate"),
        (tf.image.rgb_to_hsv, "RGBToHSV"),
        (lambda x: tf.raw_ops.Bucketize(input=x, boundaries=[0.5]), "Bucketize"),
        (lambda x: tf.image.decode_image(tf.strings.as_string(x[0, 0, 0, 0])), "DecodeImage"),
    ],
)
def test_there_is_a_remedy_for_what_is_left_over(
    function: Callable[[tf.Tensor], tf.Tensor], operator: str
) -> None:
    assert operator in left_over(function)
    assert remedy_for(operator)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: tf.nn.gelu(x, approximate=True),
        lambda x: 1 - tf.math.erf(x),
        lambda x: tf.reduce_sum(tf.cast(x[..., None] >= tf.constant([0.2, 0.4]), tf.int32), -1),
        lambda x: tf.math.log(1 + x),
    ],
)
def test_remedies_convert(function: Callable[[tf.Tensor], tf.Tensor]) -> None:
    assert left_over(function) == set()


def test_other_operators_have_no_remedy() -> None:
    assert remedy_for("Conv2D") is None


def test_remedies_continue_a_sentence() -> None:
    remedies = {*NOT_CONVERTED.values(), *UNRELIABLE.values()}
    assert [text for text in remedies if text[0].isupper() or text.endswith(".")] == []
