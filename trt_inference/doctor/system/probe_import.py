"""Imports a package and prints its version and place, or why it cannot be imported.

python -m trt_inference.doctor.system.probe_import numpy
"""

import importlib
import sys
from typing import Dict

from trt_inference.doctor.probe import print_answer


def _imported(name: str) -> Dict[str, str]:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name == name:
            return {"missing": name}
        return {"error": f"{error}"}
    except Exception as error:  # packages that do not fit each other raise anything
        return {"error": f"{type(error).__name__}: {error}"}
    found = {"version": getattr(module, "__version__", ""), "file": getattr(module, "__file__", "")}
    return {key: str(value or "") for key, value in found.items()}


if __name__ == "__main__":
    print_answer(_imported(sys.argv[1]))
