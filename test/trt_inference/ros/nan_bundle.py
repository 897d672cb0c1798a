"""A bundle whose scores are NaN for images with a bright first pixel, as after an overflow."""

from pathlib import Path
from typing import Dict

import numpy as np
from onnx import TensorProto
from onnx.helper import make_node

from test.trt_inference.ros.other_scores import write_with_other_scores

NAN_FROM = 200


def write_nan_bundle(output: Path, nan_from: int = NAN_FROM) -> Path:
    """The color bundle with what a table has for the first value of each image, 0 or NaN, added
    to its scores.

    Args:
        nan_from: the lowest value for which the scores are NaN; 0: always.
    """
    nodes = [
        make_node("Slice", ["image", "starts", "ends", "axes"], ["pixel"]),
        make_node("Reshape", ["pixel", "one_each"], ["value"]),
        make_node("Cast", ["value"], ["index"], to=TensorProto.INT64),
        make_node("Gather", ["table", "index"], ["looked_up"]),
        make_node("Add", ["good_scores", "looked_up"], ["scores"]),
    ]
    table = np.zeros(256, np.float32)
    table[nan_from:] = np.nan
    constants: Dict[str, np.ndarray] = {
        "starts": np.zeros(3, np.int64),
        "ends": np.ones(3, np.int64),
        "axes": np.array([1, 2, 3], np.int64),
        "one_each": np.array([-1, 1], np.int64),
        "table": table,
    }
    return write_with_other_scores(output, nodes, constants)
