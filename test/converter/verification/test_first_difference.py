"""The first wrong layer of a network that was exported wrongly is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from converter.commands import prepare
from converter.commands.convert_options import SourceOptions
from converter.inputs.dataset import Dataset
from converter.inputs.pixels import Pixels
from converter.inputs.sample import Sample
from converter.verification.first_difference import first_difference
from converter.verification.source_model import SourceModel
from converter.verification.tensorflow_reference import FlatGraph, Reference
from test.converter.command_line import run_here
from trt_inference.bundles.bundle import Fitting

FRAME = np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three convolutions with names, after each other."""
    import keras

    keras.utils.set_random_seed(3)
    values = images = keras.Input((32, 32, 3), name="images")
    for name in ("early", "middle", "late"):
        values = keras.layers.Conv2D(8, 3, 2, activation="tanh", name=name)(values)
    scores = keras.layers.Softmax()(keras.layers.GlobalAveragePooling2D()(values))
    folder = tmp_path_factory.mktemp("layers") / "model"
    keras.Model(images, scores).export(str(folder), verbose=False)
    return folder


def export(model: Path, folder: Path) -> tuple[prepare.Source, prepare.Export, prepare.Network]:
    options = SourceOptions(model)
    source = prepare.read_source(options)
    return source, *prepare.export_network(source, options, folder)


def damage(network: prepare.Network, layer: str) -> None:
    """Change a weight of one convolution."""
    (node,) = [
        node for node in network.model.graph.node if node.op_type == "Conv" and layer in node.name
    ]
    (weight,) = [
        constant for constant in network.model.graph.initializer if constant.name == node.input[1]
    ]
    values = onnx.numpy_helper.to_array(weight) * 1.5
    weight.CopyFrom(onnx.numpy_helper.from_array(values, weight.name))


@pytest.mark.parametrize("layer", ["early", "middle", "late"])
def test_the_layer_with_the_changed_weight_is_named(
    layer: str, model: Path, tmp_path: Path
) -> None:
    source, exported, network = export(model, tmp_path)
    damage(network, layer)
    reference = Reference(source.saved_model, source.signature, source.image)
    flat = FlatGraph(tmp_path / "network.pb", exported.answer)
    dataset = Dataset((Sample("noise", None, FRAME),), None, synthetic=True)
    options = SourceOptions(model)
    seen = prepare.run_on_images(network, Pixels(), dataset, Fitting("stretch"))
    head = prepare.recognise_head(seen, source, exported.answer, None, options).head
    message = first_difference(SourceModel(reference, network, head, Pixels(), flat), FRAME)
    assert f"/{layer}" in message
    assert "first layer where the two differ" in message


def test_the_command_line_names_it_and_keeps_the_old_bundle(
    model: Path,
    color_bundle: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sound = prepare.export_network

    def damaged(*arguments: object) -> object:
        exported, network = sound(*arguments)  # type: ignore[arg-type]
        damage(network, "middle")
        network._session = network.open(network.model)
        return exported, network

    monkeypatch.setattr("converter.commands.convert.export_network", damaged)
    before = (color_bundle / "model.json").read_bytes()
    result = run_here(capsys, "convert", model, "--output", color_bundle, "--overwrite")
    result.refused("differs from TensorFlow's", "first layer where the two differ", "/middle")
    assert (color_bundle / "model.json").read_bytes() == before
