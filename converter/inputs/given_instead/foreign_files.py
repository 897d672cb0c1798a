"""Files of other frameworks, and files for devices, from which no SavedModel can be made here."""

import pickletools
from pathlib import Path
from typing import Any, Optional

from converter.inputs.given_instead.how_to_save import beside, shell_word
from converter.inputs.given_instead.untrusted import (
    is_too_large,
    json_object,
    parts_of_zip,
    read_part,
)

_ITS_SOURCE = "give the SavedModel that it was made from"
_ENGINE = b"ftrt"  # Ultralytics puts a description before it
_LIBRARY = "ultralytics"
# By the end of the name, where the content tells less than that.
_BY_SUFFIX = {
    ".mlmodel": "a Core ML model",
    ".mlpackage": "a Core ML model",
    ".caffemodel": "a model of Caffe",
    ".prototxt": "a model of Caffe",
    ".safetensors": "a file of weights (safetensors), which needs the code that built the model",
    ".msgpack": "a file of weights (Flax), which needs the code that built the model",
    ".param": "a model of ncnn",
    ".weights": "a file of weights of Darknet",
    ".cfg": "a model of Darknet without its weights",
    ".pdmodel": "a model of PaddlePaddle",
    ".mnn": "a model of MNN",
    ".uff": "a model in UFF",
    ".blob": "a model for OpenVINO",
    ".hef": "a model for Hailo",
}


def describe_foreign(path: Path) -> Optional[str]:
    """What ``path`` is, where another framework or a converter has made it, and what to do; None
    where that is not known."""
    by_suffix = _BY_SUFFIX.get(path.suffix)
    if by_suffix:
        return f"'{path}' is {by_suffix}. Only SavedModels of TensorFlow can be converted"
    if path.is_dir():
        return _describe_folder(path)
    with path.open("rb") as stream:
        start = stream.read(1 << 16)
    if start[4:8] == b"TFL3":
        return (
            f"'{path}' is a TensorFlow Lite model, from which there is no way back to TensorFlow: "
            f"{_ITS_SOURCE}. TFLite Model Maker saves one too, with model.export(DIR, "
            "export_format=[ExportFormat.SAVED_MODEL])"
        )
    if start[:4] == _ENGINE or (start[4:5] == b"{" and _ENGINE in start):
        return (
            f"'{path}' is an engine of TensorRT, which is no source for a bundle: {_ITS_SOURCE}. "
            f"trt-inference build BUNDLE --import-engine {shell_word(path)} takes it into a bundle "
            "of the same model"
        )
    if path.name == "model.json":
        return _describe_tensorflow_js(path)
    return _describe_pytorch(path, start) or _describe_onnx(path, start)


def _describe_folder(path: Path) -> Optional[str]:
    """The folder of a training with Ultralytics, of TensorFlow.js, or for OpenVINO."""
    if (path / "model.json").is_file():
        return _describe_tensorflow_js(path / "model.json")
    best = path / "weights" / "best.pt"
    if best.is_file():
        return describe_foreign(best)
    if any(path.glob("*.xml")) and any(path.glob("*.bin")):
        return f"'{path}' is a model for OpenVINO. Only SavedModels of TensorFlow can be converted"
    return None


def _describe_tensorflow_js(path: Path) -> Optional[str]:
    kind = json_object(path.read_bytes()).get("format")
    if kind is None:
        return None
    if kind != "layers-model":
        return f"'{path}' is a graph of TensorFlow.js: {_ITS_SOURCE}"
    return "\n".join(
        (
            f"'{path}' is a Keras model for TensorFlow.js. Its converter saves it as a SavedModel "
            "(pip install tensorflowjs):",
            "",
            "tensorflowjs_converter --input_format=tfjs_layers_model "
            f"--output_format=keras_saved_model {shell_word(path)} {shell_word(beside(path))}",
            "",
            f"Then give '{beside(path)}'",
        )
    )


def _describe_pytorch(path: Path, start: bytes) -> Optional[str]:
    """Of PyTorch, in its archive or in the pickle of earlier versions."""
    pickles = [name for name in parts_of_zip(path) if name.endswith("/data.pkl")]
    if pickles:
        content = read_part(path, pickles[0])
    elif start[:1] == b"\x80" and _is_pickle(start):
        content = start
    else:
        return None
    if _LIBRARY.encode() in content:
        return _describe_ultralytics(path)
    return (
        f"'{path}' is a PyTorch file. Only SavedModels of TensorFlow can be converted: export it "
        "to ONNX, of which the program onnx2tf makes a SavedModel"
    )


def _is_pickle(start: bytes) -> bool:
    try:
        return next(iter(pickletools.genops(start)))[0].name == "PROTO"
    except (ValueError, StopIteration):
        return False


def _describe_ultralytics(path: Path) -> str:
    return "\n".join(
        (
            f"'{path}' is a model of Ultralytics (PyTorch). Ultralytics saves it as a SavedModel:",
            "",
            f"yolo export model={shell_word(path)} format=saved_model",
            "",
            f"Then give '{path.absolute().parent / path.stem}_saved_model'",
        )
    )


def _describe_onnx(path: Path, start: bytes) -> Optional[str]:
    """Of ONNX, whose message begins with the version of its format, a small number."""
    if not (path.suffix == ".onnx" or start[:1] == b"\x08") or is_too_large(path):
        return None
    producer, library = _onnx_producer(path)
    if producer is None:
        return None
    if library:
        return (
            f"'{path}' is an ONNX model of Ultralytics: yolo export model=FILE.pt "
            "format=saved_model saves the model that it was made from as a SavedModel"
        )
    return (
        f"'{path}' is an ONNX model{producer}. Bundles are made from TensorFlow, with which they "
        f"are compared: {_ITS_SOURCE}. Of a model of another framework, the program onnx2tf makes "
        "a SavedModel"
    )


def _onnx_producer(path: Path) -> Any:
    """By what it was made, in words, and whether that is Ultralytics; None where the file is no
    model."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(str(path), load_external_data=False)
    except DecodeError:
        return None, False
    if not model.graph.node:
        return None, False
    texts = " ".join(entry.value for entry in model.metadata_props).lower()
    made_by = f" (made by {model.producer_name})" if model.producer_name else ""
    return made_by, _LIBRARY in texts
