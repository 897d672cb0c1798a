"""A probe: whether a library brings CUDA to Python, and what it tells of a GPU."""

import importlib
import sys
from typing import Any, Dict

from trt_inference.doctor.probe import print_answer
from trt_inference.engines.tensorrt.cuda.base import Cuda
from trt_inference.engines.tensorrt.cuda.choose_library import cuda_installation, try_libraries


def _examine(driver: int, device: int) -> Dict[str, Any]:
    """``library``: its name and version, empty where there is none; ``reasons``: why those that
    come before it, or all, cannot be imported; ``command`` that installs one."""
    found, reasons = try_libraries()
    numpy = importlib.import_module("numpy")
    answer = {
        "library": "" if found is None else found.library,
        "reasons": reasons,
        "command": cuda_installation(driver),
        "python": list(sys.version_info[:2]),
        "numpy": [str(getattr(numpy, "__version__", "")), str(getattr(numpy, "__file__", ""))],
    }
    if found is not None:
        answer.update(_about_gpu(found, device))
    return answer


def _about_gpu(cuda: Cuda, device: int) -> Dict[str, Any]:
    """Name and compute capability; ``error`` where the library does not work with the driver."""
    try:
        cuda.init()
        properties = cuda.properties(device)
    except cuda.error as error:
        return {"error": str(error)}
    return {
        "error": "",
        "gpu": properties.name,
        "capability": list(properties.capability),
        "integrated": properties.integrated,
    }


if __name__ == "__main__":
    print_answer(_examine(int(sys.argv[1]), int(sys.argv[2])))
