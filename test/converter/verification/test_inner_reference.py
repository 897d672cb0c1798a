"""TensorFlow's own values of tensors inside of a SavedModel."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converter.errors import SavedModelError
from converter.export import inner_tensors
from converter.inputs.image_input import find_image
from converter.inputs.saved_model import read_saved_model
from converter.verification import inner_reference
from converter.verification.inner_reference import InnerReference
from test.converter.sources.graphs import Graph
from test.converter.sources.models import (
    Classifier,
    classify_values,
    features,
    images_of,
    random_weights,
    save,
    tf,
)

PIXELS = np.random.default_rng(4).random((32, 48, 3)).astype(np.float32)


def reference(folder: Path, name: str) -> InnerReference:
    saved_model = read_saved_model(folder)
    signature = saved_model.signature()
    inner = inner_tensors.InnerTensors(saved_model, signature).find(name)
    taken = replace(signature, outputs=(inner, *signature.outputs), whole=signature.outputs)
    return InnerReference(saved_model, taken, find_image(signature))


def save_with_variables(folder: Path) -> None:
    classifier = Classifier()

    @tf.function
    def inner(images: Any) -> Any:
        values = tf.identity(features(images, classifier.weights), name="features")
        return classify_values(values, classifier.weights)

    save(folder, classifier, lambda images: {"scores": inner(images)}, images_of(None, 32, 48, 3))


def save_graph(folder: Path) -> None:
    def build(weights: Any) -> Any:
        images = tf.compat.v1.placeholder(tf.float32, [None, 32, 48, 3], "images")
        values = tf.identity(features(images, weights), name="features")
        return {"images": images}, {"scores": classify_values(values, weights)}

    Graph(build, "ref").save_simply(folder)


@pytest.mark.parametrize("write", [save_with_variables, save_graph])
def test_values_inside_are_those_that_tensorflow_computes(write: Any, tmp_path: Path) -> None:
    write(tmp_path / "model")
    found = reference(tmp_path / "model", "features").run(PIXELS)
    weights = random_weights()
    expected = features(PIXELS[None], weights)
    np.testing.assert_allclose(found["features:0"], expected, atol=1e-5)
    np.testing.assert_allclose(found["scores"], classify_values(expected, weights), atol=1e-5)


def test_a_graph_that_is_not_the_model_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the optimizer changed what is computed while it unfolds calls."""
    save_with_variables(tmp_path / "model")
    flatten = inner_reference.flatten

    def changed(*arguments: Any) -> Any:
        graph = flatten(*arguments)
        for node in graph.node:
            if node.op == "Relu":
                node.op = "Elu"
        return graph

    monkeypatch.setattr(inner_reference, "flatten", changed)
    with pytest.raises(SavedModelError, match="gives other values for StatefulPartitionedCall"):
        reference(tmp_path / "model", "features").run(PIXELS)
