"""Types of command line arguments, with the message for a value that is none, and the argument that
several programs have."""

import argparse
import math
from typing import NoReturn

from trt_inference.printable import printable


class ArgumentParser(argparse.ArgumentParser):
    """The library's, whose errors show words of the command line that are no arguments."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and what is wrong, and exit with 2."""
        super().error(printable(message))


def positive(text: str) -> int:
    """A whole number of 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of 1 or more")
    return int(text)


def not_negative(text: str) -> int:
    """A whole number of 0 or more."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of 0 or more")
    return int(text)


def add_device(parser: "argparse._ActionsContainer") -> None:
    """Declare ``--device``."""
    parser.add_argument(
        "--device",
        metavar="N",
        type=not_negative,
        default=0,
        help="number of the GPU, among those that CUDA_VISIBLE_DEVICES leaves (default: 0)",
    )


def add_host_code(parser: "argparse._ActionsContainer") -> None:
    """Declare ``--allow-engine-host-code``."""
    parser.add_argument(
        "--allow-engine-host-code",
        action="store_true",
        help="load an engine that was built --version-compatible: it brings code that runs on the "
        "processor with your rights, so trust who built it",
    )


def number(text: str) -> float:
    """A number or a quotient of two, as in 1/255."""
    above, _, below = text.partition("/")
    try:
        value = float(above) / float(below or 1)
    except (ValueError, ZeroDivisionError):
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number, as in 0.5 or 1/255")
    return value


def fraction(text: str) -> float:
    """A number from 0 to 1."""
    value = number(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value
