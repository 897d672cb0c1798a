"""The command line: python3 -m converter inspect | convert."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from converter import print_results
from converter.convert_arguments import add_convert_arguments, options_from
from converter.progress import Progress
from converter.saved_model import read_saved_model
from converter.steps import convert
from trt_inference.errors import TrtInferenceError

INTERRUPTED = 130  # as a shell reports it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code: 0, 1 after an error, 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options, Console())
    except (TrtInferenceError, OSError) as error:
        _print_error(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        _print_error("interrupted, nothing was written")
        return INTERRUPTED
    return 0


def _print_error(text: str) -> None:
    Console(stderr=True).print(text, style="red", markup=False, highlight=False, soft_wrap=True)


def _inspect(options: argparse.Namespace, console: Console) -> None:
    with console.status("reading …"):
        saved_model = read_saved_model(options.saved_model)
    print_results.print_saved_model(saved_model, console)


def _convert(options: argparse.Namespace, console: Console) -> None:
    conversion = convert(options_from(options), Progress(console))
    print_results.print_conversion(conversion, console)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m converter", description="Makes bundles from TensorFlow SavedModels."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    inspect = commands.add_parser("inspect", help="list the signatures of a SavedModel")
    inspect.add_argument("saved_model", metavar="DIR", type=Path, help="folder of the SavedModel")
    inspect.set_defaults(run=_inspect)
    command = commands.add_parser(
        "convert",
        help="make a bundle from a SavedModel",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    command.set_defaults(run=_convert)
    add_convert_arguments(command)
    return parser
