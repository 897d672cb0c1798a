"""`trt-inference inspect`."""

import argparse
from typing import TYPE_CHECKING

from converter.command_line.command import Command

if TYPE_CHECKING:
    from rich.console import Console


def _declare(parser: argparse.ArgumentParser) -> None:
    from converter.command_line.source_arguments import add_source_arguments

    add_source_arguments(parser)


def _run(options: argparse.Namespace, console: "Console") -> None:
    from converter.command_line.print_inspection import print_inspection
    from converter.command_line.source_arguments import source_options
    from converter.commands.inspect import inspect
    from converter.terminal.progress import Progress

    print_inspection(inspect(source_options(options), Progress(console)), console)


COMMAND = Command("show what is in a SavedModel, and what stops a conversion", _declare, _run)
