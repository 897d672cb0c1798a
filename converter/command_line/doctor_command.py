"""`trt-inference doctor`."""

import argparse
from typing import TYPE_CHECKING, Optional

from converter.command_line.command import Command

if TYPE_CHECKING:
    from rich.console import Console


def _declare(parser: argparse.ArgumentParser) -> None:
    from trt_inference.tools.doctor import add_doctor_arguments

    add_doctor_arguments(parser)


def _run(options: argparse.Namespace, console: "Optional[Console]") -> int:
    from trt_inference.tools.doctor import run_doctor

    return run_doctor(options)


COMMAND = Command(
    "tell what is wrong with this machine, and what to do about it",
    _declare,
    _run,
    on_robots=True,
    needs_libraries=False,
)
