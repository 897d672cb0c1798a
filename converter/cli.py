"""The command line: python3 -m converter inspect | convert | quantize | report."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from converter import print_inspection, print_precisions, print_results
from converter.convert_arguments import (
    add_convert_arguments,
    add_source_arguments,
    convert_options,
    source_options,
)
from converter.inspection import inspect
from converter.precision.make import Precisions
from converter.precision_arguments import add_quantize_arguments, quantize_options
from converter.print_bundle import page_of, print_bundle
from converter.progress import Progress
from converter.quantize import quantize
from converter.steps import convert
from trt_inference.bundle import load_bundle
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
    inspection = inspect(source_options(options), Progress(console))
    print_inspection.print_inspection(inspection, console)


def _convert(options: argparse.Namespace, console: Console) -> None:
    conversion = convert(convert_options(options), Progress(console))
    print_results.print_conversion(conversion, console)
    if conversion.precisions is not None:
        _show_precisions(conversion.precisions, conversion.bundle, console)


def _quantize(options: argparse.Namespace, console: Console) -> None:
    quantization = quantize(quantize_options(options), Progress(console))
    _show_precisions(quantization.precisions, quantization.bundle.path, console)


def _show_precisions(made: Precisions, bundle: Path, console: Console) -> None:
    print_precisions.print_precisions(made, bundle, console)
    print_precisions.check_precisions(made, bundle)


def _report(options: argparse.Namespace, console: Console) -> None:
    bundle = load_bundle(options.bundle)
    print_bundle(bundle, console)
    if options.output is not None:
        shutil.copyfile(page_of(bundle), options.output)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m converter", description="Makes bundles from TensorFlow SavedModels."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser(
        "inspect", help="say what is in a SavedModel, and what stops a conversion"
    )
    command.set_defaults(run=_inspect)
    add_source_arguments(command)
    command = commands.add_parser("convert", help="make a bundle from a SavedModel")
    command.set_defaults(run=_convert)
    add_convert_arguments(command)
    command = commands.add_parser("quantize", help="add fp16 and int8 to a bundle, if they pass")
    command.set_defaults(run=_quantize)
    add_quantize_arguments(command)
    command = commands.add_parser("report", help="show what was measured of a bundle")
    command.set_defaults(run=_report)
    command.add_argument("bundle", metavar="BUNDLE", type=Path, help="folder made by convert")
    command.add_argument(
        "--output", metavar="FILE.html", type=Path, help="copy its page, which needs no other file"
    )
    return parser
