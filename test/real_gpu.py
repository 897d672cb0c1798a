"""The real TensorRT and the real libraries for CUDA, on a machine with a GPU: pytest --gpu."""

from contextlib import contextmanager
from typing import Iterator

import pytest

from trt_inference.engines.tensorrt.cuda.base import Cuda
from trt_inference.engines.tensorrt.cuda.choose_library import (
    CUDA_LIBRARIES,
    load_cuda,
    prefer_library,
)

# As parameters of a fixture; without --gpu no test gets them.
ON_THIS_GPU = [
    pytest.param(f"this GPU by {name}", marks=pytest.mark.gpu) for name in CUDA_LIBRARIES
]


@contextmanager
def on_this_gpu(parameter: str) -> Iterator[Cuda]:
    """The library of one of ``ON_THIS_GPU``, which all of the project takes meanwhile."""
    name = parameter.partition(" by ")[2]
    prefer_library(name)
    try:
        cuda = load_cuda()
        if not cuda.library.startswith(name):
            pytest.skip(f"{name} is not installed")
        cuda.init()
        yield cuda
    finally:
        prefer_library(CUDA_LIBRARIES[0])
