"""SavedModels of every make: Keras 3, Keras 2, tf.Module, and TensorFlow 1."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from test.converter.command_line import run_here
from test.converter.sources.conversion import Conversion
from test.converter.sources.graphs import Graph, Tensors, v1
from test.converter.sources.keras_models import keras_model
from test.converter.sources.models import (
    Classifier,
    classify,
    classify_values,
    features,
    images_of,
    save,
    tf,
)
from trt_inference.bundles.bundle import load_bundle
from trt_inference.errors import BundleError


def fractions(rgb: np.ndarray) -> np.ndarray:
    return rgb[None] / np.float32(255)


KERAS: dict[str, tuple[str, Callable[[Any, str], Any]]] = {
    "Keras 3, export": ("keras", lambda model, path: model.export(path, verbose=False)),
    "Keras 3, tf.saved_model.save": ("keras", tf.saved_model.save),
    "Keras 2, save": ("tf_keras", lambda model, path: model.save(path, save_format="tf")),
}


@pytest.mark.parametrize(("package", "write"), KERAS.values(), ids=KERAS.keys())
def test_a_keras_model_converts(
    package: str, write: Callable[[Any, str], Any], tmp_path: Path, conversion: Conversion
) -> None:
    model = keras_model(importlib.import_module(package))
    write(model, str(tmp_path / "model"))
    conversion(tmp_path / "model")
    conversion.gives(lambda rgb: model(fractions(rgb), training=False))


class Nested(tf.Module):
    """Functions that call functions, a tuple of results, and two parts whose variables have the
    same names."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = [Classifier(), Classifier()]
        for weight in self.parts[1].weights.values():
            weight.assign(weight * 0.5)

    @tf.function
    def prepare(self, images: Any) -> Any:
        return images * 2 - 1

    @tf.function(input_signature=[images_of(None, 32, 48, 3)])
    def __call__(self, images: Any) -> tuple[Any, Any]:
        one, other = (tf.function(part)(self.prepare(images)) for part in self.parts)
        return 0.8 * one + 0.2 * other, tf.reduce_mean(images, [1, 2, 3])


def test_outputs_without_names_are_numbered(tmp_path: Path, conversion: Conversion) -> None:
    module = Nested()
    tf.saved_model.save(module, str(tmp_path / "model"))
    result = conversion(tmp_path / "model")
    assert "output_0: float32 [?, 5]" in result.output
    conversion.gives(lambda rgb: module(fractions(rgb))[0])


def test_one_of_several_signatures_is_chosen_by_name(
    tmp_path: Path, conversion: Conversion
) -> None:
    classifier = Classifier()
    narrow, wide = (
        tf.function(function).get_concrete_function(images_of(None, 32, width, 3))
        for function, width in ((lambda images: classifier(images * 2 - 1), 48), (classifier, 64))
    )
    tf.saved_model.save(
        classifier, str(tmp_path / "model"), signatures={"narrow": narrow, "wide": wide}
    )
    result = conversion.try_to(tmp_path / "model")
    result.refused("no signature 'serving_default'", "--signature narrow | wide")
    conversion(tmp_path / "model", "--signature", "narrow")
    conversion.gives(lambda rgb: classifier(fractions(rgb) * 2 - 1))


def save_beside_a_training(folder: Path, classifier: Classifier, name: str) -> Path:
    """A SavedModel with the step of a training under ``name``."""

    def train(images: Any, labels: Any) -> dict[str, Any]:
        return {"loss": tf.reduce_mean(tf.square(classifier(images) - labels))}

    def predict(images: Any) -> dict[str, Any]:
        return {"scores": classifier(images)}

    images, labels = images_of(None, 32, 48, 3), tf.TensorSpec((None, 5), name="labels")
    signatures = {
        name: tf.function(train).get_concrete_function(images, labels),
        "predict": tf.function(predict).get_concrete_function(images),
    }
    tf.saved_model.save(classifier, str(folder), signatures=signatures)
    return folder


