"""A bundle that shows in its scores how many images were run at once."""

from pathlib import Path
from typing import Dict

import numpy as np
from onnx import TensorProto
from onnx.helper import make_node

from test.trt_inference.ros.other_scores import write_with_other_scores

AT_ONCE = 4  # images for which the scores are those of the color bundle


def write_batch_bundle(output: Path) -> Path:
    """The color bundle with scores times the number of images of a run, divided by ``AT_ONCE``."""
    nodes = [
        make_node("Shape", ["good_scores"], ["sizes"]),
        make_node("Slice", ["sizes", "first", "second"], ["whole_count"]),
        make_node("Cast", ["whole_count"], ["count"], to=TensorProto.FLOAT),
        make_node("Div", ["count", "at_once"], ["part"]),
        make_node("Mul", ["good_scores", "part"], ["scores"]),
    ]
    constants: Dict[str, np.ndarray] = {
        "first": np.zeros(1, np.int64),
        "second": np.ones(1, np.int64),
        "at_once": np.full(1, AT_ONCE, np.float32),
    }
    return write_with_other_scores(output, nodes, constants)
