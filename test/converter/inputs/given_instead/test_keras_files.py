"""Files of Keras, with the lines that save them as a SavedModel."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
import tf_keras

from test.converter.inputs.given_instead.printed_lines import (
    IMAGES,
    assert_gives,
    refusal,
    run_lines,
    small_model,
)

KERAS = {"2": tf_keras, "3": keras}


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "best.hdf5", "checkpoint_best"])
@pytest.mark.parametrize("version", KERAS)
def test_a_whole_model(version: str, name: str, tmp_path: Path) -> None:
    model, file = small_model(KERAS[version]), tmp_path / name
    saved = file if file.suffix else file.with_suffix(".h5")
    model.save(saved)
    saved.rename(file)
    message = refusal(file)
    assert f"saved by Keras {version}." in message.partition("\n")[0]
    assert_gives(run_lines(message), model.predict(IMAGES, verbose=0))


@pytest.mark.parametrize("version", KERAS)
def test_an_unpacked_archive(version: str, tmp_path: Path) -> None:
    model = small_model(KERAS[version])
    model.save(tmp_path / "packed.keras")
    with zipfile.ZipFile(tmp_path / "packed.keras") as archive:
        archive.extractall(tmp_path / "model")
    message = refusal(tmp_path / "model")
    assert "was unpacked" in message
    assert_gives(run_lines(message), model.predict(IMAGES, verbose=0))


class Double(keras.layers.Layer):
    def call(self, values: Any) -> Any:
        return values * 2


class OldDouble(tf_keras.layers.Layer):
    def call(self, values: Any) -> Any:
        return values * 2


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
@pytest.mark.parametrize(("version", "own"), [("2", OldDouble), ("3", Double)])
def test_layers_of_the_users_own_are_named(
    version: str, own: type, name: str, tmp_path: Path
) -> None:
    model, file = small_model(KERAS[version], own()), tmp_path / name
    model.save(file)
    message = refusal(file)
    assert f"# import {own.__name__} here, from the code that trained the model" in message
    assert_gives(run_lines(message, **{own.__name__: own}), model.predict(IMAGES, verbose=0))


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_layer_with_code_in_the_file_is_loaded(name: str, tmp_path: Path) -> None:
    layer = keras.layers.Lambda(lambda values: values * 2, output_shape=lambda shape: shape)
    model = small_model(keras, layer)
    model.save(tmp_path / name)
    assert_gives(run_lines(refusal(tmp_path / name)), model.predict(IMAGES, verbose=0))


@pytest.mark.parametrize(
    ("version", "name"), [("3", "some.weights.h5"), ("2", "some.weights.h5"), ("2", "some.h5")]
)
def test_weights_alone_need_the_code(version: str, name: str, tmp_path: Path) -> None:
    model, file = small_model(KERAS[version]), tmp_path / name
    model.save_weights(file)
    message = refusal(file)
    assert "weights of a Keras model without its layers" in message

    def build_model() -> Any:
        other = small_model(KERAS[version])
        other.set_weights([np.zeros_like(one) for one in other.get_weights()])
        return other

    target = run_lines(message, build_model=build_model)
    assert_gives(target, model.predict(IMAGES, verbose=0))


def test_weights_of_keras_2_with_a_name_of_keras_3(tmp_path: Path) -> None:
    """TensorFlow before 2.12 wrote them by layers, whatever the name."""
    model, file = small_model(tf_keras), tmp_path / "some.weights.h5"
    model.save_weights(tmp_path / "plain.h5")
    (tmp_path / "plain.h5").rename(file)
    target = run_lines(refusal(file), build_model=lambda: small_model(keras))
    assert_gives(target, model.predict(IMAGES, verbose=0))


def test_a_file_that_was_cut_short_is_told(tmp_path: Path) -> None:
    file = tmp_path / "model.h5"
    with h5py.File(file, "w") as stream:
        stream["values"] = np.zeros(5000)
    file.write_bytes(file.read_bytes()[:3000])
    assert "Copy it again" in refusal(file)


@pytest.mark.parametrize("config", [b"{", b"\xff\xfe", b"[]", b"null", b'{"a":' * 9000])
def test_a_description_that_is_damaged_is_told(config: bytes, tmp_path: Path) -> None:
    file = tmp_path / "model.keras"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("config.json", config)
        archive.writestr("metadata.json", "[]")
    assert "copy it again" in refusal(file)
    with h5py.File(tmp_path / "model.h5", "w") as stream:
        stream.attrs["model_config"] = np.void(config)
        stream.attrs["keras_version"] = np.array([2, 3])
    assert "HDF5" in refusal(tmp_path / "model.h5")
