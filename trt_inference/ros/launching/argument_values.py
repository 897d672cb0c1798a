"""The values of launch arguments."""

import difflib
import os
from pathlib import Path
from typing import Iterable, List, Optional, Sequence

import yaml

from trt_inference.printable import printable_name
from trt_inference.ros.parameters.table import SPECS


def is_true(name: str, text: str) -> bool:
    """The value of an argument that is true or false.

    Raises:
        ValueError: it is neither.
    """
    words = {"true": True, "1": True, "false": False, "0": False}
    if text.lower() not in words:
        raise ValueError(f"{name} is '{text}': it can be true or false")
    return words[text.lower()]


def is_respawned(respawn: str, use_respawn: str) -> bool:
    """Whether the process is started again, by ``respawn`` and by what nav2 calls it; empty: not
    given.

    Raises:
        ValueError: one is neither true nor false, or they contradict each other.
    """
    given = {"respawn": respawn, "use_respawn": use_respawn}
    values = {is_true(name, text) for name, text in given.items() if text}
    if len(values) > 1:
        raise ValueError(
            f"respawn is '{respawn}' and use_respawn is '{use_respawn}': they mean the same, so "
            "give one of them"
        )
    return values != {False}


def amount(name: str, text: str, least: float = 0.0) -> float:
    """The value of an argument that is a number.

    Raises:
        ValueError: it is none, or less than ``least``.
    """
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value < float("inf"):
        raise ValueError(f"{name} is '{text}': it must be a number from {least:g} on")
    return value


def absolute_path(text: str) -> Path:
    """The path that an argument names. Shells leave the ~ of name:=~/file as it is; that of an
    unknown user stays, where ``Path.expanduser`` raises a RuntimeError."""
    return Path(os.path.expanduser(text)).absolute()


def existing_file(name: str, text: str) -> Path:
    """The file that an argument names.

    Raises:
        FileNotFoundError: there is none, or it is something else.
    """
    path = absolute_path(text)
    if path.is_dir():
        raise FileNotFoundError(f"{name}: {printable_name(path)} is a folder: give a file")
    if not path.is_file():
        raise FileNotFoundError(f"{name}: there is no file {printable_name(path)}")
    return path


def listed_topics(text: str) -> List[str]:
    """The topics in the argument ``image_topics``.

    Raises:
        ValueError: it is no list of names.
    """
    topics = _listed(text)
    if topics is None:
        raise ValueError(f"image_topics is '{text}': write it as [/front/image, /rear/image]")
    return topics


def listed_precisions(text: str) -> List[str]:
    """The precisions in the argument ``precisions``.

    Raises:
        ValueError: it is no list of names, or not of two or more different ones.
    """
    precisions = _listed(text)
    if precisions is None or len(set(precisions)) < max(2, len(precisions)):
        raise ValueError(f"precisions is '{text}': write two different ones as [fp32, int8]")
    return precisions


def _listed(text: str) -> Optional[List[str]]:
    """The names in a list that is written as in YAML; None where it is something else."""
    try:
        names = yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    are_names = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return names if are_names else None


def refuse_misspelt(file: str, command: Sequence[str], known: Iterable[str]) -> None:
    """Check the names of the arguments that a launch file is given on the command line:
    `ros2 launch` ignores those that nobody declares.

    Args:
        file: the launch file, of which the variants in XML and YAML have the same arguments. When
            another one includes it, the arguments are for that one, and nothing is checked.
        command: what the process was started with.

    Raises:
        ValueError: one is unknown, and nearly a known one, or a parameter of the node.
    """
    if Path(file).stem not in {Path(word).stem for word in command}:
        return
    names = set(known)
    for name in (word.partition(":=")[0] for word in command if ":=" in word):
        likely = difflib.get_close_matches(name, names, n=1, cutoff=0.75)
        if name not in names and likely:
            raise ValueError(f"there is no argument '{name}': did you mean '{likely[0]}'?")
        if name not in names and name in (spec.name for spec in SPECS):
            raise ValueError(
                f"there is no argument '{name}': it is a parameter of the node, to be set in a "
                "copy of detector.yaml, given as params_file:=FILE"
            )
