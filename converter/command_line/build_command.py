"""`trt-inference build`."""

import argparse
from typing import TYPE_CHECKING

from converter.command_line.command import Command

if TYPE_CHECKING:
    from rich.console import Console

    from converter.engine_builder.build_engine import Built


def _declare(parser: argparse.ArgumentParser) -> None:
    from converter.command_line.build_arguments import add_build_arguments

    add_build_arguments(parser)


def _run(options: argparse.Namespace, console: "Console") -> None:
    from converter.command_line.build_arguments import build_options
    from converter.command_line.print_build import print_build, print_built
    from converter.commands.build import build_engines
    from converter.engine_builder.background import interrupted_by_sigterm
    from converter.errors import BuildError
    from converter.terminal.progress import Progress

    def on_built(precision: str, built: "Built") -> None:
        print_built(precision, built, console)

    with interrupted_by_sigterm():
        result = build_engines(build_options(options), Progress(console), on_built)
        print_build(result, console)
        if result.failures:
            raise BuildError("\n".join(result.failures))


COMMAND = Command(
    "build TensorRT engines, on the robot",
    _declare,
    _run,
    on_robots=True,
    when_interrupted="the engine that was not finished is not there",
)
