"""`trt-inference deploy`."""

import argparse
from typing import TYPE_CHECKING

from converter.command_line.command import Command

if TYPE_CHECKING:
    from rich.console import Console


def _declare(parser: argparse.ArgumentParser) -> None:
    from converter.command_line.deploy_arguments import add_deploy_arguments

    add_deploy_arguments(parser)


def _run(options: argparse.Namespace, console: "Console") -> int:
    from converter.command_line.deploy_arguments import deploy_options
    from converter.command_line.print_deployment import print_deployment
    from converter.commands.deploy import deploy
    from converter.engine_builder.background import interrupted_by_sigterm
    from converter.terminal.console import print_line
    from converter.terminal.progress import Progress

    def on_line(text: str) -> None:
        print_line(console, f"  {text}")

    with interrupted_by_sigterm():
        result = deploy(deploy_options(options), Progress(console), on_line)
    return print_deployment(result, console)


COMMAND = Command(
    "take a bundle to a robot, and build engines there",
    _declare,
    _run,
    when_interrupted="the robot has the old bundle or the new one, whole; what else was copied is "
    "kept there, and the same command goes on",
)
