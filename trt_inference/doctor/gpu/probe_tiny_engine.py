"""A probe: whether TensorRT builds an engine here that computes what it should."""

import sys
from typing import Any, Dict

import numpy as np

from trt_inference.doctor.probe import print_answer
from trt_inference.engines.tensorrt.tiny_engine import Trial, try_tiny_engine
from trt_inference.engines.tensorrt.tiny_model import tiny_output
from trt_inference.errors import EngineError


def _examine(device: int) -> Dict[str, Any]:
    """``problem``: why there is no result, or nothing; ``difference``: the largest one from what
    was expected, None where it is not a number; ``seconds``, ``free``, ``total``."""
    try:
        trial = try_tiny_engine(device)
    except EngineError as error:
        trial = Trial(np.zeros(0, np.float32), 0.0, 0, 0, str(error))
    difference = None
    if not trial.problem:
        largest = float(np.abs(trial.output - tiny_output()).max())
        difference = largest if np.isfinite(largest) else None
    return {
        "problem": trial.problem,
        "difference": difference,
        "seconds": trial.seconds,
        "free": trial.free,
        "total": trial.total,
    }


if __name__ == "__main__":
    print_answer(_examine(int(sys.argv[1])))
