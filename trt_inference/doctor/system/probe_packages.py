"""Imports packages and prints what became of each, and what is noted of all that are installed.

python -m trt_inference.doctor.system.probe_packages numpy cv2
"""

import importlib
import os
import re
import sys
import warnings
from typing import Dict, List

from trt_inference.doctor.probe import print_answer

# numpy-1.26.4.dist-info of pip, numpy-1.21.5.egg-info of apt
_NOTE = re.compile(r"([A-Za-z0-9_.]+?)-([0-9][^-]*)(-py[0-9.]+)?\.(dist-info|egg-info)$")


def _imported(name: str) -> Dict[str, str]:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name == name:
            return {"missing": name}
        return {"error": f"{error}"}
    except Exception as error:  # packages that do not fit each other raise anything
        return {"error": f"{type(error).__name__}: {error}"}
    with warnings.catch_warnings():  # jsonschema warns of its __version__, which nobody else reads
        warnings.simplefilter("ignore")
        version = getattr(module, "__version__", "")
    found = {"version": version, "file": getattr(module, "__file__", "")}
    return {key: str(value or "") for key, value in found.items()}


def _distributions() -> List[Dict[str, str]]:
    """Name and version of each package, in the order in which Python finds them."""
    found = []
    for folder in dict.fromkeys(sys.path):
        names = os.listdir(folder) if os.path.isdir(folder) else []
        for note in filter(None, map(_NOTE.match, sorted(names))):
            found.append(
                {"name": note.group(1).lower().replace("_", "-"), "version": note.group(2)}
            )
    return found


if __name__ == "__main__":
    print_answer(
        {
            "imports": {name: _imported(name) for name in sys.argv[1:]},
            "distributions": _distributions(),
        }
    )
