"""A bundle whose two precisions give other scores in the same image, without training."""

from pathlib import Path
from typing import Any, Dict

import numpy as np
import onnx

from test.color_bundle import change_manifest, write_color_bundle
from trt_inference.bundles.bundle import sha256_of_file

# Of the scores of its int8, which is a network in float32 as well; far from what rounding does.
WEAKER = 0.99
FINDS_SOMETHING = 0.01  # threshold, in almost any picture


def write_two_networks(output: Path) -> Path:
    """Write a color bundle with fp32 and with int8, whose scores are a hundredth less."""
    folder = write_color_bundle(output)
    file = folder / "int8.onnx"
    _write_weaker(folder / "fp32.onnx", file)

    def change(manifest: Dict[str, Any]) -> None:
        manifest["precisions"]["int8"] = {
            "file": file.name,
            "sha256": sha256_of_file(file),
            "bytes": file.stat().st_size,
        }
        manifest["defaults"]["score_threshold"] = FINDS_SOMETHING

    change_manifest(folder, change)
    return folder


def _write_weaker(source: Path, file: Path) -> None:
    model = onnx.load(str(source))
    (weight,) = (one for one in model.graph.initializer if one.name == "network/weight")
    values = onnx.numpy_helper.to_array(weight) * np.float32(WEAKER)
    weight.CopyFrom(onnx.numpy_helper.from_array(values, weight.name))
    onnx.save(model, str(file))
