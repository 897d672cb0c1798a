"""The network of a bundle as people have it who convert a model by themselves: floats in, all
boxes and the scores of all classes out."""

import json
from pathlib import Path
from typing import Any, Dict

import onnx
from onnx.utils import Extractor

from converter.onnx_tools.node_names import (
    ALL_BOXES,
    CLASS_SCORES,
    HEAD,
    INPUT_STAGE,
    NETWORK_PIXELS,
)
from trt_inference.bundles.bundle import load_bundle
from trt_inference.bundles.manifest import MANIFEST
from trt_inference.bundles.names import DETECTION, LETTERBOX, LINEAR
from trt_inference.bundles.precisions import FP32

FLOAT_INPUT = INPUT_STAGE + NETWORK_PIXELS
FLOAT_OUTPUTS = [HEAD + ALL_BOXES, HEAD + CLASS_SCORES]
_USUAL = {"channels": "rgb", "scale": 1 / 255}  # of manifests that do not tell
_TOLERANCE = 1e-9


class NotByHand(Exception):
    """The node by hand cannot run this bundle."""


def write_float_model(bundle: Path, file: Path) -> None:
    """Write the model in float32 without our input stage and output stage: pixels float32
    ``[1, H, W, 3]`` or ``[1, 3, H, W]`` in, boxes ``[1, A, 4]`` (x1, y1, x2, y2 in pixels) and
    class scores ``[1, A, C]`` out.

    Raises:
        NotByHand: what the node by hand was written for is something else.
    """
    loaded = load_bundle(bundle)
    fitting = loaded.input.fitting
    if loaded.task != DETECTION or not loaded.needs_nms or loaded.class_agnostic:
        raise NotByHand("it was written for detectors with suppression within each class")
    if (fitting.fit, fitting.resize) != (LETTERBOX, LINEAR) or not _is_usual(bundle):
        raise NotByHand("it was written for letterboxed RGB pixels of 0 to 1")
    model = onnx.load(str(loaded.model_file(FP32)))
    produced = {name for node in model.graph.node for name in node.output}
    if not {FLOAT_INPUT, *FLOAT_OUTPUTS} <= produced:
        raise NotByHand("the names in its model are not those of this converter")
    network = Extractor(model).extract_model([FLOAT_INPUT], FLOAT_OUTPUTS)
    del network.graph.value_info[:]  # which are of any batch
    for tensor in (*network.graph.input, *network.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_value = 1
    onnx.save(network, str(file))


def _is_usual(bundle: Path) -> bool:
    """Whether pixels are prepared as the tutorials do."""
    manifest: Dict[str, Any] = json.loads((bundle / MANIFEST).read_text("utf-8"))
    pixels = manifest["source"].get("pixels", _USUAL)
    plain = not any(pixels.get("mean", ())) and all(one == 1 for one in pixels.get("std", ()))
    scaled = abs(pixels["scale"] - _USUAL["scale"]) < _TOLERANCE
    return bool(pixels["channels"] == _USUAL["channels"] and plain and scaled)
