"""Types of command line arguments that only the converter has."""

from __future__ import annotations

import argparse

from trt_inference.arguments import number, positive


def not_zero(text: str) -> float:
    """A number to divide by."""
    value = number(text)
    if value == 0:
        raise argparse.ArgumentTypeError("0 cannot be divided by")
    return value


def size(text: str) -> tuple[int, int]:
    """``WxH`` as height, width."""
    width, separator, height = text.partition("x")
    if not separator:
        raise argparse.ArgumentTypeError(f"'{text}' is not WIDTHxHEIGHT, as in 640x480")
    return positive(height), positive(width)
