"""Checkpoints, with the lines that save them as a SavedModel."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tf_keras

from test.converter.inputs.given_instead.printed_lines import (
    HEIGHT,
    IMAGES,
    WIDTH,
    assert_gives,
    refusal,
    run_lines,
    small_model,
)
from test.converter.networks import tf

v1 = tf.compat.v1
SHAPE = (None, HEIGHT, WIDTH, 3)


def blank(version: Any) -> Any:
    """The same model with other weights."""
    model = small_model(version)
    model.set_weights([np.zeros_like(one) for one in model.get_weights()])
    return model


@pytest.mark.parametrize("given", ["", "checkpoint", "ckpt-1", "ckpt-1.index"])
@pytest.mark.parametrize("version", [tf_keras, keras])
@pytest.mark.parametrize("attribute", ["model", "net"])
def test_a_model_beside_its_optimizer(
    attribute: str, version: Any, given: str, tmp_path: Path
) -> None:
    model, folder = small_model(version), tmp_path / "training"
    parts = {
        attribute: model,
        "optimizer": tf_keras.optimizers.legacy.SGD(),
        "step": tf.Variable(3),
    }
    checkpoint = tf.train.Checkpoint(**parts)
    checkpoint.save(str(folder / "ckpt"))
    message = refusal(folder / given)
    assert f"tf.train.Checkpoint({attribute}=model)" in message
    target = run_lines(message, build_model=lambda: blank(version))
    assert_gives(target, model.predict(IMAGES, verbose=0))


def test_weights_that_keras_2_saved(tmp_path: Path) -> None:
    model = small_model(tf_keras)
    model.save_weights(tmp_path / "weights.10")
    message = refusal(tmp_path)
    assert "tf.train.Checkpoint(model)" in message and "with Keras 2" in message
    target = run_lines(message, build_model=lambda: blank(tf_keras))
    assert_gives(target, model.predict(IMAGES, verbose=0))


def test_a_model_that_does_not_fit_the_checkpoint_is_not_saved(tmp_path: Path) -> None:
    tf.train.Checkpoint(model=small_model(keras)).save(str(tmp_path / "ckpt"))
    message = refusal(tmp_path)

    def other_model() -> Any:
        return small_model(keras, keras.layers.BatchNormalization())

    with pytest.raises(AssertionError, match="Python object"):
        run_lines(message, build_model=other_model)


def train_old(folder: Path) -> np.ndarray:
    """A checkpoint of TensorFlow 1 with the graph of the training; what it gives for ``IMAGES``."""
    with tf.Graph().as_default(), v1.Session() as session:
        image = v1.placeholder(tf.float32, SHAPE, "image")
        label = v1.placeholder(tf.float32, [None, 5], "label")
        weight = v1.get_variable("weight", (3, 5), use_resource=False)
        logits = tf.matmul(tf.reduce_mean(image, [1, 2]), weight, name="logits")
        scores = tf.nn.softmax(logits, name="scores")
        loss = tf.reduce_mean(tf.square(scores - label), name="loss")
        v1.train.GradientDescentOptimizer(0.1).minimize(loss)
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(folder / "model.ckpt"), 7)
        return np.asarray(session.run(scores, {image: IMAGES}))


@pytest.mark.parametrize("given", ["", "model.ckpt-7", "model.ckpt-7.meta"])
def test_tensorflow_1_with_the_graph_of_the_training(given: str, tmp_path: Path) -> None:
    expected = train_old(tmp_path / "training")
    message = refusal(tmp_path / "training" / given)
    assert "'image': tensor('image:0')," in message and "label" not in message
    assert_gives(run_lines(message), expected)


def test_tensorflow_1_without_a_graph(tmp_path: Path) -> None:
    expected = train_old(tmp_path)
    (tmp_path / "model.ckpt-7.meta").unlink()
    message = refusal(tmp_path)
    assert "there is no 'model.ckpt-7.meta'" in message

    def build_model(image: Any) -> Any:
        weight = v1.get_variable("weight", (3, 5), use_resource=False)
        return tf.nn.softmax(tf.matmul(tf.reduce_mean(image, [1, 2]), weight))

    target = run_lines(message, build_model=build_model, HEIGHT=HEIGHT, WIDTH=WIDTH)
    assert_gives(target, expected)


def test_a_saved_model_beside_a_checkpoint_is_named(color_module: Path, tmp_path: Path) -> None:
    tf.train.Checkpoint(model=small_model(keras)).save(str(tmp_path / "checkpoint" / "ckpt"))
    shutil.copytree(color_module, tmp_path / "saved_model")
    message = refusal(tmp_path / "checkpoint")
    assert f"did you mean '{tmp_path / 'saved_model'}'" in message


def test_an_unrelated_saved_model_in_the_next_folder_is_not_meant(
    color_module: Path, tmp_path: Path
) -> None:
    tf.train.Checkpoint(model=small_model(keras)).save(str(tmp_path / "mine" / "ckpt"))
    shutil.copytree(color_module, tmp_path / "other")
    message = refusal(tmp_path / "mine")
    assert "other" not in message and "tf.train.Checkpoint(model=model)" in message


@pytest.mark.parametrize("name", ["ckpt-1.index", "checkpoint"])
def test_a_checkpoint_that_is_damaged_is_told(name: str, tmp_path: Path) -> None:
    tf.train.Checkpoint(model=small_model(keras)).save(str(tmp_path / "ckpt"))
    (tmp_path / name).write_bytes(b"\xff\xfe{")
    message = refusal(tmp_path)
    assert ("cannot be read" in message) == (name != "checkpoint")  # which names the newest only
    assert "is a checkpoint" in message


def test_the_object_detection_api_has_a_program_for_it(tmp_path: Path) -> None:
    model = tf.Module()
    model._box_predictor = tf.Module()
    model._box_predictor.weight = tf.Variable([1.0])
    folder = tmp_path / "my ssd"
    tf.train.Checkpoint(model=model).save(str(folder / "checkpoint" / "ckpt"))
    (folder / "pipeline.config").write_text("model {}")
    _, command, _ = refusal(folder / "checkpoint").split("\n\n")
    program, *words = shlex.split(command)[1:]
    assert program.endswith("exporter_main_v2.py")
    options = dict(zip(words[::2], words[1::2], strict=True))
    assert options["--trained_checkpoint_dir"] == str(folder / "checkpoint")
    assert options["--pipeline_config_path"] == str(folder / "pipeline.config")
