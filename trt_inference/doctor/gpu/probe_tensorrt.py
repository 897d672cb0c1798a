"""A probe: which TensorRT this Python imports, and which libraries it loads."""

import ctypes
import os
import re
import sys
from typing import Any, Dict, List

from trt_inference.doctor.probe import print_answer
from trt_inference.engines.tensorrt.gpu import import_tensorrt
from trt_inference.errors import EngineError

_LIBRARY = re.compile(r"(/\S*/libnvinfer\.so[0-9.]*)$")


def _examine() -> Dict[str, Any]:
    """``error``: why it cannot be imported, and whether ``missing``; else its ``version`` and
    ``file``, and the ``libraries`` that were loaded, each with its version."""
    answer: Dict[str, Any] = {
        "python": list(sys.version_info[:2]),
        "in_environment": sys.prefix != sys.base_prefix,
        "error": "",
        "missing": False,
    }
    try:
        trt = import_tensorrt()
    except EngineError as error:
        cause = error.__cause__
        missing = isinstance(cause, ModuleNotFoundError) and cause.name == "tensorrt"
        return {**answer, "error": str(cause), "missing": missing}
    libraries = [[name, _version(name)] for name in _loaded_libraries()]
    version, file = getattr(trt, "__version__", ""), getattr(trt, "__file__", None) or ""
    return {**answer, "version": str(version), "file": str(file), "libraries": libraries}


def _loaded_libraries() -> List[str]:
    """The files of TensorRT that this process has in its memory."""
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
        found = (_LIBRARY.search(line.strip()) for line in maps)
        return sorted({os.path.realpath(one.group(1)) for one in found if one is not None})


def _version(file: str) -> str:
    """What the library tells: 8601 is 8.6.1, and 100300 is 10.3.0."""
    try:
        number = int(ctypes.CDLL(file).getInferLibVersion())
    except (OSError, AttributeError):
        return ""
    unit = 10000 if number >= 100000 else 1000
    return f"{number // unit}.{number % unit // 100}.{number % 100}"


if __name__ == "__main__":
    print_answer(_examine())
