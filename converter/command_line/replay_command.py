"""`trt-inference replay`."""

import argparse
import sys
from typing import TYPE_CHECKING

from converter.command_line.command import Command

if TYPE_CHECKING:
    from rich.console import Console

_OLDEST_PYTHON = (3, 10)  # of the library that reads bags


def _declare(parser: argparse.ArgumentParser) -> None:
    from converter.command_line.replay_arguments import add_replay_arguments

    add_replay_arguments(parser)


def _run(options: argparse.Namespace, console: "Console") -> int:
    from converter.errors import ReplayError

    if sys.version_info < _OLDEST_PYTHON:
        raise ReplayError(
            "replay needs Python 3.10 or newer, as the library does that reads bags: run it on a "
            "workstation, on a copy of the recording and of the bundle"
        )
    from converter.command_line.print_replay import print_replay
    from converter.command_line.replay_arguments import replay_options
    from converter.commands.replay import replay
    from converter.engine_builder.background import interrupted_by_sigterm
    from converter.terminal.progress import Progress

    with interrupted_by_sigterm():  # which services for continuous integration send
        results = replay(replay_options(options), Progress(console))
    print_replay(results, options.output, console)
    return 1 if results.judgement.failures else 0


COMMAND = Command(
    "show what another model or precision would have done with a recording, without ROS",
    _declare,
    _run,
    on_robots=True,
    when_interrupted="nothing was written, an earlier replay is as it was",
)
