"""`trt-inference export-triton`."""

import argparse
from typing import TYPE_CHECKING

from converter.command_line.command import Command

if TYPE_CHECKING:
    from rich.console import Console


def _declare(parser: argparse.ArgumentParser) -> None:
    from converter.command_line.export_triton_arguments import add_export_triton_arguments

    add_export_triton_arguments(parser)


def _run(options: argparse.Namespace, console: "Console") -> None:
    from converter.command_line.export_triton_arguments import triton_options
    from converter.command_line.print_export_triton import print_export_triton
    from converter.commands.export_triton import export_triton
    from converter.engine_builder.background import interrupted_by_sigterm
    from converter.terminal.console import print_line

    def on_wait() -> None:
        print_line(console, "another export writes into this repository: waiting for its end")

    with interrupted_by_sigterm():
        result = export_triton(triton_options(options), on_wait)
    print_export_triton(result, console)


COMMAND = Command(
    "put a bundle into the model repository of a Triton server",
    _declare,
    _run,
    on_robots=True,
    when_interrupted="the repository has what it had before, or the new version, whole",
)
