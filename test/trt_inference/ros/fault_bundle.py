"""A bundle whose engine really fails: on images with a bright first pixel."""

from pathlib import Path
from typing import Dict

import numpy as np
from onnx import TensorProto
from onnx.helper import make_node

from test.trt_inference.ros.other_scores import write_with_other_scores

BRIGHT = 200
FAILING = np.full((64, 64, 3), 255, np.uint8)


def write_fault_bundle(output: Path) -> Path:
    """The color bundle with a look-up by the first pixel's value in a table that is too short."""
    nodes = [
        make_node("Slice", ["image", "starts", "ends"], ["pixel"]),
        make_node("Cast", ["pixel"], ["index"], to=TensorProto.INT64),
        make_node("Gather", ["table", "index"], ["looked_up"]),
        make_node("ReduceSum", ["looked_up"], ["zero"], keepdims=0),
        make_node("Add", ["good_scores", "zero"], ["scores"]),
    ]
    constants: Dict[str, np.ndarray] = {
        "starts": np.zeros(4, np.int64),
        "ends": np.ones(4, np.int64),
        "table": np.zeros(BRIGHT, np.float32),
    }
    return write_with_other_scores(output, nodes, constants)
