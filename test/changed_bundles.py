"""Bundles with another model than the one that they were written with."""

from pathlib import Path
from typing import Sequence

import numpy as np
import onnx
import onnx.numpy_helper

from test.color_bundle import change_manifest
from trt_inference.bundles.bundle import sha256_of_file
from trt_inference.bundles.names import CLASS_MAP, CLASSES


def replace_model(folder: Path, model: onnx.ModelProto) -> Path:
    """Another fp32 in the bundle in ``folder``."""
    file = folder / "fp32.onnx"
    onnx.save(model, str(file))
    entry = {"file": file.name, "sha256": sha256_of_file(file), "bytes": file.stat().st_size}
    change_manifest(folder, lambda manifest: manifest["precisions"].update(fp32=entry))
    return folder


def exchange_classes(folder: Path) -> Path:
    """Change the bundle in ``folder``: instead of each class it finds the next one."""
    labels = (folder / "labels.txt").read_text("utf-8").splitlines()
    return number_classes(folder, [*range(1, len(labels)), 0])


def relabel(folder: Path, labels: Sequence[str]) -> Path:
    """Give the bundle in ``folder`` other labels."""
    file = folder / "labels.txt"
    file.write_text("".join(f"{label}\n" for label in labels), "utf-8")
    entry = {"file": file.name, "sha256": sha256_of_file(file), "count": len(labels)}
    change_manifest(folder, lambda manifest: manifest.update(labels=entry))
    return folder


def number_classes(folder: Path, numbers: Sequence[int]) -> Path:
    """Change the bundle in ``folder``: it gives these numbers for its classes."""
    model = onnx.load(str(folder / "fp32.onnx"))
    (output,) = (one for one in model.graph.output if one.name in (CLASSES, CLASS_MAP))
    for node in model.graph.node:
        node.output[:] = ["right" if name == output.name else name for name in node.output]
    dtype = np.uint8 if output.name == CLASS_MAP else np.int32
    table = np.array(numbers, np.int64).astype(dtype)
    model.graph.initializer.append(onnx.numpy_helper.from_array(table, "numbers"))
    model.graph.node.extend(
        [
            onnx.helper.make_node("Cast", ["right"], ["places"], to=onnx.TensorProto.INT64),
            onnx.helper.make_node("Gather", ["numbers", "places"], [output.name]),
        ]
    )
    return replace_model(folder, model)


def exchange_colors(folder: Path) -> Path:
    """Change the color bundle in ``folder``: it takes blue for red, and red for blue."""
    model = onnx.load(str(folder / "fp32.onnx"))
    (weight,) = (one for one in model.graph.initializer if one.name == "network/weight")
    values = onnx.numpy_helper.to_array(weight)[::-1]
    weight.CopyFrom(onnx.numpy_helper.from_array(np.ascontiguousarray(values), weight.name))
    return replace_model(folder, model)


def break_scores(folder: Path) -> Path:
    """Change the color bundle in ``folder``: the scores of a picture that is not black are NaN."""
    model = onnx.load(str(folder / "fp32.onnx"))
    (means,) = (node for node in model.graph.node if node.op_type == "AveragePool")
    (planes,) = means.input
    place = list(model.graph.node).index(means)
    broken = [
        onnx.helper.make_node("Neg", [planes], ["below"]),
        onnx.helper.make_node("Sqrt", ["below"], ["broken"]),
    ]
    for node in reversed(broken):
        model.graph.node.insert(place, node)
    means.input[0] = "broken"
    return replace_model(folder, model)
