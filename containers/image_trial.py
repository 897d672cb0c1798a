"""Executes a Dockerfile without Docker, step by step, in what stands in for its base image."""

import re
import shutil
from pathlib import Path
from typing import Callable, Dict, Iterator, List, NamedTuple, Set

from containers.dockerfiles import (
    ROOT,
    Instruction,
    assigned,
    context_names,
    pip_installs,
    read_instructions,
)
from containers.stand_ins import STAND_INS
from containers.ubuntu import make_ubuntu, run_inside

WITHOUT_APT_SOURCE = "rm -f /etc/apt/sources.list.d/ros2.list; "


class Outcome(NamedTuple):
    """What became of a step: what had to be left out, and the packages that pip has put in."""

    left_out: List[str]
    installed: Set[str]  # as name==version


class ImageTrial:
    """The state of an image while its Dockerfile is executed.

    Only what the files here have is understood: ENV, ARG, COPY of the context, WORKDIR, USER, RUN.
    """

    def __init__(self, image: str, cache: Path, folder: Path) -> None:
        self._stand_in = STAND_INS[image]
        self._root = folder
        self._variables: Dict[str, str] = {"LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        self._folder = "/"
        self._user = "root"
        make_ubuntu(self._stand_in.suite, cache, folder)
        commands = "apt-get update" + self._stand_in.prepare
        self._run("set -e\n" + commands)
        del self._variables["DEBIAN_FRONTEND"]

    def execute(self, step: Instruction) -> Outcome:
        """Raises:
        CommandFailed: the step ended with an error.
        """
        actions: Dict[str, Callable[[Instruction], None]] = {
            "ENV": lambda step: self._variables.update(assigned(step)),
            "ARG": lambda step: self._variables.update(assigned(step)),
            "COPY": self._copy,
            "WORKDIR": self._enter,
            "USER": self._become,
        }
        if step.keyword == "RUN":
            return self._run_step(step)
        if step.keyword in actions:
            actions[step.keyword](step)
        return Outcome([], set())

    def _run_step(self, step: Instruction) -> Outcome:
        command, left_out = step.text, []
        for pattern, replacement, what in self._stand_in.left_out:
            command, count = re.subn(pattern, replacement, command)
            left_out += [what] * bool(count)
        if "apt-get" in command:
            command = WITHOUT_APT_SOURCE + command
        before = self._packages() if pip_installs(step) else set()
        self._run(command)
        installed = self._packages() - before if pip_installs(step) else set()
        return Outcome(left_out, installed)

    def _packages(self) -> Set[str]:
        return set(self._run("python3 -m pip list --format=freeze 2>/dev/null").split())

    def _run(self, command: str) -> str:
        where = {"user": self._user, "folder": self._folder}
        return run_inside(self._root, command, self._variables, **where)

    def _copy(self, step: Instruction) -> None:
        source, target = step.text.split()
        inside = self._root / str(Path(self._folder, target)).lstrip("/")
        names = context_names() if source == "." else [source]
        for name in names:
            place = inside / name if source == "." else inside
            place.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_dir():
                unwanted = shutil.ignore_patterns("__pycache__")
                shutil.copytree(str(ROOT / name), str(place), symlinks=True, ignore=unwanted)
            else:
                shutil.copy(str(ROOT / name), str(place))

    def _enter(self, step: Instruction) -> None:
        self._folder = step.text
        (self._root / step.text.lstrip("/")).mkdir(parents=True, exist_ok=True)

    def _become(self, step: Instruction) -> None:
        self._user = step.text


def try_image(file: Path, cache: Path, folder: Path) -> Iterator[Outcome]:
    """Executes a Dockerfile; the outcome of each of its instructions.

    Raises:
        CommandFailed: a step ended with an error.
    """
    trial = ImageTrial(file.stem, cache, folder)
    for step in read_instructions(file):
        yield trial.execute(step)
