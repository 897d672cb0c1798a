"""A probe: opens one precision of a bundle on a backend, as the node does, and runs it once."""

import sys
import time
from typing import Any, Dict, List

from trt_inference.bundles.bundle import load_bundle
from trt_inference.doctor.probe import print_answer
from trt_inference.engines.backends import open_engine
from trt_inference.engines.base import EngineOptions
from trt_inference.errors import TrtInferenceError
from trt_inference.inference.try_out import try_out


def _examine(folder: str, backend: str, precision: str, device: int) -> Dict[str, Any]:
    """``problem``: why it does not run, or nothing; ``warnings``; else the ``description`` of the
    engine, whether its results ``are_finite``, and the ``seconds`` until it was open."""
    warnings: List[str] = []
    options = EngineOptions(device=device, warn=warnings.append)
    started = time.monotonic()
    try:
        engine = open_engine(load_bundle(folder), backend, precision, options)
    except TrtInferenceError as problem:
        return {"problem": str(problem), "warnings": warnings}
    seconds = time.monotonic() - started
    try:
        finite, problem_text = try_out(load_bundle(folder), engine).is_finite, ""
    except TrtInferenceError as problem:
        finite, problem_text = True, str(problem)
    description = engine.description
    engine.close()
    return {
        "problem": problem_text,
        "warnings": warnings,
        "description": description,
        "are_finite": finite,
        "seconds": seconds,
    }


if __name__ == "__main__":
    print_answer(_examine(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
