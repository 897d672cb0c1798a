"""A bundle that shows in its scores how many images were run at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx

from test.color_bundle import change_manifest, write_color_bundle
from trt_inference.bundles.bundle import sha256_of_file

AT_ONCE = 4  # images for which the scores are those of the color bundle


def write_batch_bundle(output: Path) -> Path:
    """The color bundle with scores times the number of images of a run, divided by ``AT_ONCE``."""
    write_color_bundle(output)
    file = output / "fp32.onnx"
    model = onnx.load(str(file))
    graph = model.graph
    for node in graph.node:
        node.output[:] = ["good_scores" if name == "scores" else name for name in node.output]
        node.input[:] = ["good_scores" if name == "scores" else name for name in node.input]
    make, constant = onnx.helper.make_node, onnx.numpy_helper.from_array
    graph.node.extend(
        [
            make("Shape", ["good_scores"], ["sizes"]),
            make("Slice", ["sizes", "first", "second"], ["whole_count"]),
            make("Cast", ["whole_count"], ["count"], to=onnx.TensorProto.FLOAT),
            make("Div", ["count", "at_once"], ["part"]),
            make("Mul", ["good_scores", "part"], ["scores"]),
        ]
    )
    graph.initializer.extend(
        [
            constant(np.zeros(1, np.int64), "first"),
            constant(np.ones(1, np.int64), "second"),
            constant(np.full(1, AT_ONCE, np.float32), "at_once"),
        ]
    )
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(file))
    sha256 = sha256_of_file(file)
    change_manifest(output, lambda manifest: manifest["precisions"]["fp32"].update(sha256=sha256))
    return output
