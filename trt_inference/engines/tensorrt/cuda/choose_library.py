"""Which library brings CUDA to Python: the one place that decides it."""

import sys
from typing import Callable, Dict, List, Optional, Tuple

from trt_inference.engines.tensorrt.cuda.base import Cuda
from trt_inference.engines.tensorrt.cuda.cuda_python import CudaPython
from trt_inference.engines.tensorrt.cuda.pycuda_library import PyCuda
from trt_inference.errors import EngineError

# In the order in which they are tried. Each imports its library when it is made.
_LIBRARIES: Dict[str, Callable[[], Cuda]] = {"pycuda": PyCuda, "cuda-python": CudaPython}
CUDA_LIBRARIES = tuple(_LIBRARIES)
_order: List[str] = list(CUDA_LIBRARIES)

_COMPILE = "PATH=/usr/local/cuda/bin:$PATH python3 -m pip install"
_OF_PYTHON_3_6 = "--no-use-pep517 pycuda==2022.1"
# With one of its own, pip would build it for a newer NumPy than the one that is there.
_OF_PYTHON_3_8 = "--no-build-isolation pycuda==2024.1"
_OF_CUDA_12 = "python3 -m pip install 'cuda-bindings==12.9.*'"
_OF_CUDA_13 = "python3 -m pip install 'cuda-bindings==13.*'"
_OF_OLD_PYTHONS = {(3, 6): _OF_PYTHON_3_6, (3, 8): _OF_PYTHON_3_8}


def load_cuda() -> Cuda:
    """Load pycuda where it is installed, and NVIDIA's cuda-python elsewhere.

    Raises:
        EngineError: neither can be imported; with how to get one.
    """
    found, reasons = try_libraries()
    if found is not None:
        return found
    listed = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
    advice = advice_for(sys.version_info[:2])
    raise EngineError(f"backend tensorrt: CUDA for Python is missing ({listed}). {advice}")


def try_libraries() -> Tuple[Optional[Cuda], Dict[str, str]]:
    """The first library that can be imported, and why those before it cannot, by name."""
    reasons: Dict[str, str] = {}
    for name in _order:
        try:
            return _LIBRARIES[name](), reasons
        except (ImportError, OSError) as error:  # OSError: libcuda.so.1 is missing
            reasons[name] = str(error)
    return None, reasons


def cuda_installation(driver: int, python: Tuple[int, int] = sys.version_info[:2]) -> str:
    """The command that installs a library for this Python.

    Args:
        driver: the CUDA version of the driver: 12060 is 12.6.
        python: its version. cuda-bindings has wheels for aarch64 from 3.10 on.
    """
    if python < (3, 10) or driver < 12000:
        return f"{_COMPILE} {_OF_OLD_PYTHONS.get(python, 'pycuda')}"
    return _OF_CUDA_12 if driver < 13000 else _OF_CUDA_13


def prefer_library(name: str) -> None:
    """Try one of ``CUDA_LIBRARIES`` first, in this process from now on: to compare them."""
    _order.sort(key=lambda one: one != name)


def advice_for(python: Tuple[int, int]) -> str:
    """How this Python gets a library, where the driver is not known."""
    if python < (3, 10):
        return f"Compile it: {cuda_installation(0, python)}"
    return (
        f"On JetPack 6, and elsewhere with CUDA 12: {_OF_CUDA_12}. "
        f"On JetPack 7, and elsewhere with CUDA 13: {_OF_CUDA_13}"
    )