@pytest.mark.parametrize("name", ["serving_default", "train"])
def test_the_signature_beside_the_step_of_a_training_is_named_first(
    name: str, tmp_path: Path, conversion: Conversion, capsys: pytest.CaptureFixture[str]
) -> None:
    classifier = Classifier()
    model = save_beside_a_training(tmp_path / "model", classifier, name)
    result = conversion.try_to(model)
    advice = "choose --signature predict, which takes images and gives scores"
    result.refused(advice)
    if name == "serving_default":
        training = "signature 'serving_default' takes images, labels and gives loss"
        result.refused(f"error: {training}, which is hardly an inference: {advice}")
        # Where the export succeeds, the outputs tell nothing.
        fixed = conversion.try_to(model, "--set", "labels=0")
        fixed.refused(f"error: {training}, which is hardly an inference: {advice}")
    assert advice in run_here(capsys, "inspect", model).output
    chosen = conversion.try_to(model, "--signature", name)
    assert chosen.exit_code == 1 and advice not in chosen.output
    conversion(model, "--signature", "predict")
    conversion.gives(lambda rgb: classifier(fractions(rgb)))


def classifier_graph(weights: Tensors) -> tuple[Tensors, Tensors]:
    images = v1.placeholder(tf.float32, (None, 32, 48, 3), "images")
    return {"images": images}, {"scores": classify(images * 2 - 1, weights)}


GRAPHS: dict[str, tuple[str, Callable[[Graph, Path], Path]]] = {
    "simple_save, reference variables": ("ref", Graph.save_simply),
    "two graphs, one for a GPU": (
        "resource",
        lambda graph, folder: graph.save(folder, ["train"], ["serve", "gpu"]),
    ),
    "frozen, without a tag": ("none", lambda graph, folder: graph.save(folder, [])),
}


@pytest.mark.parametrize(("variables", "write"), GRAPHS.values(), ids=GRAPHS.keys())
def test_a_graph_of_tensorflow_1_converts(
    variables: str, write: Callable[[Graph, Path], Path], tmp_path: Path, conversion: Conversion
) -> None:
    graph = Graph(classifier_graph, variables)
    conversion(write(graph, tmp_path / "model"))
    conversion.gives(lambda rgb: graph.run("scores", images=fractions(rgb)))


def test_devices_of_the_training_are_forgotten(tmp_path: Path, conversion: Conversion) -> None:
    graph, elsewhere = Graph(classifier_graph), tmp_path / "elsewhere"
    graph.save_simply(elsewhere)
    conversion(_moved_to_devices(elsewhere, tmp_path / "model"))
    conversion.gives(lambda rgb: graph.run("scores", images=fractions(rgb)))


def _moved_to_devices(saved_model: Path, copy: Path) -> Path:
    """The same graph as text, with its weights on a server and its layers on a second GPU."""
    from google.protobuf import text_format
    from tensorflow.core.protobuf import saved_model_pb2

    shutil.copytree(saved_model, copy)
    message = saved_model_pb2.SavedModel()
    message.ParseFromString((copy / "saved_model.pb").read_bytes())
    for node in message.meta_graphs[0].graph_def.node:
        node.device = {"VarHandleOp": "/job:ps/task:0", "Conv2D": "/device:GPU:1"}.get(node.op, "")
    (copy / "saved_model.pb").unlink()
    (copy / "saved_model.pbtxt").write_text(text_format.MessageToString(message), "utf-8")
    return copy


