"""Prints what pip and apt note of the packages that this Python finds, and which modules of
TensorRT it finds, without importing any."""

import importlib.util
import os
import re
import sys
from typing import Any, Dict, List

from trt_inference.doctor.probe import print_answer

_NOTE = re.compile(r"([A-Za-z0-9_.]+?)-([0-9][^-]*)(-py[0-9.]+)?\.(dist-info|egg-info)$")


def _distributions() -> List[Dict[str, str]]:
    found = []
    for folder in dict.fromkeys(sys.path):
        names = os.listdir(folder) if os.path.isdir(folder) else []
        for note in filter(None, map(_NOTE.match, sorted(names))):
            name = note.group(1).lower().replace("_", "-")
            found.append({"name": name, "version": note.group(2), "folder": folder})
    return found


def _installed() -> Dict[str, Any]:
    return {
        "distributions": _distributions(),
        "has_tensorrt": importlib.util.find_spec("tensorrt") is not None,
    }


if __name__ == "__main__":
    print_answer(_installed())
