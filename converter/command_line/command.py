"""What each command declares, in its module ``NAME_command.py`` of this folder, where NAME has
``_`` for each ``-`` of the command's name.

These modules import nothing at their top that a robot may lack: what a command needs is imported
when it runs. A new command is such a module, with a link of its name in ``scripts/ros2``.
"""

import argparse
import importlib
import pkgutil
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional

_SUFFIX = "_command"


class Command(NamedTuple):
    """One command. (No dataclass: Python 3.6 has none of its own, and the doctor runs without.)

    Attributes:
        help: what it does, in a line.
        declare: declares its arguments.
        run: runs it with a console of rich, and returns its exit code if that can be another than
            0. It raises TrtInferenceError or OSError where a user has to do something. The
            arguments as they were given are in ``given``, beside the parsed ones.
        on_robots: it runs with what robots have, without TensorFlow and onnx.
        when_interrupted: what a user should know after Ctrl-C.
        needs_libraries: it prints with rich. Without, it gets no console, and starts where nothing
            but Python is installed.
    """

    help: str
    declare: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Any], Optional[int]]
    on_robots: bool = False
    when_interrupted: str = "nothing was written"
    needs_libraries: bool = True


def command_names() -> List[str]:
    """The names of all commands, which are those of the modules."""
    modules = [one.name for one in pkgutil.iter_modules([str(Path(__file__).parent)])]
    own = [name[: -len(_SUFFIX)] for name in modules if name.endswith(_SUFFIX)]
    return sorted(name.replace("_", "-") for name in own)


def load_command(name: str) -> Command:
    """The command of one of `command_names`."""
    module = importlib.import_module(f"{__package__}.{name.replace('-', '_')}{_SUFFIX}")
    command: Command = module.COMMAND
    return command


def all_commands() -> Dict[str, Command]:
    """All commands by name."""
    return {name: load_command(name) for name in command_names()}
