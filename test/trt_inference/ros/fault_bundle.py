"""A bundle whose engine really fails: on images with a bright first pixel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx

from converter.bundle.write_bundle import write_manifest
from test.color_bundle import write_color_bundle
from trt_inference.bundles.bundle import load_bundle, sha256_of_file

BRIGHT = 200
FAILING = np.full((64, 64, 3), 255, np.uint8)


def write_fault_bundle(output: Path) -> Path:
    """The color bundle with a look-up by the first pixel's value in a table that is too short."""
    write_color_bundle(output)
    file = output / "fp32.onnx"
    model = onnx.load(str(file))
    graph = model.graph
    first_pixel = [
        onnx.helper.make_node("Slice", ["image", "starts", "ends"], ["pixel"]),
        onnx.helper.make_node("Cast", ["pixel"], ["index"], to=onnx.TensorProto.INT64),
        onnx.helper.make_node("Gather", ["table", "index"], ["looked_up"]),
        onnx.helper.make_node("ReduceSum", ["looked_up"], ["zero"], keepdims=0),
        onnx.helper.make_node("Add", ["good_scores", "zero"], ["scores"]),
    ]
    constants = {
        "starts": np.zeros(4, np.int64),
        "ends": np.ones(4, np.int64),
        "table": np.zeros(BRIGHT, np.float32),
    }
    for node in graph.node:
        node.output[:] = ["good_scores" if name == "scores" else name for name in node.output]
        node.input[:] = ["good_scores" if name == "scores" else name for name in node.input]
    graph.node.extend(first_pixel)
    graph.initializer.extend(
        onnx.numpy_helper.from_array(value, name) for name, value in constants.items()
    )
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(file))
    _sign_again(output, file)
    return output


def _sign_again(folder: Path, file: Path) -> None:
    import json

    manifest = json.loads((folder / "model.json").read_text("utf-8"))
    manifest["precisions"]["fp32"]["sha256"] = sha256_of_file(file)
    write_manifest(folder, manifest)
    load_bundle(folder).model_file("fp32")
