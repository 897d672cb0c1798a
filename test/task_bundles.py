"""Bundles without training for the tasks other than detection.

Both look at pure colors only, so that what they must find in a picture follows from it alone.
The classifier's score of a color is the softmax of the mean of its channel over the picture,
divided by ``SOFTNESS``. The segmenter has cells of 4x4 pixels; a cell has the class of the
channel whose mean is above the sum of those of the two others by more than ``MARGIN``; with no
such channel, as in black, white and grey, it is background.
"""

from pathlib import Path
from typing import Any, Dict, Sequence

import numpy as np
import pytest

from converter.bundle.write_bundle import new_bundle, write_manifest
from trt_inference.bundles.bundle import sha256_of_file

HEIGHT, WIDTH = 48, 64  # not square: rows and columns cannot be mistaken for each other
OPSET = 13

COLORS = ("blue", "green", "red")
SOFTNESS = 51.0

SEGMENTS = ("background", *COLORS)
CELL = 4
MAP_HEIGHT, MAP_WIDTH = HEIGHT // CELL, WIDTH // CELL
MARGIN = 64.0

_CLASSIFIER = f"""
    classifier (uint8[N, {HEIGHT}, {WIDTH}, 3] image) => (float[N, 3] scores, int32[N, 3] classes)
    <float softness = {{{SOFTNESS}}}, int64[1] number = {{3}}>
    {{
        pixels = Cast <to = 1> (image)
        means = ReduceMean <axes = [1, 2], keepdims = 0> (pixels)
        logits = Div (means, softness)
        shares = Softmax <axis = 1> (logits)
        scores, order = TopK <axis = 1> (shares, number)
        classes = Cast <to = 6> (order)
    }}
"""

# The weights are written by hand so that the model needs nothing but them: a row for each class,
# a column for each channel.
_SEGMENTER = f"""
    segmenter (uint8[N, {HEIGHT}, {WIDTH}, 3] image)
        => (uint8[N, {MAP_HEIGHT}, {MAP_WIDTH}] class_map)
    <float[4, 3, 1, 1] weight = {{0, 0, 0, 1, -1, -1, -1, 1, -1, -1, -1, 1}},
     float[4] bias = {{{MARGIN}, 0, 0, 0}}>
    {{
        pixels = Cast <to = 1> (image)
        planes = Transpose <perm = [0, 3, 1, 2]> (pixels)
        means = AveragePool <kernel_shape = [{CELL}, {CELL}], strides = [{CELL}, {CELL}]> (planes)
        logits = Conv (means, weight, bias)
        best = ArgMax <axis = 1, keepdims = 0> (logits)
        class_map = Cast <to = 2> (best)
    }}
"""


def write_classification_bundle(
    output: Path, fit: str = "letterbox", external_data: bool = False, **changes: object
) -> Path:
    """A bundle that finds which of ``COLORS`` a picture has most of; ``changes`` replace entries
    of the manifest. ``external_data``: with the weights in a file of their own."""
    manifest = {
        "task": "classification",
        "outputs": [
            {"name": "scores", "dtype": "float32", "shape": [-1, 3]},
            {"name": "classes", "dtype": "int32", "shape": [-1, 3]},
        ],
        "candidates": 3,
        "defaults": {"score_threshold": 0.2, "iou_threshold": 0.5, "max_detections": 10},
        **changes,
    }
    return _write_bundle(output, _CLASSIFIER, COLORS, fit, external_data, manifest)


def write_segmentation_bundle(
    output: Path, fit: str = "letterbox", external_data: bool = False, **changes: object
) -> Path:
    """A bundle that finds ``SEGMENTS`` in a picture; otherwise like the one above."""
    manifest = {
        "task": "segmentation",
        "outputs": [
            {"name": "class_map", "dtype": "uint8", "shape": [-1, MAP_HEIGHT, MAP_WIDTH]},
        ],
        "candidates": 0,
        "defaults": {"score_threshold": 0.5, "iou_threshold": 0.5, "max_detections": 10},
        **changes,
    }
    return _write_bundle(output, _SEGMENTER, SEGMENTS, fit, external_data, manifest)


def _write_bundle(
    output: Path,
    graph: str,
    labels: Sequence[str],
    fit: str,
    external_data: bool,
    manifest: Dict[str, Any],
) -> Path:
    with new_bundle(output, overwrite=True) as folder:
        labels_file = folder / "labels.txt"
        labels_file.write_text("".join(f"{label}\n" for label in labels), "utf-8")
        write_manifest(
            folder,
            {
                "schema_version": 1,
                "name": output.name,
                "source": {
                    "saved_model_sha256": "0" * 64,
                    "signature": "none",
                    "head": "none",
                    "tensorflow": "none",
                    "tf2onnx": "none",
                    "opset": OPSET,
                },
                "input": {
                    "name": "image",
                    "height": HEIGHT,
                    "width": WIDTH,
                    "dtype": "uint8",
                    "fit": fit,
                    "pad_value": 114,
                },
                "needs_nms": False,
                "labels": {**_file_entry(labels_file), "count": len(labels)},
                "precisions": {"fp32": _write_model(folder / "fp32.onnx", graph, external_data)},
                **manifest,
            },
        )
    return output


def _write_model(file: Path, graph: str, external_data: bool) -> Dict[str, Any]:
    """Write the model and give the manifest's entry of it."""
    pytest.importorskip("onnx", reason="needs onnx")
    import onnx.numpy_helper  # old versions of onnx do not import it themselves, nor the parser
    import onnx.parser

    model = onnx.parser.parse_model(f'<ir_version: 7, opset_import: ["" : {OPSET}]>\n{graph}')
    onnx.checker.check_model(model, full_check=True)
    if external_data:
        for tensor in model.graph.initializer:  # only raw bytes can be moved to another file
            raw = onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor), tensor.name)
            tensor.CopyFrom(raw)
    data = file.with_name(f"{file.name}.data")
    onnx.save_model(
        model, str(file), save_as_external_data=external_data, location=data.name, size_threshold=0
    )
    entry: Dict[str, Any] = {**_file_entry(file), "bytes": file.stat().st_size}
    if external_data:
        entry["data"] = {**_file_entry(data), "bytes": data.stat().st_size}
    return entry


def _file_entry(file: Path) -> Dict[str, Any]:
    return {"file": file.name, "sha256": sha256_of_file(file)}


def softmax_of_means(picture: np.ndarray) -> np.ndarray:
    """float64 ``[3]``: what the classifier must find for a picture of the input's proportions."""
    exponentials = np.exp(picture.reshape(-1, 3).mean(axis=0) / SOFTNESS)
    return np.asarray(exponentials / exponentials.sum())
