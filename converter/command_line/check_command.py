"""`trt-inference check`."""

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Tuple

from converter.command_line.command import Command

if TYPE_CHECKING:
    from rich.console import Console

_NUMBERS = re.compile(r"[0-9]+(\.[0-9]+)+$")


def tensorrt_or_target(text: str) -> Tuple[str, str]:
    """A version of TensorRT or the name of a target, as that name and the version."""
    from trt_inference.bundles.tensorrt_versions import FIRST_VERSION, TARGETS, reaches

    if text in TARGETS:
        return text, TARGETS[text].tensorrt
    if not _NUMBERS.match(text):
        raise argparse.ArgumentTypeError(
            f"'{text}' is no version of TensorRT, as in 8.2, and no target: {', '.join(TARGETS)}"
        )
    if not reaches(text, FIRST_VERSION):
        raise argparse.ArgumentTypeError(
            f"TensorRT {text} is older than all that are known: give {FIRST_VERSION} or newer"
        )
    return text, text


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="folder made by convert")
    parser.add_argument(
        "--tensorrt",
        metavar="VERSION",
        nargs="+",
        type=tensorrt_or_target,
        default=(),
        help="versions of TensorRT as in 8.2, or targets as in jetson-nano (default: all versions "
        "that are known)",
    )


def _run(options: argparse.Namespace, console: "Console") -> int:
    from converter.command_line.print_check import print_check
    from converter.commands.check import Asked, check_bundle

    found = check_bundle(options.bundle, [Asked(*one) for one in options.tensorrt])
    print_check(found, console)
    return 0 if found.is_clear else 1


COMMAND = Command(
    "tell which versions of TensorRT build a bundle, and what is in the way", _declare, _run
)
