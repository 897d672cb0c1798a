"""`trt-inference inspect`."""

import argparse
from typing import TYPE_CHECKING, Tuple

from converter.command_line.command import Command

if TYPE_CHECKING:
    from rich.console import Console


def _declare(parser: argparse.ArgumentParser) -> None:
    from converter.command_line.argument_types import tensorrt_or_target
    from converter.command_line.source_arguments import add_source_arguments

    add_source_arguments(parser)
    parser.add_argument(
        "--tensorrt",
        metavar="VERSION",
        type=tensorrt_or_target,
        help="find out where to cut the model for this version, as in 8.2, rather than for all "
        "boards or that of --target",
    )


def _run(options: argparse.Namespace, console: "Console") -> None:
    from converter.command_line.print_cut import print_cut
    from converter.command_line.print_inspection import print_inspection
    from converter.command_line.source_arguments import source_options
    from converter.commands.inspect import inspect
    from converter.terminal.progress import Progress

    versions = _versions(options)
    found = inspect(source_options(options), Progress(console), versions)
    print_inspection(found, versions, console)
    if found.cut is not None:
        print_cut(found.cut, options, console)


def _versions(options: argparse.Namespace) -> Tuple[str, ...]:
    """The version of TensorRT that is asked for, or those of all boards. What is printed is for the
    target that has it."""
    from trt_inference.bundles.tensorrt_versions import TARGETS, known_version, target_of

    if options.tensorrt is not None:
        asked: str = options.tensorrt[1]
        options.target = options.target or target_of(asked).name
        return (known_version(asked),)
    chosen = [TARGETS[options.target]] if options.target else TARGETS.values()
    return tuple(dict.fromkeys(target.tensorrt for target in chosen))


COMMAND = Command("show what is in a SavedModel, and what stops a conversion", _declare, _run)
