"""Models that compute in other floats than float32: the bundle computes in float32, and a model of
float16 has fp16 as a precision of its own."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import pytest

from converter.onnx_tools.edit import all_nodes
from test.converter.sources.conversion import Conversion
from test.converter.sources.keras_models import HEIGHT, WIDTH, keras_model
from test.converter.sources.models import Classifier, images_of, save, tf
from trt_inference.bundles.bundle import load_bundle

FLOAT16, FLOAT32 = onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT
OTHER_FLOATS = (FLOAT16, onnx.TensorProto.BFLOAT16, onnx.TensorProto.DOUBLE)


@contextmanager
def policy(keras: ModuleType, name: str) -> Iterator[None]:
    """Layers that are built inside have this policy."""
    choose = getattr(keras, "mixed_precision", keras.config if hasattr(keras, "config") else None)
    put = getattr(choose, "set_global_policy", None) or choose.set_dtype_policy
    put(name)
    try:
        yield
    finally:
        put("float32")


def types_of(file: Path) -> set[int]:
    """Every type of a tensor in a model."""
    model = onnx.load(str(file))
    graph = onnx.shape_inference.infer_shapes(model).graph
    casts = {one.i for node in all_nodes(model.graph) for one in node.attribute if one.name == "to"}
    values = (*graph.value_info, *graph.input, *graph.output)
    found = {value.type.tensor_type.elem_type for value in values}
    return found | casts | {tensor.data_type for tensor in graph.initializer}


def in_float32(package: str, model: Any) -> Any:
    """The same layers with the same weights, as a model that computes in float32."""
    twin = keras_model(importlib.import_module(package))
    twin.set_weights([np.asarray(one, np.float32) for one in model.get_weights()])
    return twin


@pytest.mark.parametrize(
    ("package", "name", "own"),
    [
        ("keras", "mixed_float16", "fp16"),
        ("keras", "float16", "fp16"),
        ("tf_keras", "mixed_float16", "fp16"),
        ("keras", "float64", None),
    ],
)
def test_a_policy_of_keras_becomes_float32_with_its_own_precision_beside_it(
    package: str, name: str, own: str | None, tmp_path: Path, conversion: Conversion
) -> None:
    keras = importlib.import_module(package)
    with policy(keras, name):
        model = keras_model(keras)
    tf.saved_model.save(model, str(tmp_path / "model"))
    conversion(tmp_path / "model")
    twin = in_float32(package, model)
    conversion.gives(lambda rgb: twin(rgb[None] / np.float32(255), training=False))
    bundle = load_bundle(conversion.bundle)
    assert bundle.source.get("own_precision") == own
    assert list(bundle.precisions) == ["fp32", own][: 1 + (own is not None)]
    assert not types_of(bundle.model_file("fp32")) & set(OTHER_FLOATS)
    if own is not None:
        assert FLOAT16 in types_of(bundle.model_file(own))


class Halves(Classifier):
    """The classifier in float16, from the image to the scores.

    Attributes:
        gain: of a layer, which the next one takes back.
    """

    def __init__(self, gain: float = 1.0) -> None:
        super().__init__()
        self.gain = gain
        self.weights = {
            name: tf.Variable(tf.cast(value, tf.float16)) for name, value in self.weights.items()
        }

    def __call__(self, images: Any) -> Any:
        with tf.name_scope("loud"):
            louder = tf.nn.relu(images * self.gain)
        images = louder / self.gain
        masked = tf.where(images < 3, images, tf.fill(tf.shape(images), images.dtype.min))
        return super().__call__(masked)


def save_halves(folder: Path, gain: float = 1.0) -> tuple[Path, Halves]:
    module = Halves(gain)
    path = save(folder, module, module, images_of(None, HEIGHT, WIDTH, 3, dtype=tf.float16))
    return path, module


def test_a_graph_of_float16_becomes_float32_without_a_cast(
    tmp_path: Path, conversion: Conversion
) -> None:
    path, module = save_halves(tmp_path / "model")
    result = conversion(path)
    assert "fp16 is its own precision" in result.output
    assert "TensorFlow in float16, against TensorFlow in float32" in result.output
    weights = {name: tf.cast(value, tf.float32) for name, value in module.weights.items()}
    wide = Classifier()
    wide.weights = weights
    conversion.gives(lambda rgb: wide(rgb[None] / np.float32(255)))
    bundle = load_bundle(conversion.bundle)
    fp32 = onnx.load(str(bundle.model_file("fp32")))
    assert FLOAT16 not in types_of(bundle.model_file("fp32"))
    values = onnx.shape_inference.infer_shapes(fp32).graph.value_info
    floats = {one.name for one in values if one.type.tensor_type.elem_type == FLOAT32}
    casts = [node for node in fp32.graph.node if node.op_type == "Cast"]
    assert not [node.name for node in casts if floats.issuperset((*node.input, *node.output))]
    (measured,) = bundle.precisions["fp32"]["parity"]["rounding"]["tensors"]
    assert 0 < measured["max_abs"] < 0.01


def test_fp32_alone_is_made_where_that_is_asked_for(tmp_path: Path, conversion: Conversion) -> None:
    path, _ = save_halves(tmp_path / "model")
    conversion(path, "--precision", "fp32")
    assert list(load_bundle(conversion.bundle).precisions) == ["fp32"]


def test_a_layer_that_overflows_in_float16_is_refused_with_its_name(
    tmp_path: Path, conversion: Conversion
) -> None:
    """The gain itself is a float16, and twice the brightest pixel is not."""
    path, _ = save_halves(tmp_path / "model", gain=6e4)
    result = conversion.try_to(path, "--scale", "2/255")
    result.refused("float16", "set_dtype_policy('float32')", "loud", "float16 ends at 65504")
