"""A bundle without training: it finds cells of pure blue, green or red.

The input of 64x64 pixels has 8x8 cells of 8 pixels. The score of a class in a cell is the mean
of its channel less the means of the two others, as a fraction of 255: 1 for a pure color, and
below 0.5 for black, white and grey. The box is the cell. What it must find in a picture can so be
told from the picture alone.
"""

import json
import shutil
from pathlib import Path
from typing import Any, Callable, Dict, Tuple

import numpy as np

from converter.bundle.write_bundle import new_bundle, write_manifest
from test.ready_models import ready_model
from trt_inference.bundles.bundle import sha256_of_file
from trt_inference.bundles.manifest import MANIFEST
from trt_inference.bundles.names import IMAGE

LABELS = ("blue", "green", "red")
COLORS = {"blue": (255, 0, 0), "green": (0, 255, 0), "red": (0, 0, 255)}  # BGR
SIZE = 64
CELL = 8
CELLS = (SIZE // CELL) ** 2
CANDIDATES = 20
OPSET = 13  # the highest one of TensorRT 8.2


def write_color_bundle(output: Path, fit: str = "letterbox", **changes: object) -> Path:
    """Write the bundle with the converter's own code; ``changes`` replace manifest entries."""
    with new_bundle(output, overwrite=True) as folder:
        file, labels_file = folder / "fp32.onnx", folder / "labels.txt"
        shutil.copyfile(str(ready_model("colors")), str(file))
        labels_file.write_text("".join(f"{label}\n" for label in LABELS), "utf-8")
        manifest = {
            "schema_version": 1,
            "name": output.name,
            "task": "detection",
            "source": {
                "saved_model_sha256": "0" * 64,
                "signature": "none",
                "head": "yolo",
                "tensorflow": "none",
                "tf2onnx": "none",
                "opset": OPSET,
            },
            "input": {
                "name": IMAGE,
                "height": SIZE,
                "width": SIZE,
                "dtype": "uint8",
                "fit": fit,
                "pad_value": 114,
            },
            "outputs": [
                {"name": "boxes", "dtype": "float32", "shape": [-1, CANDIDATES, 4]},
                {"name": "scores", "dtype": "float32", "shape": [-1, CANDIDATES]},
                {"name": "classes", "dtype": "int32", "shape": [-1, CANDIDATES]},
            ],
            "candidates": CANDIDATES,
            "needs_nms": True,
            "defaults": {"score_threshold": 0.5, "iou_threshold": 0.5, "max_detections": 10},
            "labels": {
                "file": labels_file.name,
                "sha256": sha256_of_file(labels_file),
                "count": len(LABELS),
            },
            "precisions": {
                "fp32": {
                    "file": file.name,
                    "sha256": sha256_of_file(file),
                    "bytes": file.stat().st_size,
                },
            },
        }
        manifest.update(changes)
        write_manifest(folder, manifest)
    return output


def change_manifest(folder: Path, change: Callable[[Dict[str, Any]], object]) -> None:
    """Change the manifest of a bundle and sign it anew, as a wrong converter would."""
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    change(manifest)
    write_manifest(folder, manifest)


def offer_precisions(folder: Path, *names: str) -> None:
    """Let the bundle have these precisions, each of which is the float32 network that it has."""

    def change(manifest: Dict[str, Any]) -> None:
        entry = manifest["precisions"]["fp32"]
        manifest["precisions"] = dict.fromkeys(names, entry)

    change_manifest(folder, change)


def picture(color: str, cell: Tuple[int, int], scale: int = 1) -> np.ndarray:
    """A grey picture of ``64 * scale`` pixels with one cell (row, column) of ``color``."""
    image = np.full((SIZE * scale, SIZE * scale, 3), 128, np.uint8)
    side = CELL * scale
    row, column = cell
    image[row * side : (row + 1) * side, column * side : (column + 1) * side] = COLORS[color]
    return image
