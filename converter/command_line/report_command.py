"""`trt-inference report`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from converter.command_line.command import Command

if TYPE_CHECKING:
    from rich.console import Console


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="folder made by convert")
    parser.add_argument(
        "--output", metavar="FILE.html", type=Path, help="copy its page, which needs no other file"
    )


def _run(options: argparse.Namespace, console: "Console") -> None:
    from converter.command_line.print_bundle import print_bundle
    from converter.commands.report import copy_page, open_report

    bundle = open_report(options.bundle)
    if options.output is not None:
        copy_page(bundle, options.output)
    print_bundle(bundle, console)


COMMAND = Command("show what was measured for a bundle", _declare, _run)
