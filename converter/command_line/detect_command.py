"""`trt-inference detect`."""

import argparse
from typing import TYPE_CHECKING

from converter.command_line.command import Command

if TYPE_CHECKING:
    from rich.console import Console


def _declare(parser: argparse.ArgumentParser) -> None:
    from trt_inference.tools.detect import add_detect_arguments

    add_detect_arguments(parser)


def _run(options: argparse.Namespace, console: "Console") -> int:
    from trt_inference.tools.detect import run_detect

    return run_detect(options)


COMMAND = Command(
    "run a bundle on image files or videos, without ROS",
    _declare,
    _run,
    on_robots=True,
    when_interrupted="the pictures that were written stay, files of --json and --csv as they were",
)
