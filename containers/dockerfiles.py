"""Reads the Dockerfiles of this folder: their instructions, and what they install."""

import hashlib
import re
import shlex
from pathlib import Path
from typing import Iterator, List, NamedTuple, Tuple

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent
# These fetch or execute something, so that reading them does not show whether they work.
DOUBTFUL = ("FROM", "ADD", "RUN")


class Instruction(NamedTuple):
    """One instruction of a Dockerfile, its lines joined as Docker joins them."""

    keyword: str
    text: str

    @property
    def digest(self) -> str:
        """Changes with the text."""
        return hashlib.sha256(f"{self.keyword} {self.text}".encode()).hexdigest()[:10]


def dockerfiles() -> List[Path]:
    return sorted(FOLDER.glob("*.Dockerfile"))


def read_instructions(file: Path) -> List[Instruction]:
    """The instructions of a Dockerfile in their order, without comments.

    Heredocs and other escape characters than the backslash are not understood; no file here has
    them.
    """
    lines = [line for line in file.read_text("utf-8").splitlines() if line.lstrip()[:1] != "#"]
    joined = re.sub(r"\\\n", "", "\n".join(lines))
    words = [line.split(None, 1) for line in joined.splitlines() if line.strip()]
    return [Instruction(first.upper(), rest.strip()) for first, rest in words]


def doubtful_steps(file: Path) -> List[Instruction]:
    return [step for step in read_instructions(file) if step.keyword in DOUBTFUL]


def assigned(step: Instruction) -> Iterator[Tuple[str, str]]:
    """The variables of an ENV, or of an ARG with a value."""
    for word in shlex.split(step.text):
        name, is_there, value = word.partition("=")
        if is_there:
            yield name, value


def commands(step: Instruction) -> List[List[str]]:
    """The words of each command of a RUN, as far as ``&&`` joins them."""
    return [shlex.split(part) for part in re.split(r"&&|\|\||[{};]", step.text) if part.strip()]


def pip_requirements(step: Instruction) -> List[str]:
    """What ``pip install`` gets in a RUN, without options."""
    return [
        word
        for words in pip_installs(step)
        for word in words[words.index("install") + 1 :]
        if not word.startswith("-")
    ]


def pip_installs(step: Instruction) -> List[List[str]]:
    if "pip install" not in step.text:
        return []
    return [words for words in commands(step) if words[:4] == ["python3", "-m", "pip", "install"]]


def apt_packages(step: Instruction) -> List[str]:
    """What ``apt-get install`` gets in a RUN, without options."""
    if "apt-get install" not in step.text:
        return []
    return [
        word
        for words in commands(step)
        if "apt-get" in words and "install" in words
        for word in words[words.index("install") + 1 :]
        if not word.startswith("-")
    ]


def context_names() -> List[str]:
    """What is sent to Docker: .dockerignore leaves out all but the names after ``!``."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    return [line[1:] for line in lines if line.startswith("!")]
