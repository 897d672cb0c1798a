"""Whether this Python can import rclpy, and all that the node needs of ROS."""

import re
from typing import Iterator, List, NamedTuple

from trt_inference.doctor.diagnosis import Diagnosis, error, ok
from trt_inference.doctor.host import Host
from trt_inference.doctor.middleware.ask_rclpy import ask_rclpy, ros_is_in_use
from trt_inference.doctor.middleware.implementation import missing_implementation
from trt_inference.doctor.middleware.ros_installations import distribution, prefixes
from trt_inference.printable import printable, shortened

_SUBJECT = "rclpy"
_AGAIN = "source the setup.bash of your distribution again, in a new shell"
_APT = "sudo apt install "


class _Imports(NamedTuple):
    """What the probe reports; see there."""

    python: str
    extensions: List[str]
    module: str  # the first that cannot be imported; empty: all can
    problem: str


def check_rclpy(host: Host) -> Iterator[Diagnosis]:
    """One line; none where there is no ROS, or where its middleware is reported as missing."""
    if not ros_is_in_use(host) or missing_implementation(host):
        return
    asked = ask_rclpy(host)
    if asked.problem:
        yield _crash(asked.problem)
    elif not asked.answer.get("found"):
        path = printable(host.environment.get("PYTHONPATH", "")) or "empty"
        yield error(
            _SUBJECT,
            "rclpy-missing",
            f"Python {printable(asked.answer.get('python'))} does not find it although ROS is "
            f"sourced (PYTHONPATH is {path}).",
            f"If PYTHONPATH was replaced, {_AGAIN}; else {_APT}{_package(host, 'rclpy')}",
        )
    else:
        imports = _read(asked.answer)
        yield (
            _diagnose(host, imports)
            if imports.module
            else ok(_SUBJECT, f"Python {printable(imports.python)} imports it, and the node.")
        )


def _read(answer: dict) -> _Imports:
    failed = [step for step in answer.get("steps", []) if step[1]]
    module, problem = failed[0] if failed else ("", "")
    return _Imports(answer.get("python", ""), answer.get("extensions", []), module, problem)


def _crash(problem: str) -> Diagnosis:
    remedy = f"To see more: python3 -X faulthandler -c 'import rclpy'. Then {_AGAIN}."
    if "SIGILL" in problem:
        remedy = (
            "NumPy does this on a Jetson Nano or TX2: export OPENBLAS_CORETYPE=ARMV8, also in "
            "~/.bashrc and in services."
        )
    text = f"Python, while it imported rclpy and the node, {printable(problem)}."
    return error(_SUBJECT, "rclpy-crashes", text, remedy)


def _diagnose(host: Host, imports: _Imports) -> Diagnosis:
    """Why a module cannot be imported: the first cause that its message names."""
    built_for = _built_for(imports.extensions)
    missing = re.search(r"No module named '([\w.]+)'", imports.problem)
    library = re.search(r"(lib[\w.+-]+): cannot open shared object", imports.problem)
    if imports.module == "rclpy" and built_for and imports.python not in built_for:
        return _other_python(imports.python, built_for)
    if library:
        return error(
            _SUBJECT,
            "ros-libraries-not-found",
            f"It does not find {printable(library.group(1))}: LD_LIBRARY_PATH lacks the folder.",
            f"Programs that sudo starts lose that variable: do without sudo, or {_AGAIN}.",
        )
    if imports.module.startswith("vision_msgs"):
        return error(
            "Messages",
            "vision-msgs-missing",
            f"vision_msgs, which the node publishes, cannot be imported: {_quoted(imports)}.",
            f"{_APT}{_package(host, 'vision_msgs')}, or build it in your workspace; then {_AGAIN}.",
        )
    if missing:
        return _missing_module(host, missing.group(1), imports)
    return _not_importable(imports)


def _other_python(python: str, built_for: List[str]) -> Diagnosis:
    versions = " and ".join(built_for)
    return error(
        _SUBJECT,
        "ros-for-other-python",
        f"It was built for Python {versions}, and this is Python {printable(python)}.",
        f"Run with the system's Python, /usr/bin/python{built_for[0]}: leave the virtual "
        "environment (deactivate) or Conda (conda deactivate).",
    )


def _missing_module(host: Host, name: str, imports: _Imports) -> Diagnosis:
    top = name.partition(".")[0]
    if top.endswith(("_msgs", "_interfaces")):
        remedy = f"{_APT}{_package(host, top)}, then {_AGAIN}."
    elif top == "dataclasses":
        remedy = "python3 -m pip install --user dataclasses"
    elif top in ("numpy", "yaml"):
        remedy = f"{_APT}python3-{top}"
    else:
        remedy = f"Install {printable(top)}, for this Python {printable(imports.python)}."
    text = f"{printable(name)} is missing, which {printable(imports.module)} needs."
    return error(_SUBJECT, "python-module-missing-for-ros", text, remedy)


def _not_importable(imports: _Imports) -> Diagnosis:
    if imports.module.startswith("trt_inference"):
        return error(
            _SUBJECT,
            "node-not-importable",
            f"It can be imported, but the node cannot: {_quoted(imports)}.",
            "Mend what is reported of Python's packages, then run this again.",
        )
    text = f"{printable(imports.module)} cannot be imported: {_quoted(imports)}."
    return error(_SUBJECT, "rclpy-not-importable", text, f"If it worked before, {_AGAIN}.")


def _quoted(imports: _Imports) -> str:
    return shortened(printable(imports.problem))


def _built_for(extensions: List[str]) -> List[str]:
    """The versions of Python in names as ``_rclpy_pybind11.cpython-310-aarch64-linux-gnu.so``."""
    found = (re.search(r"^_rclpy.*\.cpython-(\d)(\d+)", name) for name in extensions)
    return sorted({f"{one.group(1)}.{one.group(2)}" for one in found if one})


def _package(host: Host, name: str) -> str:
    """The package of apt."""
    known = distribution(host) if prefixes(host) else ""
    return f"ros-{printable(known) or '$ROS_DISTRO'}-{name.replace('_', '-')}"
