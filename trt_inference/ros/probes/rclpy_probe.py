"""Imports what the node needs of ROS, step by step: python -m trt_inference.ros.probes.rclpy_probe

The answer: ``found``, whether there is an rclpy; ``python``, as ``3.10``; ``extensions``, the
names of the libraries in rclpy's folder; ``steps``, pairs of a module and why it cannot be
imported (empty: it can); ``implementation``, the middleware that rclpy runs on.
"""

import importlib
import importlib.util
import sys
import warnings
from pathlib import Path
from typing import Any, Dict, List

from trt_inference.doctor.probe import print_answer

_MODULES = (
    "rclpy",
    "rclpy.lifecycle",
    "builtin_interfaces.msg",
    "std_msgs.msg",
    "sensor_msgs.msg",
    "diagnostic_msgs.msg",
    "lifecycle_msgs.srv",
    "rcl_interfaces.srv",
    "vision_msgs.msg",
)
_NODE = "trt_inference.ros.process"  # with all that it imports
_NOT_FOUND = "not found"
_MOST_CHARACTERS = 1000


def main() -> None:
    """Print the answer."""
    answer: Dict[str, Any] = {
        "found": False,
        "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "extensions": [],
        "steps": [],
        "implementation": "",
    }
    spec = importlib.util.find_spec("rclpy")
    if spec is not None:
        answer["extensions"] = _libraries(list(spec.submodule_search_locations or []))
        warnings.simplefilter("ignore")
        answer["steps"] = _steps()
        answer["found"] = answer["steps"][0][1] != _NOT_FOUND
        if not answer["steps"][0][1]:
            answer["implementation"] = _implementation()
    print_answer(answer)


def _libraries(folders: List[str]) -> List[str]:
    return sorted(file.name for folder in folders for file in Path(folder).glob("*.so"))[:20]


def _steps() -> List[List[str]]:
    steps = [[_MODULES[0], _problem(_MODULES[0])]]
    if not steps[0][1]:
        steps += [[module, _problem(module)] for module in _MODULES[1:]]
    if not any(problem for _, problem in steps):
        steps.append([_NODE, _problem(_NODE)])
    return steps


def _problem(module: str) -> str:
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        return _NOT_FOUND if error.name == _MODULES[0] else _described(error)
    except Exception as error:  # whatever a library raises, it is the answer
        return _described(error)
    return ""


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:_MOST_CHARACTERS]


def _implementation() -> str:
    import rclpy  # it can be imported: that was tried out before

    return str(rclpy.get_rmw_implementation_identifier())


if __name__ == "__main__":
    main()
