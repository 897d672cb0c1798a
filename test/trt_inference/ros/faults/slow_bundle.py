"""A bundle that takes long to configure, in whatever step the backend computes constants."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx

from test.color_bundle import change_manifest, write_color_bundle
from trt_inference.bundle import sha256_of_file

SIDE = 3000
PRODUCTS = 12  # of 54 GFLOP each: many seconds of a small computer


def write_slow_bundle(output: Path) -> Path:
    """The color bundle with a sum over many products of large matrices added to its scores."""
    write_color_bundle(output)
    file = output / "fp32.onnx"
    model = onnx.load(str(file))
    graph = model.graph
    for node in graph.node:
        node.output[:] = ["good_scores" if name == "scores" else name for name in node.output]
        node.input[:] = ["good_scores" if name == "scores" else name for name in node.input]
    zero = onnx.helper.make_tensor("value", onnx.TensorProto.FLOAT, [1], [0.0])
    make = onnx.helper.make_node
    graph.node.append(make("ConstantOfShape", ["side"], ["matrix_0"], value=zero))
    for number in range(PRODUCTS):
        before, after = f"matrix_{number}", f"matrix_{number + 1}"
        graph.node.append(make("MatMul", [before, before], [after]))
    graph.node.append(make("ReduceSum", [f"matrix_{PRODUCTS}"], ["nothing"], keepdims=0))
    graph.node.append(make("Add", ["good_scores", "nothing"], ["scores"]))
    graph.initializer.append(onnx.numpy_helper.from_array(np.full(2, SIDE, np.int64), "side"))
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(file))
    change_manifest(
        output,
        lambda manifest: manifest["precisions"]["fp32"].update(
            sha256=sha256_of_file(file), bytes=file.stat().st_size
        ),
    )
    return output
