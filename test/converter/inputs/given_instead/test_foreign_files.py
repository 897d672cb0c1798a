"""Files of other frameworks and for devices are named, with what to do instead."""

from __future__ import annotations

import json
import os
import pickle
import shlex
import shutil
import subprocess
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import keras
import onnx
import pytest

from converter.inputs.saved_model import read_saved_model
from test.color_bundle import write_color_bundle
from test.converter.inputs.given_instead.printed_lines import refusal, small_model
from test.converter.networks import tf


def test_tensorflow_lite_has_no_way_back(tmp_path: Path) -> None:
    file = tmp_path / "model.bin"  # whatever the name
    file.write_bytes(tf.lite.TFLiteConverter.from_keras_model(small_model(keras)).convert())
    message = refusal(file)
    assert "is a TensorFlow Lite model" in message and "SavedModel that it was made from" in message


def write_onnx(file: Path, **metadata: str) -> Path:
    node = onnx.helper.make_node("Relu", ["image"], ["result"])
    values = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1])
        for name in ("image", "result")
    ]
    graph = onnx.helper.make_graph([node], "graph", values[:1], values[1:])
    model = onnx.helper.make_model(graph, producer_name="some_exporter")
    onnx.helper.set_model_props(model, metadata)
    onnx.save(model, file)
    return file


def test_an_onnx_model_is_named_with_what_made_it(tmp_path: Path) -> None:
    message = refusal(write_onnx(tmp_path / "model.dat"))
    assert "is an ONNX model (made by some_exporter)" in message and "onnx2tf" in message
    message = refusal(write_onnx(tmp_path / "model.onnx", author="Ultralytics"))
    assert "yolo export model=FILE.pt format=saved_model" in message


def write_pytorch(file: Path, content: bytes) -> Path:
    """As torch.save writes it."""
    file.parent.mkdir(exist_ok=True, parents=True)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(content, 2))
        archive.writestr("archive/version", "3")
    return file


def test_a_pytorch_file_is_named(tmp_path: Path) -> None:
    assert "is a PyTorch file" in refusal(write_pytorch(tmp_path / "model.pth", b"weights"))
    (tmp_path / "old.pth").write_bytes(pickle.dumps(0x1950A86A20F9469CFC6C, 2))
    assert "is a PyTorch file" in refusal(tmp_path / "old.pth")


@pytest.mark.parametrize("given", ["my runs/train", "my runs/train/weights/best.pt"])
def test_a_model_of_ultralytics_is_exported_by_its_own_command(given: str, tmp_path: Path) -> None:
    file = write_pytorch(
        tmp_path / "my runs/train/weights/best.pt", b"ultralytics.nn.tasks DetectionModel"
    )
    message = refusal(tmp_path / given)
    words = shlex.split(message.split("\n\n")[1])
    assert words == ["yolo", "export", f"model={file}", "format=saved_model"]
    assert message.endswith(f"'{file.with_name('best_saved_model')}'")


def test_an_engine_goes_into_a_bundle_by_build(tmp_path: Path) -> None:
    file = tmp_path / "model.engine"
    description = json.dumps({"names": ["a"]}).encode()  # that Ultralytics puts before it
    file.write_bytes(len(description).to_bytes(4, "little") + description + b"ftrt\0\0")
    assert f"build BUNDLE --import-engine {file}" in refusal(file)


@pytest.mark.parametrize("given", ["", "model.json"])
def test_tensorflow_js(given: str, tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text(json.dumps({"format": "layers-model"}))
    assert "--input_format=tfjs_layers_model" in refusal(tmp_path / given)
    (tmp_path / "model.json").write_text(json.dumps({"format": "graph-model"}))
    assert "is a graph of TensorFlow.js" in refusal(tmp_path / given)


@pytest.mark.parametrize("given", ["", "model.json"])
def test_a_bundle_is_not_converted_again(given: str, tmp_path: Path) -> None:
    bundle = write_color_bundle(tmp_path / "bundle")
    message = refusal(bundle / given)
    assert f"'{bundle}' is a bundle" in message and "trt-inference detect" in message


def test_what_is_known_by_its_name_alone(tmp_path: Path) -> None:
    (tmp_path / "model.mlpackage").mkdir()
    assert "is a Core ML model" in refusal(tmp_path / "model.mlpackage")
    (tmp_path / "notes.txt").write_text("nothing")
    assert "is a file that is not known" in refusal(tmp_path / "notes.txt")


@pytest.mark.parametrize("kind", ["tar.gz", "zip"])
@pytest.mark.parametrize("inner", ["", "ssd/saved_model"])
def test_an_archive_is_unpacked_by_the_command_that_is_told(
    inner: str, kind: str, color_module: Path, tmp_path: Path
) -> None:
    shutil.copytree(color_module, tmp_path / "packed" / inner, dirs_exist_ok=True)
    file = tmp_path / f"my model.{kind}"
    if kind == "zip":
        shutil.make_archive(str(file.with_suffix("")), "zip", tmp_path / "packed")
    else:
        with tarfile.open(file, "w:gz") as archive:
            archive.add(tmp_path / "packed", ".")
    _, command, last = refusal(file).split("\n\n")
    subprocess.run(command, shell=True, check=True)
    unpacked = Path(last[len("Then give '") : -1])
    assert unpacked == tmp_path / "my model" / inner
    assert read_saved_model(unpacked).signature().name == "Detect"


def test_a_folder_is_searched_for_what_can_be_saved_again(tmp_path: Path) -> None:
    (tmp_path / "events.out").write_text("log")
    (tmp_path / "a.tflite").write_bytes(b"\x1c\0\0\0TFL3")
    small_model(keras).save(tmp_path / "model.keras")
    message = refusal(tmp_path)
    assert message.startswith(f"'{tmp_path}' has no SavedModel. '{tmp_path / 'model.keras'}' is")
    assert "keras.models.load_model(" in message


class Harm:
    """Runs a command where a pickle is loaded."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.proof}",)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("packed", [True, False])
def test_what_is_pickled_is_never_run(packed: bool, protocol: int, tmp_path: Path) -> None:
    content, file = pickle.dumps(Harm(tmp_path / "proof"), protocol), tmp_path / "model.pt"
    if packed:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("archive/data.pkl", content)
    else:
        file.write_bytes(content)
    assert str(file) in refusal(file)
    assert not (tmp_path / "proof").exists()


def test_little_that_is_unpacked_to_much_takes_no_memory(tmp_path: Path) -> None:
    largest = 64 << 20
    with zipfile.ZipFile(tmp_path / "model.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", "{}")
        with archive.open("config.json", "w") as part:
            for _ in range(8):
                part.write(bytes(largest))
    tracemalloc.start()
    try:
        assert "is damaged" in refusal(tmp_path / "model.keras")
        assert tracemalloc.get_traced_memory()[1] < 4 * largest
    finally:
        tracemalloc.stop()


def test_a_pipe_is_waited_for_by_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "model.json")
    assert "is a pipe or a device" in refusal(tmp_path / "model.json")
