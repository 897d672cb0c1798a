"""`trt-inference engines`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from converter.command_line.command import Command

if TYPE_CHECKING:
    from rich.console import Console


def _declare(parser: argparse.ArgumentParser) -> None:
    from trt_inference.tools.argument_types import add_device

    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="folder made by convert")
    add_device(parser)


def _run(options: argparse.Namespace, console: "Console") -> None:
    from converter.command_line.print_engines import print_engines
    from trt_inference.engines.bundle_engines import find_engines

    print_engines(find_engines(options.bundle, options.device), console)


COMMAND = Command("list the engines of a bundle", _declare, _run, on_robots=True)
