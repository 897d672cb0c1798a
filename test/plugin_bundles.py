"""Segmenters with an operator of which some TensorRT makes a plugin."""

from pathlib import Path

import numpy as np

from test.color_bundle import change_manifest
from test.task_bundles import CELL, HEIGHT, MAP_HEIGHT, MAP_WIDTH, WIDTH, write_segmentation_bundle
from trt_inference.bundles.bundle import load_bundle, sha256_of_file
from trt_inference.engines.backends import open_engine
from trt_inference.engines.base import EngineOptions

INSTANCE_NORM, ROI_ALIGN = "InstanceNormalization", "RoiAlign"

# Each class has the channel that is above the two others, or none.
_HEAD = """
        logits = Conv (means, weight, bias)
        best = ArgMax <axis = 1, keepdims = 0> (logits)
        class_map = Cast <to = 2> (best)
"""
_WEIGHTS = "float[4, 3, 1, 1] weight = {0, 0, 0, 1, -1, -1, -1, 1, -1, -1, -1, 1}"
_BODIES = {
    INSTANCE_NORM: (
        f"{_WEIGHTS}, float[4] bias = {{1, 0, 0, 0}}, float[3] scale = {{1, 0.5, 2}}, "
        "float[3] shift = {0.25, 0, -0.5}",
        f"""
        normal = InstanceNormalization (planes, scale, shift)
        means = AveragePool <kernel_shape = [{CELL}, {CELL}], strides = [{CELL}, {CELL}]> (normal)
""",
    ),
    # The whole image is the one region, so that a batch is of one image.
    ROI_ALIGN: (
        f"{_WEIGHTS}, float[4] bias = {{64, 0, 0, 0}}, "
        f"float[1, 4] region = {{0, 0, {WIDTH}, {HEIGHT}}}, int64[1] image_of_region = {{0}}",
        f"""
        means = RoiAlign <output_height = {MAP_HEIGHT}, output_width = {MAP_WIDTH},
                          sampling_ratio = 2> (planes, region, image_of_region)
""",
    ),
}


def write_plugin_bundle(folder: Path, operator: str) -> Path:
    """A bundle with the one ``operator``."""
    import onnx.parser  # not there on every robot, and old versions of onnx do not import it

    write_segmentation_bundle(folder)
    weights, body = _BODIES[operator]
    model = onnx.parser.parse_model(f"""
    <ir_version: 7, opset_import: ["" : 13]>
    segmenter (uint8[N, {HEIGHT}, {WIDTH}, 3] image)
        => (uint8[N, {MAP_HEIGHT}, {MAP_WIDTH}] class_map)
    <{weights}>
    {{
        pixels = Cast <to = 1> (image)
        planes = Transpose <perm = [0, 3, 1, 2]> (pixels)
        {body}{_HEAD}
    }}
    """)
    onnx.checker.check_model(model)
    file = folder / "fp32.onnx"
    onnx.save(model, str(file))
    entry = {"sha256": sha256_of_file(file), "bytes": file.stat().st_size}
    change_manifest(folder, lambda manifest: manifest["precisions"]["fp32"].update(entry))
    return folder


def patches() -> np.ndarray:
    """uint8 ``[height, width, 3]``: cells of any color, the same each time."""
    cells = np.random.default_rng(5).integers(0, 256, (MAP_HEIGHT, MAP_WIDTH, 3), np.uint8)
    return cells.repeat(CELL, axis=0).repeat(CELL, axis=1)


def class_map(folder: Path, backend: str) -> np.ndarray:
    """What a backend finds in ``patches``."""
    options = EngineOptions(host_code_allowed=True)  # that of the test's own engines
    engine = open_engine(load_bundle(folder), backend, "fp32", options)
    try:
        engine.input_buffer()[0] = patches()
        return engine.infer()["class_map"][0].copy()
    finally:
        engine.close()
