"""A double of ``tensorrt``, of ``pycuda`` or ``cuda-python``, and of libcuda's graphs, for machines
without a GPU.

It is stricter than the real thing: what would crash, leak or give garbage there fails loudly
here. The models run on ONNX Runtime. No time or size that it gives tells anything about a device,
and no figure may be reported from it.

``install(version, cuda)`` puts it in place; see ``install.py`` and ``machine.py`` for the faults
and counters that a test can use.
"""

from test.tensorrt_double.errors import DoubleError
from test.tensorrt_double.install import CUDA_PACKAGES, Double, install
from test.tensorrt_double.surface import VERSIONS

# Each version with each library for CUDA.
COMBINATIONS = [(version, cuda) for version in VERSIONS for cuda in CUDA_PACKAGES]

__all__ = ["COMBINATIONS", "CUDA_PACKAGES", "VERSIONS", "Double", "DoubleError", "install"]
