"""A probe: whether CUDA's driver starts, asked of libcuda itself, without any library of Python."""

import ctypes
from typing import Any, Dict

from trt_inference.doctor.probe import print_answer

_LIBRARY = "libcuda.so.1"


def _examine() -> Dict[str, Any]:
    """``missing``: why the library cannot be loaded, or nothing; ``code`` and ``name`` of the
    error that it starts with, 0 and CUDA_SUCCESS without one; ``version``: 12060 for CUDA 12.6;
    ``count`` of GPUs."""
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError as error:
        return {"missing": str(error)}
    version, count, name = ctypes.c_int(), ctypes.c_int(), ctypes.c_char_p()
    library.cuDriverGetVersion(ctypes.byref(version))
    code = library.cuInit(0)
    if code == 0:
        code = library.cuDeviceGetCount(ctypes.byref(count))
    library.cuGetErrorName(code, ctypes.byref(name))
    return {
        "missing": "",
        "code": code,
        "name": (name.value or b"").decode("ascii", "replace"),
        "version": version.value,
        "count": count.value,
    }


if __name__ == "__main__":
    print_answer(_examine())
