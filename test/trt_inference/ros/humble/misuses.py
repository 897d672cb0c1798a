"""What of a module is not possible on Humble."""

import ast
import importlib
from pathlib import Path
from typing import Dict, Iterator, List, Set

from test.trt_inference.ros.humble.humble_names import NAMES, find, takes
from test.trt_inference.ros.humble.ros_usage import FUNCTIONS, UsageReader, Use, is_ros

PACKAGE = Path(__file__).resolve().parents[4] / "trt_inference"
FILES = sorted((PACKAGE / "ros").rglob("*.py"))

# What is tried first, and done without where it is missing.
NEWER = {"rclpy.event_handler": "its classes are in rclpy.qos_event on Humble: ImportError"}
# Attributes of libraries that are imported in functions, where they are installed.
OF_OTHERS = {
    "bondpy": "heartbeat_period heartbeat_timeout pub shutdown start sub",
    "cv_bridge": "imgmsg_to_cv2",
    "diagnostic_updater": "Updater add force_update period publisher removeByName setHardwareID "
    "summary timer",
    "launch": "entities get_launch_description is_shutdown launch_configurations process_name "
    "returncode",
    "launch_ros": "",
}


def misuses(source: str) -> List[str]:
    """The names that Humble does not have, and calls that it does not take, with their lines."""
    reader = UsageReader(source)
    wrong = [use for use in reader.known if use.name not in NEWER and not is_possible(use)]
    wrong += [use for use in reader.unknown if not may_be_possible(use)]
    return [f"line {one.line}: {one.name}({', '.join(one.keywords)})" for one in wrong]


def is_possible(use: Use) -> bool:
    """Whether Humble has such a name, and it can be called so."""
    place = find(use.name)
    return place is not None and fits(place, use)


def may_be_possible(use: Use) -> bool:
    """Whether any object has such an attribute, and it can be called so."""
    if use.name in OWN or use.name in OTHER:
        return True
    return any(fits(place, use) for place in map(find, OF_HUMBLE.get(use.name, ())) if place)


def fits(place: str, use: Use) -> bool:
    return use.positional is None or takes(place, use.keywords, use.positional)


def own_names() -> Set[str]:
    """All that the project itself defines: functions, classes, fields, attributes."""
    found: Set[str] = set()
    for node in syntax(sorted(PACKAGE.rglob("*.py"))):
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            found.add(getattr(node, "id", "") or getattr(node, "attr", ""))
    return found


def other_names() -> Set[str]:
    """What built-in types have, and the modules that the node imports and are not of ROS."""
    modules = {"builtins", "array", "concurrent.futures"}
    for node in syntax(FILES):
        if isinstance(node, ast.Import):
            modules |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(str(node.module))
    optional = set(OF_OTHERS)
    found = {name for names in OF_OTHERS.values() for name in names.split()}
    for name in modules:
        package = name.partition(".")[0]
        if not is_ros(name) and package != PACKAGE.name and package not in optional:
            module = importlib.import_module(name)
            found |= {one for value in (module, *vars(module).values()) for one in dir(value)}
    return found


def syntax(files: List[Path]) -> Iterator[ast.AST]:
    for file in files:
        yield from ast.walk(ast.parse(file.read_text("utf-8")))


OF_HUMBLE: Dict[str, List[str]] = {}  # the last part of a name → the names that end so
for _name in NAMES:
    OF_HUMBLE.setdefault(_name.rpartition(".")[2], []).append(_name)
OWN, OTHER = own_names(), other_names()
