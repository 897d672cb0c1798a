"""What a SavedModel tells of the Python code behind its nodes."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tf_keras

from converter.compatibility.python_names import name_in_python
from converter.cuts.written_as import WrittenAs
from converter.export.inner_tensors import InnerTensors
from converter.inputs.saved_model import read_saved_model
from test.converter.sources.models import images_of, tf


def picked(images: Any) -> Any:
    """Its third line is the one that makes the Where."""
    best = tf.reduce_max(images, -1)
    return tf.boolean_mask(best, best > 0.5)


def save(folder: Path, *, debug: bool) -> None:
    options = tf.saved_model.SaveOptions(save_debug_info=debug)
    function = tf.function(picked, [images_of(None, 8, 8, 3)])
    tf.saved_model.save(tf.Module(), str(folder), signatures=function, options=options)


def node_of(folder: Path, operator: str) -> str:
    saved_model = read_saved_model(folder)
    view = InnerTensors(saved_model, saved_model.signature()).view
    (name,) = [name for name, node in view.nodes.items() if node.op == operator]
    return name


def test_debug_info_gives_the_line_of_the_user(tmp_path: Path) -> None:
    save(tmp_path, debug=True)
    _, start = inspect.getsourcelines(picked)
    found = WrittenAs(tmp_path).line(node_of(tmp_path, "Where"))
    assert found == f"{Path(__file__).name}, line {start + 3}"


def test_without_debug_info_no_line_is_made_up(tmp_path: Path) -> None:
    save(tmp_path, debug=False)
    assert WrittenAs(tmp_path).line(node_of(tmp_path, "Where")) == ""


def test_broken_files_tell_nothing(tmp_path: Path) -> None:
    save(tmp_path, debug=True)
    noise = np.random.default_rng(0).integers(0, 256, 500, np.uint8).tobytes()
    (tmp_path / "debug" / "saved_model_debug_info.pb").write_bytes(noise)
    (tmp_path / "keras_metadata.pb").write_bytes(noise)
    written = WrittenAs(tmp_path)
    assert (written.line("a/Where"), written.layer("a/Where")) == ("", "")


def test_keras_2_tells_class_and_settings_of_a_layer(tmp_path: Path) -> None:
    images = tf_keras.Input((8, 8, 3))
    values = tf_keras.layers.UpSampling2D(2, interpolation="bicubic", name="larger")(images)
    tf_keras.Model(images, values).save(tmp_path, save_format="tf")
    assert WrittenAs(tmp_path).layer(node_of(tmp_path, "ResizeBicubic")) == (
        'larger, which is keras.layers.UpSampling2D(interpolation="bicubic")'
    )


@pytest.mark.parametrize(
    ("node", "layer"),
    [
        ("model/up_sampling2d_3/resize/ResizeBicubic", "up_sampling2d_3, named as Keras names"),
        ("functional_1/up_sampling2d_3_1/ResizeBicubic", "up_sampling2d_3_1, named as Keras names"),
        ("model/mine/ResizeBicubic", ""),
    ],
)
def test_layers_with_the_usual_names_are_said_to_have_them(
    node: str, layer: str, tmp_path: Path
) -> None:
    found = WrittenAs(tmp_path).layer(node)
    assert found.startswith(layer)
    assert bool(found) == bool(layer)


@pytest.mark.parametrize(
    ("operator", "scopes", "name"),
    [
        ("OneHot", ["a"], "tf.one_hot"),
        ("Where", ["a", "boolean_mask_2"], "tf.boolean_mask"),
        ("Where", ["a"], "tf.where with one argument"),
        ("MatrixBandPart", [], "tf.linalg.band_part"),  # as TensorFlow itself offers it
        ("MadeUp", [], ""),
    ],
)
def test_operators_have_the_names_of_python(operator: str, scopes: list[str], name: str) -> None:
    assert name_in_python(operator, scopes) == name
