"""Bundles that take long: to load, in whatever step the backend computes constants, or to run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx

from test.color_bundle import change_manifest, write_color_bundle
from trt_inference.bundles.bundle import sha256_of_file

SIDE = 3000
PRODUCTS = 12  # of 54 GFLOP each: many seconds of a small computer


def write_slow_bundle(
    output: Path, products: int = PRODUCTS, side: int = SIDE, at_each_image: bool = False
) -> Path:
    """The color bundle with a sum over many products of large matrices added to its scores.

    Args:
        at_each_image: the products depend on the image, so that no backend can compute them when
            the model is loaded.
    """
    write_color_bundle(output)
    file = output / "fp32.onnx"
    model = onnx.load(str(file))
    graph = model.graph
    for node in graph.node:
        node.output[:] = ["good_scores" if name == "scores" else name for name in node.output]
        node.input[:] = ["good_scores" if name == "scores" else name for name in node.input]
    make, constant = onnx.helper.make_node, onnx.numpy_helper.from_array
    graph.initializer.append(constant(np.zeros((), np.float32), "zero"))
    if at_each_image:
        graph.node.append(make("ReduceSum", ["good_scores"], ["sum"], keepdims=0))
        graph.node.append(make("Mul", ["sum", "zero"], ["element"]))
    else:
        graph.node.append(make("Identity", ["zero"], ["element"]))
    graph.node.append(make("Expand", ["element", "side"], ["matrix_0"]))
    for number in range(products):
        before, after = f"matrix_{number}", f"matrix_{number + 1}"
        graph.node.append(make("MatMul", [before, before], [after]))
    graph.node.append(make("ReduceSum", [f"matrix_{products}"], ["nothing"], keepdims=0))
    graph.node.append(make("Add", ["good_scores", "nothing"], ["scores"]))
    graph.initializer.append(constant(np.full(2, side, np.int64), "side"))
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(file))
    change_manifest(
        output,
        lambda manifest: manifest["precisions"]["fp32"].update(
            sha256=sha256_of_file(file), bytes=file.stat().st_size
        ),
    )
    return output
