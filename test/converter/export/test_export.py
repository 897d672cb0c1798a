"""The export by tf2onnx, against TensorFlow on random images."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest

from converter.errors import ExportError
from converter.export.export import Export, ExportOptions, export
from converter.export.exported_network import Network
from converter.export.opsets import Opsets
from converter.inputs.image_input import ImageInput, find_image
from converter.inputs.pixels import Pixels
from converter.inputs.saved_model import read_saved_model
from converter.stages.assemble import assemble
from test.converter.color_model import color_head, color_network, load_color_network
from test.converter.expected import run_tensorflow
from test.converter.networks import tf


@pytest.fixture(scope="module")
def exported(color_module: Path, tmp_path_factory: pytest.TempPathFactory) -> Export:
    saved_model = read_saved_model(color_module)
    folder = tmp_path_factory.mktemp("export")
    signature = saved_model.signature("Detect")
    options = ExportOptions(opsets=Opsets(15))
    return export(saved_model, signature, find_image(signature, (48, 80)), options, folder)


def load(exported: Export, size: tuple[int, int] = (48, 80)) -> Network:
    model = onnx.ModelProto()
    model.CopyFrom(exported.model)
    image = ImageInput("Images", "float32", "NHWC", 3, *size, -1, 4)
    return Network(model, 15, image, exported.folder, exported.answer.outputs)


def test_variables_of_another_model_are_explained(
    color_module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # in a process of its own, whose log is read
    copy, other = Path(shutil.copytree(color_module, tmp_path / "copy")), tf.Module()
    other.something_else = tf.Variable([1.0])
    tf.saved_model.save(other, str(tmp_path / "other"))
    shutil.rmtree(copy / "variables")
    shutil.copytree(tmp_path / "other" / "variables", copy / "variables")
    saved_model = read_saved_model(copy)
    signature = saved_model.signature("Detect")
    with pytest.raises(ExportError, match="variables/ are of another graph") as error:
        export(saved_model, signature, find_image(signature, (48, 80)), ExportOptions(), tmp_path)
    assert "report it" not in str(error.value)


def test_a_named_signature_gives_tensorflows_outputs_by_name(
    exported: Export, color_module: Path
) -> None:
    image = np.random.default_rng(3).random((48, 80, 3), np.float32)
    expected = run_tensorflow(color_module, "Detect", image[None])
    found = load(exported).run(image)
    assert found.keys() == expected.keys()
    for name, value in found.items():
        np.testing.assert_allclose(value, expected[name], atol=1e-5)


def test_the_opset_is_the_one_that_was_asked_for(exported: Export) -> None:
    assert {entry.version for entry in exported.model.opset_import if not entry.domain} == {15}


def test_sizes_that_the_graph_leaves_open_are_known_after_a_run(exported: Export) -> None:
    network = load(exported)
    by_name = {tensor.name: tensor.shape for tensor in network.outputs}
    assert by_name == {"Predictions": (-1, 6 * 10, 7), "Brightness": (-1, 3)}


def test_damaged_weights_end_with_the_reason_and_a_remedy(
    color_module: Path, tmp_path: Path
) -> None:
    damaged = Path(shutil.copytree(color_module, tmp_path / "damaged"))
    data = next((damaged / "variables").glob("variables.data-*"))
    data.write_bytes(data.read_bytes()[:10])
    saved_model = read_saved_model(damaged)
    with pytest.raises(ExportError) as error:
        signature = saved_model.signature("Detect")
        image = find_image(signature, (64, 64))
        export(saved_model, signature, image, ExportOptions(), tmp_path)
    message = str(error.value)
    assert "Read less bytes than requested" in message
    assert "export the model again" in message
    assert "Traceback" not in message
    assert 'File "' not in message


def test_a_size_that_the_network_cannot_take_is_named() -> None:
    image = ImageInput("images", "float32", "NHWC", 3, 50, 100, -1, 4)
    with pytest.raises(ExportError, match="on 100x50 pixels"):
        Network(color_network(), 17, image)


def test_operators_that_only_some_runtimes_have_are_refused_by_name() -> None:
    model = color_network()
    model.graph.node[-1].output[0] = "unscaled"
    model.graph.node.append(
        onnx.helper.make_node(
            "Scaler", ["unscaled"], ["predictions"], domain="ai.onnx.ml", scale=[1.0], offset=[0.0]
        )
    )
    model.opset_import.append(onnx.helper.make_opsetid("ai.onnx.ml", 3))
    network = load_color_network()
    network.model = model
    with pytest.raises(ExportError, match=r"ai\.onnx\.ml\.Scaler"):
        assemble(network, Pixels(), color_head(network), 5)
