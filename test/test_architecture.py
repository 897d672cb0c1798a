"""Which part of the project may know what: read from the source, nothing is imported."""

import ast
import re
import sys
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Mapping, Set, Tuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROBOT = sorted((ROOT / "trt_inference").rglob("*.py"))
CONVERTER = sorted((ROOT / "converter").rglob("*.py"))
ROS = ROOT / "trt_inference" / "ros"
ENGINES = ROOT / "trt_inference" / "engines"
# What builds engines runs on robots too, and the command line that leads to it.
BUILD = [
    *sorted((ROOT / "converter" / "engine_builder").rglob("*.py")),
    ROOT / "converter" / "commands" / "build.py",
    ROOT / "converter" / "command_line" / "build_command.py",
    ROOT / "converter" / "command_line" / "engines_command.py",
    ROOT / "converter" / "command_line" / "detect_command.py",
    ROOT / "converter" / "command_line" / "doctor_command.py",
]
# All commands are imported to list them; what each needs is imported when it runs.
COMMAND_LINE = [
    ROOT / "converter" / "__main__.py",
    ROOT / "converter" / "command_line" / "main.py",
    *sorted((ROOT / "converter" / "command_line").glob("*_command.py")),
]

# Only on a workstation; a robot does not have them.
OF_THE_WORKSTATION = {
    "converter",
    "tensorflow",
    "keras",
    "tf2onnx",
    "onnx",
    "pycocotools",
    "jinja2",
}
OF_ONE_BACKEND = {"onnxruntime", "tensorrt", "pycuda", "cuda", "grpc", "tritonclient"}
# What the core and its bundles need; every robot has them, from apt or from pip.
OF_EVERY_ROBOT = {"cv2", "jsonschema", "numpy", "rich"}
OF_THE_BENCHMARK = ("benchmarks.", "examples.")
ROS_SUFFIXES = ("_msgs", "_interfaces", "_srvs")


def relative(file: Path) -> str:
    return str(file.relative_to(ROOT))


def nodes(files: List[Path]) -> Iterator[Tuple[ast.AST, str]]:
    """All of the syntax, each node with ``file:line``."""
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            yield node, f"{relative(file)}:{getattr(node, 'lineno', 0)}"


