"""What each command declares, in its module ``NAME_command.py`` of this folder.

These modules import nothing at their top that a robot may lack: what a command needs is imported
when it runs. A new command is such a module, with a link of its name in ``scripts/ros2``.
"""

import argparse
import importlib
import pkgutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Dict, List, Optional

if TYPE_CHECKING:
    from rich.console import Console

_SUFFIX = "_command"


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        help: what it does, in a line.
        declare: declares its arguments.
        run: runs it, and returns its exit code if that can be another than 0. It raises
            TrtInferenceError or OSError where a user has to do something. The arguments as they
            were given are in ``given``, beside the parsed ones.
        on_robots: it runs with what robots have, without TensorFlow and onnx.
        when_interrupted: what a user should know after Ctrl-C.
    """

    help: str
    declare: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, "Console"], Optional[int]]
    on_robots: bool = False
    when_interrupted: str = "nothing was written"


def command_names() -> List[str]:
    """The names of all commands, which are those of the modules."""
    modules = pkgutil.iter_modules([str(Path(__file__).parent)])
    return sorted(one.name[: -len(_SUFFIX)] for one in modules if one.name.endswith(_SUFFIX))


def load_command(name: str) -> Command:
    """The command of one of `command_names`."""
    module = importlib.import_module(f"{__package__}.{name}{_SUFFIX}")
    command: Command = module.COMMAND
    return command


def all_commands() -> Dict[str, Command]:
    """All commands by name."""
    return {name: load_command(name) for name in command_names()}
