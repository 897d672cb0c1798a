"""Make ``humble_names.json`` from checkouts of Humble's sources, which lie in one folder:

python3 -m test.trt_inference.ros.humble.make_humble_names SOURCES

``SOURCES`` has rclpy-first (tag 3.3.4, the first release of Humble), rclpy, common_interfaces and
rcl_interfaces (branch humble), and vision_msgs (tag 4.1.0). What the first release lacks is left
out, so that robots with any Humble have what is in the file.
"""

import ast
import json
import re
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

from test.trt_inference.ros.humble.humble_names import FILE, Entry

ORIGIN = (
    "What ros2/rclpy 3.3.4 and 3.3.15 (b488272b, branch humble) both have, ros2/common_interfaces "
    "4.2.4, ros2/rcl_interfaces 1.2.1 and ros-perception/vision_msgs 4.1.0. Names alone: a list "
    "has the parameters of a function, a text is the name that is meant, and a class has its bases "
    "and the parameters of its constructor. Made by make_humble_names.py."
)
MESSAGES = (
    "common_interfaces/diagnostic_msgs/msg/*",
    "common_interfaces/sensor_msgs/msg/*Image",
    "common_interfaces/std_msgs/msg/Header",
    "rcl_interfaces/builtin_interfaces/msg/*",
    "rcl_interfaces/lifecycle_msgs/msg/*",
    "rcl_interfaces/lifecycle_msgs/srv/ChangeState",
    "rcl_interfaces/lifecycle_msgs/srv/GetState",
    "rcl_interfaces/rcl_interfaces/msg/*",
    "rcl_interfaces/rcl_interfaces/srv/*",
    "vision_msgs/vision_msgs/msg/*",
)
EXTENSION = "rclpy._rclpy"  # the part in C++, as rclpy's modules call it


class Module:
    """A module of rclpy. ``names`` has what it defines, with the dotted name of each."""

    def __init__(self, file: Path, package: Path) -> None:
        parts = file.relative_to(package.parent).with_suffix("").parts
        self.is_package = parts[-1] == "__init__"
        self.name = ".".join(parts[:-1] if self.is_package else parts)
        self.names: Dict[str, Entry] = {self.name: None}
        self._imported: Dict[str, str] = {}
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.ImportFrom):
                self._import(node)
            else:
                self._define(node, self.name)

    def _import(self, node: ast.ImportFrom) -> None:
        parents = self.name.split(".")[: len(self.name.split(".")) - node.level + self.is_package]
        source = ".".join([*parents, str(node.module)]) if node.level else str(node.module)
        for alias in node.names if source.startswith("rclpy") else ():
            name = alias.asname or alias.name
            self._imported[name] = EXTENSION if name == "_rclpy" else f"{source}.{alias.name}"
            if self.is_package:  # other modules import only what they use themselves
                self.names[f"{self.name}.{name}"] = self._imported[name]

    def _define(self, node: ast.AST, owner: str) -> None:
        """What one statement of a module or a class defines."""
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self._add(owner, node.name, None if is_property(node) else parameters(node))
        elif isinstance(node, ast.ClassDef):
            self._define_class(node, f"{owner}.{node.name}")
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            self._add(owner, node.targets[0].id, self._alias(node.value))
        elif isinstance(node, ast.AnnAssign):
            self._add(owner, ast.unparse(node.target), None)

    def _define_class(self, node: ast.ClassDef, name: str) -> None:
        methods = {}
        for one in node.body:
            if isinstance(one, ast.FunctionDef):
                methods.setdefault(one.name, one)  # of a property the first, not its setter
        constructor = methods.get("__init__") or methods.get("__new__")
        call = parameters(constructor) if constructor else []
        if call == ["**"] and not node.bases:  # QoSProfile takes what it has
            call = [one for one, method in methods.items() if is_property(method)]
        bases = [
            self._imported.get(one, f"{self.name}.{one}") for one in map(ast.unparse, node.bases)
        ]
        self.names[name] = {"bases": bases, "call": call}
        for statement in node.body:
            self._define(statement, name)
        for one in filter(lambda one: isinstance(one, ast.Attribute), ast.walk(node)):
            if isinstance(one.ctx, ast.Store) and ast.unparse(one.value) == "self":
                self.names.setdefault(f"{name}.{one.attr}", None)

    def _add(self, owner: str, name: str, entry: Entry) -> None:
        if not name.startswith("__"):
            self.names.setdefault(f"{owner}.{name}", entry)

    def _alias(self, value: ast.AST) -> Entry:
        """The name of which an assigned value is another name; None where it is something else."""
        if not isinstance(value, (ast.Name, ast.Attribute)):
            return None
        first, dot, rest = ast.unparse(value).partition(".")
        here = f"{self.name}.{first}"
        source = self._imported.get(first, here if here in self.names else None)
        return source and f"{source}{dot}{rest}"


