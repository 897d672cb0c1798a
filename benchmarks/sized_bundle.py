"""A bundle whose network takes images of any size, computes nothing, and always finds the same."""

import json
import shutil
from pathlib import Path
from typing import Any, Dict, List, Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from converter.bundle.write_bundle import write_manifest
from trt_inference.bundles.bundle import load_bundle, sha256_of_file
from trt_inference.bundles.manifest import MANIFEST
from trt_inference.bundles.names import BOXES
from trt_inference.engines.backends import open_engine
from trt_inference.inference.frame import Frame
from trt_inference.inference.preprocess import Preprocessor

_OPSET = 13
_IR_VERSION = 8
_NOTHING = "nothing"


def write_sized_bundle(
    source: Path, output: Path, size: int, found: Mapping[str, np.ndarray]
) -> Path:
    """Write a bundle that takes ``size`` x ``size`` and finds what ``candidates_of`` gave, in the
    same parts of the image.

    Args:
        source: bundle of a detector, which the rest of the manifest is from.
        found: outputs by name, ``[1, K, …]``.
    """
    shutil.rmtree(str(output), ignore_errors=True)
    output.mkdir(parents=True)
    manifest: Dict[str, Any] = json.loads((source / MANIFEST).read_text("utf-8"))
    spec = manifest["input"]
    scaled = dict(found)
    scaled[BOXES] = found[BOXES] * np.float32(size / max(spec["height"], spec["width"]))
    spec["height"] = spec["width"] = size
    shutil.copyfile(str(source / manifest["labels"]["file"]), str(output / "labels.txt"))
    file = output / "fp32.onnx"
    onnx.save(_network(spec["name"], size, scaled), str(file))
    entry = {"file": file.name, "sha256": sha256_of_file(file), "bytes": file.stat().st_size}
    manifest["precisions"] = {"fp32": entry}
    manifest["labels"]["file"] = "labels.txt"
    manifest["name"] = output.name
    write_manifest(output, manifest)
    return output


def candidates_of(source: Path, image: np.ndarray) -> Dict[str, np.ndarray]:
    """What a bundle's network finds in an image (uint8 ``[h, w, 3]``, BGR), on this machine:
    outputs by name, ``[1, K, …]``."""
    bundle = load_bundle(source)
    engine = open_engine(bundle, "onnxruntime", "fp32")
    try:
        Preprocessor(engine.input_buffer()[0], bundle.input.fitting)(Frame(image))
        return {name: output.copy() for name, output in engine.infer().items()}
    finally:
        engine.close()


def _network(image: str, size: int, found: Mapping[str, np.ndarray]) -> onnx.ModelProto:
    """Constants, repeated for each image of a batch."""
    nodes = [
        helper.make_node("Shape", [image], ["shape"]),
        helper.make_node("Slice", ["shape", "from", "to"], ["count"]),
    ]
    constants = {"from": np.array([0], np.int64), "to": np.array([1], np.int64)}
    outputs: List[onnx.ValueInfoProto] = []
    for name, value in found.items():
        rest = np.array(value.shape[1:], np.int64)
        constants.update({f"{name}/found": value, f"{name}/rest": rest})
        nodes += [
            helper.make_node("Concat", ["count", f"{name}/rest"], [f"{name}/shape"], axis=0),
            helper.make_node("Expand", [f"{name}/found", f"{name}/shape"], [name]),
        ]
        kind = helper.np_dtype_to_tensor_dtype(value.dtype)
        outputs.append(helper.make_tensor_value_info(name, kind, ["N", *value.shape[1:]]))
    images = helper.make_tensor_value_info(image, TensorProto.UINT8, ["N", size, size, 3])
    initial = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, _NOTHING, [images], outputs, initial)
    opsets = [helper.make_opsetid("", _OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
    onnx.checker.check_model(model)
    return model
