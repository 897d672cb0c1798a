"""The command line: python3 -m converter inspect | convert | quantize | build | engines | report.

A command's modules are imported when it is run: `build` and `engines` run on robots, which have
neither TensorFlow nor onnx.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Dict, Optional, Sequence

from rich.console import Console

from converter.terminal.console import say
from trt_inference.errors import TrtInferenceError

if TYPE_CHECKING:
    from converter.precision.precision_results import Precisions

INTERRUPTED = 130  # as a shell reports it
_OF_WORKSTATIONS = (3, 10)  # the Python that they need at least


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command line and return the exit code: 0, 1 after an error, 130 after Ctrl-C."""
    given = sys.argv[1:] if arguments is None else arguments
    command = _asked(given)
    if command and not command.on_robots and sys.version_info < _OF_WORKSTATIONS:
        _print_error(
            "error: this command needs Python 3.10 or newer, and TensorFlow: run it on a "
            "workstation"
        )
        return 1
    options = _parser(given).parse_args(given)
    try:
        options.command.run(options, Console())
    except (TrtInferenceError, OSError) as error:
        _print_error(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        _print_error(f"interrupted, {options.command.when_interrupted}")
        return INTERRUPTED
    return 0


def _print_error(text: str) -> None:
    say(Console(stderr=True), text, "red")


def _inspect_arguments(parser: argparse.ArgumentParser) -> None:
    from converter.command_line.convert_arguments import add_source_arguments

    add_source_arguments(parser)


def _inspect(options: argparse.Namespace, console: Console) -> None:
    from converter.command_line.convert_arguments import source_options
    from converter.command_line.print_inspection import print_inspection
    from converter.commands.inspect import inspect
    from converter.terminal.progress import Progress

    print_inspection(inspect(source_options(options), Progress(console)), console)


def _convert_arguments(parser: argparse.ArgumentParser) -> None:
    from converter.command_line.convert_arguments import add_convert_arguments

    add_convert_arguments(parser)


def _convert(options: argparse.Namespace, console: Console) -> None:
    from converter.command_line.convert_arguments import convert_options
    from converter.command_line.print_conversion import print_conversion
    from converter.commands.convert import convert
    from converter.terminal.progress import Progress

    conversion = convert(convert_options(options), Progress(console))
    print_conversion(conversion, console)
    if conversion.precisions is not None:
        _show_precisions(conversion.precisions, conversion.bundle, console)


def _quantize_arguments(parser: argparse.ArgumentParser) -> None:
    from converter.command_line.quantize_arguments import add_quantize_arguments

    add_quantize_arguments(parser)


def _quantize(options: argparse.Namespace, console: Console) -> None:
    from converter.command_line.quantize_arguments import quantize_options
    from converter.commands.quantize import quantize
    from converter.terminal.progress import Progress

    quantization = quantize(quantize_options(options), Progress(console))
    _show_precisions(quantization.precisions, quantization.bundle.path, console)


def _show_precisions(made: Precisions, bundle: Path, console: Console) -> None:
    from converter.command_line.print_precisions import check_precisions, print_precisions

    print_precisions(made, bundle, console)
    check_precisions(made, bundle)


def _build_arguments(parser: argparse.ArgumentParser) -> None:
    from converter.command_line.build_arguments import add_build_arguments

    add_build_arguments(parser)


def _build(options: argparse.Namespace, console: Console) -> None:
    from converter.command_line.build_arguments import build_options
    from converter.commands.build import run_build
    from converter.engine_builder.background import interrupted_by_sigterm

    with interrupted_by_sigterm():
        run_build(build_options(options), console)


def _engines_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="folder made by convert")


def _engines(options: argparse.Namespace, console: Console) -> None:
    from converter.commands.engines import run_engines

    run_engines(options.bundle, console)


def _report_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="folder made by convert")
    parser.add_argument(
        "--output", metavar="FILE.html", type=Path, help="copy its page, which needs no other file"
    )


def _report(options: argparse.Namespace, console: Console) -> None:
    from converter.command_line.print_bundle import page_of, print_bundle
    from converter.report.report_files import draw_if_older
    from trt_inference.bundles.bundle import load_bundle
    from trt_inference.bundles.names import REPORT_FOLDER

    bundle = load_bundle(options.bundle)
    draw_if_older(bundle.path / REPORT_FOLDER)
    print_bundle(bundle, console)
    if options.output is not None:
        shutil.copyfile(str(page_of(bundle)), str(options.output))


@dataclass(frozen=True)
class _Command:
    """What it is for, what declares its arguments, and what runs it."""

    help: str
    declare: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Console], None]
    on_robots: bool = False
    when_interrupted: str = "nothing was written"


_COMMANDS: Dict[str, _Command] = {
    "inspect": _Command(
        "say what is in a SavedModel, and what stops a conversion", _inspect_arguments, _inspect
    ),
    "convert": _Command("make a bundle from a SavedModel", _convert_arguments, _convert),
    "quantize": _Command(
        "add fp16 and int8 to a bundle, if they pass", _quantize_arguments, _quantize
    ),
    "build": _Command(
        "build TensorRT engines, on the robot",
        _build_arguments,
        _build,
        on_robots=True,
        when_interrupted="the engine that was not finished is not there",
    ),
    "engines": _Command(
        "list the engines of a bundle", _engines_arguments, _engines, on_robots=True
    ),
    "report": _Command("show what was measured of a bundle", _report_arguments, _report),
}


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """With the arguments of the one command that is in ``arguments``."""
    parser = argparse.ArgumentParser(
        prog="python3 -m converter",
        description="Makes bundles from TensorFlow SavedModels, and engines from bundles.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    asked = _asked(arguments)
    for name, command in _COMMANDS.items():
        added = commands.add_parser(name, help=command.help)
        added.set_defaults(command=command)
        if command is asked:
            command.declare(added)
    return parser


def _asked(arguments: Sequence[str]) -> Optional[_Command]:
    """The command that is asked for, if it is one."""
    return next((_COMMANDS[one] for one in arguments if one in _COMMANDS), None)
