"""A machine made of files, for the doctor: its system, its programs, and packages of its Python.

machine = FakeMachine(tmp_path)
machine.write("/etc/nv_tegra_release", "# R36 (release), REVISION: 4.3, ...")
machine.program("nvpmodel", "NV Power Mode: MAXN\\n0")
machine.module("numpy", "raise ImportError('broken')")
assert_finds(check_packages(machine.host()), "numpy-broken", "error", "broken")
"""

import contextlib
import os
import shlex
import sys
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Optional, Set, Tuple

from trt_inference.doctor.diagnosis import Diagnosis
from trt_inference.doctor.host import Host, Space

ROOT = Path(__file__).parents[3]
_NOBODY = 65534


class FakeHost(Host):
    """A host with what files cannot give: the room of file systems, rights, and a clock."""

    def __init__(self, machine: "FakeMachine") -> None:
        super().__init__(machine.root, machine.environment, machine.python, machine.device)
        self._machine = machine
        self.python_version = machine.python_version
        self.architecture = machine.architecture

    def space(self, name: str) -> Optional[Space]:
        if name in self._machine.spaces:
            return self._machine.spaces[name]
        return super().space(name)

    def may_use(self, name: str, mode: int = os.R_OK | os.W_OK) -> bool:
        if name in self._machine.read_only and mode & os.W_OK:
            return False
        return name not in self._machine.denied and super().may_use(name, mode)

    def time(self) -> float:
        return self._machine.time


class FakeMachine:
    """A machine without any file, program or variable but those that a test gives it. Its Python
    is that of the tests, with the packages of the tests behind the given ones.

    Attributes:
        root: its files.
        environment: its variables.
        spaces: the room of file systems, by folder.
        denied: files that the user may not read or write.
        read_only: files that the user may only read.
        time: what its clock shows, in seconds since 1970.
        python: its Python, that of the tests.
        python_version: what its Python states; it is that of the tests, whatever it states.
        architecture: of its processor.
        device: the number of the GPU to look at.
    """

    def __init__(self, folder: Path) -> None:
        self.root, self._programs, self._packages = (
            folder / name for name in ("root", "programs", "packages")
        )
        for one in (self.root, self._programs, self._packages):
            one.mkdir(parents=True)
        self.environment = {
            "PATH": str(self._programs),
            "PYTHONPATH": os.pathsep.join([str(self._packages), str(ROOT)]),
            "HOME": "/home/robot",
        }
        self.spaces: Dict[str, Space] = {}
        self.denied: Set[str] = set()
        self.read_only: Set[str] = set()
        self.time = 1.8e9
        self.python = sys.executable
        self.python_version: Tuple[int, ...] = tuple(sys.version_info[:3])
        self.architecture = "x86_64"
        self.device = 0
        # Where the tests' own Python has ROS, to look at its nodes would take seconds.
        self.missing("rclpy")

    def host(self) -> FakeHost:
        """The machine as the doctor sees it."""
        return FakeHost(self)

    def write(self, name: str, text: str = "") -> Path:
        """Write a file of the system, as ``/proc/meminfo``."""
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def folder(self, name: str) -> Path:
        """Make a folder of the system."""
        path = self.root / name.lstrip("/")
        path.mkdir(parents=True, exist_ok=True)
        return path

    def remove(self, name: str) -> None:
        """Remove a file of the system."""
        (self.root / name.lstrip("/")).unlink()

    def program(self, name: str, output: str = "", code: int = 0, errors: str = "") -> None:
        """Put a program on the PATH that prints and ends."""
        prints = f"printf '%s\\n' {shlex.quote(output)}"
        complains = f"printf '%s' {shlex.quote(errors)} >&2"
        self.script(name, "\n".join([prints, complains, f"exit {code}"]))

    def script(self, name: str, text: str) -> None:
        """Put a program of the shell on the PATH. It finds no other programs there."""
        path = self._programs / name
        path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
        path.chmod(0o755)

    def module(self, name: str, source: str) -> Path:
        """Give Python a module, which is found before one of that name that is really there."""
        path = self._packages / f"{name.replace('.', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{source}\n", "utf-8")
        return path

    def package(self, name: str, version: str, source: str = "") -> Path:
        """Give Python a module with a ``__version__``."""
        return self.module(name, f"__version__ = {version!r}\n{source}")

    def use_only_given_packages(self) -> None:
        """Let its Python find no package but those that a test gives it."""
        self.script("python3", f'exec {shlex.quote(sys.executable)} -S "$@"')
        self.python = str(self._programs / "python3")

    def missing(self, *names: str) -> None:
        """Make modules as if they were not installed."""
        for name in names:
            message = f"No module named {name!r}"
            self.module(name, f"raise ModuleNotFoundError({message!r}, name={name!r})")

    def crashing(self, name: str, signal: str = "SIGSEGV") -> None:
        """Make the import of a module end the process by a signal."""
        self.module(name, f"import os, signal\nos.kill(os.getpid(), signal.{signal})")

    def distribution(self, name: str, version: str) -> None:
        """Leave what pip notes of a package that it installed."""
        folder = self._packages / f"{name.replace('-', '_')}-{version}.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8"
        )


@contextlib.contextmanager
def closed_folder(folder: Path) -> Iterator[None]:
    """Let this user neither enter nor read a folder; root, who may always, is nobody meanwhile."""
    mode, user = folder.stat().st_mode, os.geteuid()
    opened = [one for one in folder.parents if user == 0 and not one.stat().st_mode & 0o001]
    for one in opened:  # pytest's own folders, which root's nobody is to pass
        one.chmod(one.stat().st_mode | 0o001)
    folder.chmod(0)
    os.seteuid(_NOBODY if user == 0 else user)
    try:
        yield
    finally:
        os.seteuid(user)
        folder.chmod(mode)
        for one in opened:
            one.chmod(one.stat().st_mode & ~0o001)


def faults(found: Iterable[Diagnosis]) -> List[str]:
    """The names of the faults that were found."""
    return [one.fault for one in found if one.fault]


def assert_finds(found: Iterable[Diagnosis], fault: str, level: str, *values: str) -> Diagnosis:
    """Check that one fault was found, at its level, with these values in its text, and a remedy;
    return it."""
    diagnoses = list(found)
    named = [one for one in diagnoses if one.fault == fault]
    assert len(named) == 1, diagnoses
    assert named[0].level == level, named[0]
    for value in values:
        assert value in named[0].text, named[0]
    assert named[0].remedy, named[0]
    return named[0]
