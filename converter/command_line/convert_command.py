"""`trt-inference convert`."""

import argparse
from typing import TYPE_CHECKING

from converter.command_line.command import Command

if TYPE_CHECKING:
    from rich.console import Console


def _declare(parser: argparse.ArgumentParser) -> None:
    from converter.command_line.convert_arguments import add_convert_arguments

    add_convert_arguments(parser)


def _run(options: argparse.Namespace, console: "Console") -> None:
    from converter.command_line.convert_arguments import convert_options
    from converter.command_line.print_conversion import print_conversion, print_trained
    from converter.command_line.print_precisions import check_precisions, print_precisions
    from converter.commands.convert import convert
    from converter.engine_builder.background import interrupted_by_sigterm
    from converter.terminal.progress import Progress

    with interrupted_by_sigterm():  # which services for continuous integration send
        conversion = convert(convert_options(options), Progress(console))
    print_conversion(conversion, console)
    if conversion.precisions is not None:
        task = conversion.verification.task
        print_precisions(conversion.precisions, conversion.bundle, conversion.bytes, task, console)
    if conversion.trained is not None:
        print_trained(conversion.trained, console)
    if conversion.precisions is not None:
        check_precisions(conversion.precisions, conversion.bundle)


COMMAND = Command("make a bundle from a SavedModel", _declare, _run)
