"""A double of ``tensorrt``, ``pycuda`` and libcuda's graphs, for machines without a GPU.

It is stricter than the real thing: what would crash, leak or give garbage there fails loudly
here. The models run on ONNX Runtime. No time or size that it gives tells anything about a device,
and no figure may be reported from it.

``install(version)`` puts it in place; see ``install.py`` and ``machine.py`` for the faults and
counters that a test can use.
"""

from test.tensorrt_double.errors import DoubleError
from test.tensorrt_double.install import Double, install
from test.tensorrt_double.surface import VERSIONS

__all__ = ["VERSIONS", "Double", "DoubleError", "install"]
