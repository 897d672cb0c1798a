"""The color bundle with more nodes behind its network, for what a node does then."""

from pathlib import Path
from typing import Mapping, Sequence

import numpy as np
import onnx
import onnx.numpy_helper  # old versions of onnx do not import it

from test.color_bundle import change_manifest, write_color_bundle
from trt_inference.bundles.bundle import sha256_of_file


def write_with_other_scores(
    output: Path, nodes: Sequence[onnx.NodeProto], constants: Mapping[str, np.ndarray]
) -> Path:
    """Write the color bundle with its scores renamed to ``good_scores``, and ``nodes`` that
    compute ``scores`` from them and from ``constants``."""
    write_color_bundle(output)
    file = output / "fp32.onnx"
    model = onnx.load(str(file))
    graph = model.graph
    for node in graph.node:
        node.output[:] = ["good_scores" if name == "scores" else name for name in node.output]
        node.input[:] = ["good_scores" if name == "scores" else name for name in node.input]
    graph.node.extend(nodes)
    graph.initializer.extend(
        onnx.numpy_helper.from_array(value, name) for name, value in constants.items()
    )
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(file))
    signed = {"sha256": sha256_of_file(file), "bytes": file.stat().st_size}
    change_manifest(output, lambda manifest: manifest["precisions"]["fp32"].update(signed))
    return output
