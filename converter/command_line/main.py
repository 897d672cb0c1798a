"""The command line: trt-inference COMMAND, which is python3 -m converter COMMAND as well.

Only the modules of the command that runs are imported: some run on robots, which have neither
TensorFlow nor onnx. Nothing here needs a library, so that a missing one is reported with a remedy.
"""

import os
import sys
from typing import TYPE_CHECKING, Callable, Optional, Sequence, Tuple

from converter.command_line.missing_library import PROGRAM, describe_missing_library

if TYPE_CHECKING:
    from rich.console import Console

    from converter.command_line.command import Command

INTERRUPTED = 130  # as a shell reports it
_WRONG_USAGE = 2  # as argparse ends
_PYTHON_OF_WORKSTATIONS = (3, 10)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run a command and return the exit code: 0, 1 after an error, 2 after a wrong use, 130 after
    Ctrl-C."""
    _print_any_name()
    try:
        return _main(arguments)
    except ModuleNotFoundError as error:  # of dataclasses, on Python 3.6
        return _fail(describe_missing_library(error, on_robots=True))
    except BrokenPipeError:  # as of `| head`: nobody reads what is left to print
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _print_any_name() -> None:
    r"""Print what the output's encoding lacks, as bytes in a file's name that are no UTF-8, as
    ``\udce9``, instead of failing at the end of a long command. Standard error does so anyway."""
    if hasattr(sys.stdout, "reconfigure"):  # since Python 3.7
        sys.stdout.reconfigure(errors="backslashreplace")  # novm: see above


def _main(arguments: Optional[Sequence[str]]) -> int:
    from converter.command_line.command import command_names, load_command

    given = list(sys.argv[1:] if arguments is None else arguments)
    name = given[0] if given else ""
    if name in ("-h", "--help"):
        print(_overview(), flush=True)
        return 0
    if name not in command_names():
        problem = f"there is no command {name!r}" if name else "a command is missing"
        print(f"error: {problem}\n\n{_overview()}", file=sys.stderr)
        return _WRONG_USAGE
    return _run(name, load_command(name), given[1:])


def _overview() -> str:
    from converter.command_line.command import all_commands

    commands = all_commands()
    width = max(map(len, commands))
    lines = [f"  {name:{width}}  {command.help}" for name, command in commands.items()]
    return "\n".join(
        [
            f"usage: {PROGRAM} COMMAND ...",
            "",
            "Makes bundles from TensorFlow SavedModels and engines from bundles, and runs them.",
            "",
            *lines,
            "",
            f"{PROGRAM} COMMAND --help lists the arguments of a command.",
        ]
    )


def _run(name: str, command: "Command", arguments: Sequence[str]) -> int:
    if not command.on_robots and sys.version_info < _PYTHON_OF_WORKSTATIONS:
        return _fail(
            "this command needs Python 3.10 or newer, and TensorFlow: run it on a workstation"
        )
    try:
        return _run_parsed(name, command, arguments)
    except ImportError as error:
        return _fail(describe_missing_library(error, command.on_robots))


def _fail(text: str) -> int:
    print(f"error: {text}", file=sys.stderr)
    return 1


def _run_parsed(name: str, command: "Command", arguments: Sequence[str]) -> int:
    show_error, console = _rich() if command.needs_libraries else (_show_plainly, None)

    from trt_inference.errors import TrtInferenceError
    from trt_inference.tools.argument_types import ArgumentParser

    parser = ArgumentParser(prog=f"{PROGRAM} {name}", description=command.help)
    command.declare(parser)
    options = parser.parse_args(arguments)
    options.given = tuple(arguments)
    try:
        return command.run(options, console) or 0
    except BrokenPipeError:
        raise
    except (TrtInferenceError, OSError) as error:
        show_error(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        show_error(f"interrupted, {command.when_interrupted}")
        return INTERRUPTED


def _rich() -> "Tuple[Callable[[str], None], Console]":
    """What prints an error, and the console of a command that prints with rich."""
    from rich.console import Console

    from converter.terminal.console import print_line

    return lambda text: print_line(Console(stderr=True), text, "red"), Console()


def _show_plainly(text: str) -> None:
    from trt_inference.printable import printable_lines

    print(printable_lines(text), file=sys.stderr)
