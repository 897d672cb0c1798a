"""Bundles that take long: to load, in whatever step the backend computes constants, or to run."""

from pathlib import Path
from typing import Dict

import numpy as np
from onnx.helper import make_node

from test.trt_inference.ros.other_scores import write_with_other_scores

SIDE = 3000
ENDLESS = 5000  # products of 54 GFLOP each: minutes of any machine


def write_slow_bundle(
    output: Path, products: int, side: int = SIDE, at_each_image: bool = False
) -> Path:
    """The color bundle with a sum over many products of large matrices added to its scores.

    Args:
        at_each_image: the products depend on the image, so that no backend can compute them when
            the model is loaded.
    """
    if at_each_image:
        element = [
            make_node("ReduceSum", ["good_scores"], ["sum"], keepdims=0),
            make_node("Mul", ["sum", "zero"], ["element"]),
        ]
    else:
        element = [make_node("Identity", ["zero"], ["element"])]
    matrices = [f"matrix_{number}" for number in range(products + 1)]
    nodes = [
        *element,
        make_node("Expand", ["element", "side"], matrices[:1]),
        *(make_node("MatMul", [one, one], [next_]) for one, next_ in zip(matrices, matrices[1:])),
        make_node("ReduceSum", matrices[-1:], ["nothing"], keepdims=0),
        make_node("Add", ["good_scores", "nothing"], ["scores"]),
    ]
    constants: Dict[str, np.ndarray] = {
        "zero": np.zeros((), np.float32),
        "side": np.full(2, side, np.int64),
    }
    return write_with_other_scores(output, nodes, constants)
