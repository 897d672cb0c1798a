"""The parts of a bundle's manifest, and the files that it describes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import onnx

from converter.graph.heads import Head
from converter.graph.input_stage import INPUT
from converter.graph.output_stage import OUTPUTS
from converter.options import ConvertOptions
from converter.quiet_tensorflow import tensorflow
from converter.saved_model import SavedModel, Signature, hash_saved_model
from converter.verify import Verification
from trt_inference.bundle import SCHEMA_VERSION, sha256_of_file

LABELS_FILE = "labels.txt"
PRECISION = "fp32"


def describe(options: ConvertOptions, size: tuple[int, int], head: Head) -> dict[str, Any]:
    """The part of the manifest that is known before anything is written."""
    return {
        "schema_version": SCHEMA_VERSION,
        "name": options.output.absolute().name,
        "task": "detection",
        "source": {"head": head.description, "opset": options.opset},
        "input": {
            "name": INPUT, "height": size[0], "width": size[1], "dtype": "uint8",
            "fit": options.fit, "pad_value": options.pad_value,
        },
        "candidates": min(options.candidates, head.anchors),
        "needs_nms": head.needs_nms,
        "defaults": dataclasses.asdict(options.defaults),
    }  # fmt: skip


def write_files(folder: Path, model: onnx.ModelProto, labels: Sequence[str]) -> dict[str, Any]:
    """Write the model and the labels, and give the part of the manifest that describes them."""
    file, labels_file = folder / f"{PRECISION}.onnx", folder / LABELS_FILE
    onnx.save(model, str(file))
    labels_file.write_text("".join(f"{label}\n" for label in labels), "utf-8")
    return {
        "outputs": _outputs(model),
        "labels": {
            "file": LABELS_FILE, "sha256": sha256_of_file(labels_file), "count": len(labels),
        },
        "precisions": {
            PRECISION: {
                "file": file.name,
                "sha256": sha256_of_file(file),
                "bytes": file.stat().st_size,
            },
        },
    }  # fmt: skip


def _outputs(model: onnx.ModelProto) -> list[dict[str, Any]]:
    by_name = {value.name: value.type.tensor_type for value in model.graph.output}
    return [
        {
            "name": name,
            "dtype": onnx.helper.tensor_dtype_to_np_dtype(by_name[name].elem_type).name,
            "shape": [size.dim_value or -1 for size in by_name[name].shape.dim],
        }
        for name in OUTPUTS
    ]


def source(saved_model: SavedModel, signature: Signature) -> dict[str, Any]:
    """The part of the manifest that says where the model comes from."""
    return {
        "saved_model_sha256": hash_saved_model(saved_model.path),
        "signature": signature.name,
        "saved_by_tensorflow": saved_model.tensorflow_version,
        "tensorflow": tensorflow().__version__,
        "tf2onnx": version("tf2onnx"),
        "onnx": version("onnx"),
    }


def measured(verification: Verification) -> dict[str, Any]:
    """What the manifest keeps of the verification."""
    entry: dict[str, Any] = {
        "parity": {
            "synthetic_images": verification.synthetic,
            "tensors": [dataclasses.asdict(output) for output in verification.tensors],
            "candidates": [dataclasses.asdict(output) for output in verification.candidates],
            "detections": dataclasses.asdict(verification.detections),
        }
    }
    if verification.before and verification.after:
        entry["accuracy"] = {
            "source": dataclasses.asdict(verification.before),
            "bundle": dataclasses.asdict(verification.after),
        }
    return entry