def test_weights_that_do_not_fit_into_one_file_have_their_own(
    tmp_path: Path, conversion: Conversion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("converter.onnx_tools.storage.LARGEST_FILE", 1000)
    graph = Graph(classifier_graph)
    conversion(graph.save_simply(tmp_path / "model"))
    entry = load_bundle(conversion.bundle).precisions["fp32"]
    assert entry["data"]["bytes"] > entry["bytes"]
    conversion.gives(lambda rgb: graph.run("scores", images=fractions(rgb)))
    weights = conversion.bundle / entry["data"]["file"]
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(BundleError, match="was changed"):
        load_bundle(conversion.bundle).model_file("fp32")


def training_graph(weights: Tensors) -> tuple[Tensors, Tensors]:
    """Dropout with a default, and statistics by a flag without one."""
    images = v1.placeholder(tf.float32, (None, 32, 48, 3), "images")
    keep_prob = v1.placeholder_with_default(np.float32(1), (), "keep_prob")
    training = v1.placeholder(tf.bool, (), "training")
    values = features(images * 2 - 1, weights)
    dropped = tf.nn.dropout(values, rate=1 - keep_prob)
    values = v1.cond(training, lambda: dropped * 0, lambda: dropped)
    inputs = {"images": images, "keep_prob": keep_prob, "training": training}
    return inputs, {"scores": classify_values(values, weights)}


def test_switches_of_the_training_are_fixed(tmp_path: Path, conversion: Conversion) -> None:
    graph = Graph(training_graph, "ref", control_flow=1)
    model = graph.save_simply(tmp_path / "model")
    conversion.try_to(model).refused("inputs beside the image: training", "--set training=1")
    conversion(model, "--set", "training=false")
    conversion.gives(
        lambda rgb: graph.run("scores", images=fractions(rgb), keep_prob=1, training=False)
    )


def hidden_switch_graph(weights: Tensors) -> tuple[Tensors, Tensors]:
    """As TF-Slim has it: batch statistics by a flag that the signature does not name."""
    images = v1.placeholder(tf.float32, (None, 32, 48, 3), "images")
    training = v1.placeholder_with_default(False, (), "is_training")
    values = features(images * 2 - 1, weights)
    values = v1.cond(training, lambda: values - tf.reduce_mean(values, 0), lambda: values + 0)
    keep_prob = v1.cond(training, lambda: tf.constant(0.5), lambda: tf.constant(1.0))
    return {"images": images}, {"scores": classify_values(values * keep_prob, weights)}


@pytest.mark.parametrize("control_flow", [1, 2])
def test_a_switch_that_the_signature_does_not_name_takes_its_default(
    control_flow: int, tmp_path: Path, conversion: Conversion
) -> None:
    graph = Graph(hidden_switch_graph, control_flow=control_flow)
    conversion(graph.save_simply(tmp_path / "model"))
    conversion.gives(lambda rgb: graph.run("scores", images=fractions(rgb)))


def test_other_inputs_take_the_values_of_the_command(
    tmp_path: Path, conversion: Conversion
) -> None:
    classifier = Classifier()

    def predict(images: Any, gains: Any, training: Any) -> dict[str, Any]:
        scaled = images * gains - 1
        scores = tf.cond(training, lambda: classifier(-scaled), lambda: classifier(scaled))
        return {"scores": scores}

    model = save(
        tmp_path / "model",
        classifier,
        predict,
        images_of(None, 32, 48, 3),
        tf.TensorSpec((3,), tf.float32, name="gains"),
        tf.TensorSpec((), tf.bool, name="training"),
    )
    conversion(model, "--set", "training=false", "--set", "gains=2,1.5,2.5")
    gains = np.array([2, 1.5, 2.5], np.float32)
    conversion.gives(lambda rgb: classifier(fractions(rgb) * gains - 1))


def hub_graph(weights: Tensors) -> tuple[Tensors, Tensors]:
    """As a module of TensorFlow 1's Hub: its result, and what a layer gives."""
    inputs, outputs = classifier_graph(weights)
    return inputs, {
        "default": outputs["scores"],
        "block_1/map": features(inputs["images"], weights),
    }


def test_a_hub_module_gives_its_result_from_the_graph_without_a_tag(
    tmp_path: Path, conversion: Conversion
) -> None:
    graph = Graph(hub_graph, "ref")
    model = graph.save(tmp_path / "model", ["train"], [], signature="default")
    result = conversion(model)
    assert "left out: block_1/map" in result.output
    conversion.gives(lambda rgb: graph.run("default", images=fractions(rgb)))


def test_the_graph_without_a_tag_is_chosen_by_an_empty_one(
    tmp_path: Path, conversion: Conversion
) -> None:
    graph = Graph(classifier_graph, "ref")
    model = graph.save(tmp_path / "model", ["other"], [])
    conversion.try_to(model).refused("2 graphs", '--tag other | --tag ""')
    conversion(model, "--tag", "")
    conversion.gives(lambda rgb: graph.run("scores", images=fractions(rgb)))