def imported_modules(file: Path) -> Iterator[str]:
    """What ``file`` imports anywhere, in functions too. Imports are absolute in this project."""
    for node, place in nodes([file]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{place} is a relative import"
            yield f"{node.module}"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_packages(file: Path) -> Set[str]:
    return {name.partition(".")[0] for name in imported_modules(file)}


def is_ros(package: str) -> bool:
    return package.startswith(
        ("rcl", "ament", "bond", "launch", "cv_bridge", "yaml")
    ) or package.endswith(ROS_SUFFIXES)


def test_there_is_something_to_check() -> None:
    assert {"detector.py", "node.py", "backends.py"} <= {file.name for file in ROBOT}
    assert "main.py" in {file.name for file in CONVERTER}
    assert "onnxruntime" in imported_packages(ENGINES / "onnxruntime" / "engine.py")
    assert any(is_ros(package) for package in imported_packages(ROS / "node.py"))


def offenders(files: List[Path], forbidden: Callable[[str], bool]) -> Dict[str, List[str]]:
    """What each file imports and may not; files in order are left out."""
    found = {relative(file): sorted(filter(forbidden, imported_packages(file))) for file in files}
    return {file: packages for file, packages in found.items() if packages}


def outside(folder: Path) -> List[Path]:
    return [file for file in ROBOT if folder not in file.parents]


def test_robot_needs_nothing_of_the_workstation() -> None:
    assert offenders(ROBOT, OF_THE_WORKSTATION.__contains__) == {}


def test_only_the_ros_folder_knows_ros() -> None:
    assert offenders(outside(ROS), is_ros) == {}


def test_nothing_depends_on_the_ros_folder() -> None:
    modules = {relative(file): set(imported_modules(file)) for file in outside(ROS)}
    assert not [file for file, names in modules.items() if "trt_inference.ros" in " ".join(names)]


def test_only_engines_know_their_backends() -> None:
    assert offenders(outside(ENGINES), OF_ONE_BACKEND.__contains__) == {}


def test_robot_needs_no_library_that_robots_do_not_have() -> None:
    known = OF_EVERY_ROBOT | OF_ONE_BACKEND | set(sys.stdlib_module_names) | {"trt_inference"}
    assert offenders(ROBOT, lambda package: package not in known and not is_ros(package)) == {}


def at_import(file: Path) -> Set[str]:
    """The modules that ``file`` imports when it is imported itself: not those in functions, and
    not those for the type checker alone."""
    found: Set[str] = set()
    for statement in ast.parse(file.read_text("utf-8")).body:
        if isinstance(statement, ast.Import):
            found.update(alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            found.add(f"{statement.module}")
            found.update(f"{statement.module}.{alias.name}" for alias in statement.names)
    return found


def modules_of_the_converter(names: Set[str]) -> Set[Path]:
    files = {ROOT / f"{name.replace('.', '/')}.py" for name in names if name[:9] == "converter"}
    folders = {file.parent / "__init__.py" for file in files}
    return {file for file in (*files, *folders) if file.is_file()}


def needed_to_build() -> List[Path]:
    """All files of the converter that `build` and `engines` import, wherever they do."""
    waiting, found = {*BUILD, *COMMAND_LINE}, set()
    while waiting:
        file = waiting.pop()
        found.add(file)
        names = set(imported_modules(file)) if file in BUILD else at_import(file)
        waiting |= modules_of_the_converter(names) - found
    return sorted(found)


def needed_to_measure() -> List[Path]:
    """All files beside the packages that the benchmark of a GPU imports or runs; owners of boards
    run it."""
    waiting = {ROOT / "benchmarks" / "gpu.py", ROOT / "examples" / "shapes" / "camera.py"}
    found: Set[Path] = set()
    while waiting:
        file = waiting.pop()
        found |= {file, file.parent / "__init__.py"}
        names = {name for name in imported_modules(file) if name.startswith(OF_THE_BENCHMARK)}
        files = {ROOT / f"{name.replace('.', '/')}.py" for name in names}
        waiting |= {one for one in files if one.is_file()} - found
    return sorted(found)


def test_commands_and_the_report_print_nothing() -> None:
    """They return plain data, or report to the progress that they are given."""
    folders = ("commands", "report", "tables")
    files = [file for file in CONVERTER if file.parent.name in folders]
    assert "build.py" in {file.name for file in files}
    assert offenders(files, {"rich"}.__contains__) == {}
    calls = [
        place
        for node, place in nodes(files)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("print", "print_line")
    ]
    assert calls == []


def test_engines_are_built_with_what_a_robot_has() -> None:
    needed = needed_to_build()
    assert {"build_engine.py", "agreement.py", "dataset.py", "report_files.py"} <= {
        f.name for f in needed
    }
    known = OF_EVERY_ROBOT | set(sys.stdlib_module_names) | {"trt_inference", "converter"}
    foreign = {
        relative(file): [one for one in at_import(file) if one.partition(".")[0] not in known]
        for file in needed
    }
    assert {file: names for file, names in foreign.items() if names} == {}
    assert offenders(BUILD, lambda package: package not in known) == {}


def test_a_gpu_is_measured_with_what_a_robot_has() -> None:
    needed = needed_to_measure()
    assert {"gpu_loops.py", "session.py", "monitor.py"} <= {file.name for file in needed}
    known = OF_EVERY_ROBOT | set(sys.stdlib_module_names) | {"trt_inference"}
    known |= {name.rstrip(".") for name in OF_THE_BENCHMARK}
    foreign = {
        relative(file): [
            name
            for name in at_import(file)
            if name.partition(".")[0] not in known and not is_ros(name.partition(".")[0])
        ]
        for file in needed
    }
    assert {file: names for file, names in foreign.items() if names} == {}


def test_lint_checks_for_python_3_6_all_that_runs_on_robots() -> None:
    found = re.search(r"^ON_ROBOTS :=((.*\\\n)*.*)", (ROOT / "Makefile").read_text("utf-8"), re.M)
    assert found is not None
    checked = {ROOT / name for name in found.group(1).replace("\\\n", "").split()}
    needed = [*ROBOT, *needed_to_build(), *needed_to_measure(), ROOT / "setup.py"]
    needed += (ROOT / "launch").glob("*.py")
    unchecked = [relative(file) for file in needed if not checked & {file, *file.parents}]
    assert unchecked == []


def test_no_check_goes_away_with_optimisation() -> None:
    may = [file for file in [*ROBOT, *CONVERTER] if "assert" in file.read_text("utf-8")]
    assert [place for node, place in nodes(may) if isinstance(node, ast.Assert)] == []


# The folders and loose modules of each package, from the ground up: each imports only what stands
# before it. A new one gets its place here.
LAYERS = {
    "trt_inference": (
        "errors printable discovery timing keep_memory bundles engines inference images streaming "
        "viewing doctor tools ros"
    ),
    "trt_inference.ros": (
        "rclpy_tools lifecycle diagnostics parameters launching messages cameras session node "
        "node_arguments process swap_request video probes"
    ),
    "converter": (
        "errors terminal recordings compatibility inputs onnx_tools heads export cuts stages "
        "bundle comparison engine_builder verification preprocessing precision conversion tables "
        "report deployment model_repository replay commands command_line __main__"
    ),
    "converter.recordings": (
        "recorded_message recorded_image storage definitions mcap_files sqlite_files "
        "recordings image_messages choose_image_topics chosen_images parts_of_time published"
    ),
    "converter.replay": (
        "sides differences labelled results pictures pipeline files page gather_results replay_run"
    ),
}
# Names that mean the same wherever they are: what each backend, each family of heads, each
# precision, each command and each program declares.
SHARED_NAMES = {
    "BACKEND",
    "COMMAND",
    "EXPECTS",
    "FAMILY",
    "NAME",
    "PRECISION",
    "main",
    "recognise",
}
# Files that have one purpose in each of their folders.
SHARED_FILES = {
    "__init__",
    "argument_types",
    "backend",
    "base",
    "engine",
    "errors",
    "find_layout",
    "head",
    "layout",
    "precision",
    "recognise",
}


def module_name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(file): file for file in (*ROBOT, *CONVERTER)}
IMPORTS = {
    name: {one for one in imported_modules(file) if one in MODULES} - {name}
    for name, file in MODULES.items()
}


def find_circle(arrows: Mapping[str, Set[str]]) -> List[str]:
    """Nodes of which each has an arrow to the next, and the last one to the first."""
    done: Set[str] = set()

    def visit(node: str, path: List[str]) -> List[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return []
        found: List[str] = []
        for other in sorted(arrows[node]):
            found = found or visit(other, [*path, node])
        done.add(node)
        return found

    circles = (visit(node, []) for node in sorted(arrows))
    return next(filter(None, circles), [])


def beside_each_other(package: str) -> Dict[str, Set[str]]:
    """The arrows between the files and folders in ``package``, each folder taken as a whole."""
    arrows: Dict[str, Set[str]] = {}
    inside = f"{package}."
    for name, imports in IMPORTS.items():
        if name.startswith(inside):
            child = name[len(inside) :].partition(".")[0]
            others = {
                one[len(inside) :].partition(".")[0] for one in imports if one.startswith(inside)
            }
            arrows.setdefault(child, set()).update(others - {child})
    return {child: others & set(arrows) for child, others in arrows.items()}


def test_a_circle_is_found() -> None:
    assert find_circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert find_circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert find_circle(IMPORTS) == []


def test_no_files_and_folders_beside_each_other_form_a_circle() -> None:
    packages = {name.rpartition(".")[0] for name in MODULES if "." in name}
    circles = {package: find_circle(beside_each_other(package)) for package in packages}
    assert {package: circle for package, circle in circles.items() if circle} == {}


@pytest.mark.parametrize("package", LAYERS)
def test_no_import_leads_from_a_lower_layer_to_a_higher_one(package: str) -> None:
    order = LAYERS[package].split()
    arrows = beside_each_other(package)
    assert sorted(arrows) == sorted(order)
    assert [
        f"{package}.{child} -> {other}"
        for child, others in arrows.items()
        for other in others
        if order.index(other) > order.index(child)
    ] == []


def public_names(file: Path) -> Iterator[str]:
    """The classes, functions and constants that a module defines."""
    for statement in ast.parse(file.read_text("utf-8")).body:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            yield statement.name
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
            targets = getattr(statement, "targets", None) or [statement.target]
            yield from (
                one.id for part in targets for one in ast.walk(part) if isinstance(one, ast.Name)
            )


def test_each_public_name_is_defined_once() -> None:
    places: Dict[str, List[str]] = {}
    for file in (*ROBOT, *CONVERTER):
        for name in set(public_names(file)) - SHARED_NAMES:
            if not name.startswith("_"):
                places.setdefault(name, []).append(relative(file))
    assert {name: files for name, files in places.items() if len(files) > 1} == {}


def test_each_file_name_stands_for_one_thing() -> None:
    places: Dict[str, List[str]] = {}
    for file in (*ROBOT, *CONVERTER):
        places.setdefault(file.stem, []).append(relative(file))
    shared = {name: files for name, files in places.items() if len(files) > 1}
    assert set(shared) - SHARED_FILES == set()


def test_the_converter_has_no_loose_modules() -> None:
    loose = {file.stem for file in CONVERTER if file.parent == ROOT / "converter"}
    assert loose == {"__init__", "__main__", "conversion", "errors"}
