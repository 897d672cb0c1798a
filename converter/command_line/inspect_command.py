"""`trt-inference inspect`."""

import argparse
from typing import TYPE_CHECKING, Optional, Tuple

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

    version = _version(options)
    chosen = () if version is None else (version,)
    found = inspect(source_options(options), Progress(console), *([chosen] if chosen else []))
    print_inspection(found, console)
    if found.cut is not None:
        print_cut(found.cut, options, console)


def _version(options: argparse.Namespace) -> Optional[str]:
    """The version of TensorRT that is asked for; None for those of all boards."""
    from converter.compatibility.tensorrt_versions import TARGETS, target_of

    if options.tensorrt is None:
        return TARGETS[options.target].tensorrt if options.target else None
    options.target = options.target or target_of(options.tensorrt[1]).name
    asked: Tuple[str, str] = options.tensorrt
    return asked[1]


COMMAND = Command("show what is in a SavedModel, and what stops a conversion", _declare, _run)
