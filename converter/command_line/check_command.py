"""`trt-inference check`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from converter.command_line.command import Command

if TYPE_CHECKING:
    from rich.console import Console


def _declare(parser: argparse.ArgumentParser) -> None:
    from converter.command_line.argument_types import tensorrt_or_target

    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="folder made by convert")
    parser.add_argument(
        "--tensorrt",
        metavar="VERSION",
        nargs="+",
        type=tensorrt_or_target,
        default=(),
        help="versions of TensorRT as in 8.2, or targets as in jetson-nano (default: all versions "
        "that are known)",
    )


def _run(options: argparse.Namespace, console: "Console") -> int:
    from converter.command_line.print_check import print_check
    from converter.commands.check import Asked, check_bundle

    found = check_bundle(options.bundle, [Asked(*one) for one in options.tensorrt])
    print_check(found, console)
    return 0 if found.is_clear else 1


COMMAND = Command(
    "tell which versions of TensorRT build a bundle, and what is in the way", _declare, _run
)