def is_property(function: Any) -> bool:
    return any(ast.unparse(one) == "property" for one in function.decorator_list)


def parameters(function: Any) -> List[str]:
    """Without ``self``; ``*`` and ``**`` stand for any number."""
    given = function.args
    names = [one.arg for one in (*given.args, *given.kwonlyargs) if one.arg not in ("self", "cls")]
    return names + ["*"] * bool(given.vararg) + ["**"] * bool(given.kwarg)


def extension_names(folder: Path) -> Iterator[Tuple[str, Entry]]:
    """The classes of the C++ part. What it defines has no names of parameters."""
    pattern = (
        r'py::(?:class_|enum_)<([\w:, <>]+?)>\(\s*\w+,\s*"(\w+)"'
        r'|(?<!\w)\.(?:def|def_readonly|def_property_readonly|def_static|value)\(\s*"(\w+)"'
        r'|(?:\bm\.(?:def|attr)\(|register_exception<[\w:]+>\(\s*m,)\s*"(\w+)"'
    )
    yield EXTENSION, None
    for file in sorted(folder.glob("*.cpp")):
        owner = EXTENSION
        for types, name, member, other in re.findall(pattern, file.read_text("utf-8")):
            if name:
                owner = f"{EXTENSION}.{name}"
                bases = [f"{EXTENSION}.Destroyable"] if "Destroyable," in types else []
                yield owner, {"bases": bases, "call": ["*"]}
            elif other:
                yield f"{EXTENSION}.{other}", ["*"]
            elif not member.startswith("__"):
                yield f"{owner}.{member}", ["*"]


def rclpy_names(checkout: Path) -> Dict[str, Entry]:
    package = checkout / "rclpy" / "rclpy"
    names = dict(extension_names(checkout / "rclpy" / "src" / "rclpy"))
    for file in sorted(package.rglob("*.py")):
        if file.parent.name != "action":
            names.update(Module(file, package).names)
    return names


def interface_names(file: Path) -> Iterator[Tuple[str, Entry]]:
    """A message, or a service with its request and response: their fields and constants."""
    name = ".".join((*file.parts[-3:-1], file.stem))
    package, kind, _ = name.split(".")
    yield package, None
    yield f"{package}.{kind}", None
    parts = re.split(r"(?m)^---$", file.read_text("utf-8"))
    if len(parts) == 2:
        yield name, {"bases": [], "call": []}
    owners = [name] if len(parts) == 1 else [f"{name}.Request", f"{name}.Response"]
    for owner, part in zip(owners, parts):
        lines = [line.partition("#")[0].split() for line in part.splitlines()]
        members = [words[1].partition("=")[0] for words in lines if len(words) > 1]
        fields = [one for one in members if not one.isupper()]
        yield owner, {"bases": [], "call": fields}
        yield from ((f"{owner}.{one}", None) for one in members)


def common(first: Entry, second: Entry) -> Entry:
    """What two releases have of one name."""
    if isinstance(first, list) and isinstance(second, list):
        return [one for one in first if one in second]
    if isinstance(first, dict) and isinstance(second, dict):
        return {key: common(value, second[key]) for key, value in first.items()}
    return second


def main(sources: Path) -> None:
    first, last = rclpy_names(sources / "rclpy-first"), rclpy_names(sources / "rclpy")
    names = {name: common(first[name], last[name]) for name in last if name in first}
    for pattern in MESSAGES:
        for file in sorted(sources.glob(f"{pattern}.*")):
            names.update(interface_names(file))
    lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(names[name])}" for name in sorted(names))
    text = f'{{"origin": {json.dumps(ORIGIN)},\n"names": {{\n{lines}\n}}}}\n'
    FILE.write_text(text, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
