"""Which library brings CUDA to Python: the one place that decides it."""

from typing import Callable, Dict, List

from trt_inference.engines.tensorrt.cuda.base import Cuda
from trt_inference.engines.tensorrt.cuda.cuda_python import CudaPython
from trt_inference.engines.tensorrt.cuda.pycuda_library import PyCuda
from trt_inference.errors import EngineError

# In the order in which they are tried. Each imports its library when it is made.
_LIBRARIES: Dict[str, Callable[[], Cuda]] = {"pycuda": PyCuda, "cuda-python": CudaPython}
CUDA_LIBRARIES = tuple(_LIBRARIES)
_order: List[str] = list(CUDA_LIBRARIES)

_ADVICE = (
    "On JetPack 4 and 5 compile it: PATH=/usr/local/cuda/bin:$PATH python3 -m pip install pycuda "
    "(--no-use-pep517 pycuda==2022.1 for Python 3.6). On JetPack 6, and elsewhere with CUDA 12: "
    "python3 -m pip install 'cuda-bindings==12.9.*'. On JetPack 7, and elsewhere with CUDA 13: "
    "python3 -m pip install 'cuda-bindings==13.*'"
)


def load_cuda() -> Cuda:
    """Load pycuda where it is installed, and NVIDIA's cuda-python elsewhere.

    Raises:
        EngineError: neither can be imported; with how to get one.
    """
    reasons: List[str] = []
    for name in _order:
        try:
            return _LIBRARIES[name]()
        except (ImportError, OSError) as error:  # OSError: libcuda.so.1 is missing
            reasons.append(f"{name}: {error}")
    raise EngineError(
        f"backend tensorrt: CUDA for Python is missing ({'; '.join(reasons)}). {_ADVICE}"
    )


def prefer_library(name: str) -> None:
    """Try one of ``CUDA_LIBRARIES`` first, in this process from now on: to compare them."""
    _order.sort(key=lambda one: one != name)
