"""The packages of Python that this project needs, how they are installed, and what is there."""

import re
from typing import Any, Dict, List, NamedTuple, Tuple

from trt_inference.doctor.host import Host
from trt_inference.doctor.probe import run_probe

_PROBE = "trt_inference.doctor.system.probe_packages"
# From here on Ubuntu's own packages suffice; before, as on JetPack 4 and 5, pip's are needed.
_APT_SUFFICES = (3, 10)
# What was built for NumPy 1, as apt's OpenCV and cv_bridge, cannot be imported beside NumPy 2.
_NUMPY_1 = "'numpy<2'"


class PythonPackage(NamedTuple):
    """One package.

    Attributes:
        module: what is imported.
        title: its name for people.
        apt: its name in apt; empty where apt has none.
        pip: what pip is to install.
        oldest: the version from which on this project works.
    """

    module: str
    title: str
    apt: str
    pip: str
    oldest: Tuple[int, ...]

    def install(self, host: Host) -> str:
        """The command that installs it for the Python of a machine."""
        if self.apt and is_of_system(host) and host.python_version >= _APT_SUFFICES:
            return f"sudo apt install {self.apt}"
        return f"{pip_install(host)} {self.pip}"


NUMPY = PythonPackage("numpy", "NumPy", "python3-numpy", _NUMPY_1, (1, 19))
OPENCV = PythonPackage(
    "cv2", "OpenCV", "python3-opencv", f"'opencv-python-headless<4.12' {_NUMPY_1}", (4, 1)
)
ONNX_RUNTIME = PythonPackage(
    "onnxruntime", "ONNX Runtime", "", f"'onnxruntime>=1.10,!=1.14.*' {_NUMPY_1}", (1, 10)
)
JSONSCHEMA = PythonPackage("jsonschema", "jsonschema", "python3-jsonschema", "jsonschema", (3, 2))
RICH = PythonPackage("rich", "rich", "python3-rich", "rich", (10,))
DATACLASSES = PythonPackage("dataclasses", "dataclasses", "", "dataclasses", ())


class ImportOutcome(NamedTuple):
    """What became of an import in a process of its own.

    Attributes:
        version: of the package, empty where it could not be imported or does not state one.
        file: where it is.
        is_missing: it is not installed.
        error: what it raised, if anything.
        crash: how its process ended, if not by itself, to follow "it".
    """

    version: str = ""
    file: str = ""
    is_missing: bool = False
    error: str = ""
    crash: str = ""


class Packages(NamedTuple):
    """What a Python finds.

    Attributes:
        outcomes: of the modules that were imported, by name.
        distributions: name and version of what is installed, in the order in which Python finds it.
    """

    outcomes: Dict[str, ImportOutcome]
    distributions: List[Dict[str, Any]]

    def version(self, name: str) -> str:
        """The version of a distribution, as pip notes it; empty where it does not."""
        return next((one["version"] for one in self.distributions if one["name"] == name), "")

    def installed_of(self, *names: str) -> List[str]:
        """Those of the names that pip has installed, each once."""
        found = [one["name"] for one in self.distributions]
        return [name for name in names if name in found]


def look_at_packages(host: Host, *modules: str) -> Packages:
    """Import modules in a process of its own; where that ends it, each in one."""
    found, problem = run_probe(host, _PROBE, *modules)
    if not problem:
        imports = found["imports"]
        outcomes = {name: _outcome(imports[name]) for name in modules}
        return Packages(outcomes, found["distributions"])
    if len(modules) <= 1:
        return Packages({name: ImportOutcome(crash=problem) for name in modules}, [])
    alone = {name: look_at_packages(host, name).outcomes[name] for name in modules}
    return look_at_packages(host)._replace(outcomes=alone)


def _outcome(answer: Dict[str, str]) -> ImportOutcome:
    return ImportOutcome(
        version=answer.get("version", ""),
        file=answer.get("file", ""),
        is_missing="missing" in answer,
        error=answer.get("error", ""),
    )


def is_of_system(host: Host) -> bool:
    """Whether Python is Ubuntu's or Debian's own, and in no virtual environment."""
    return host.python.startswith(("/usr/bin/", "/bin/"))


def python_name(host: Host) -> str:
    """Python as it is called on a command line."""
    return "python3" if is_of_system(host) else host.python


def pip_install(host: Host) -> str:
    """How pip installs beside what apt manages, without touching it."""
    options = " --user --break-system-packages" if is_externally_managed(host) else ""
    return f"{python_name(host)} -m pip install{options}"


def is_externally_managed(host: Host) -> bool:
    """Whether pip refuses to touch this Python, of Ubuntu 24.04 or Debian 12, without an option."""
    marks = [f"/usr/lib/{name}/EXTERNALLY-MANAGED" for name in host.names("/usr/lib")]
    return is_of_system(host) and any(host.exists(mark) for mark in marks)


def version_numbers(version: str) -> Tuple[int, ...]:
    """The first numbers of a version, as (1, 19, 5)."""
    return tuple(map(int, re.findall(r"\d{1,9}", version)[:3]))
