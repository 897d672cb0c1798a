"""Types of command line arguments that only the converter has."""

import argparse
import json
import re
from typing import Any, Tuple

import numpy as np

from converter.stages.output_stage import MOST_CANDIDATES
from trt_inference.bundles.tensorrt_versions import FIRST_VERSION, TARGETS, reaches
from trt_inference.tools.argument_types import fraction, number, positive

_NUMBERS = re.compile(r"[0-9]+(\.[0-9]+)+$")


def not_zero(text: str) -> float:
    """A number to divide by."""
    value = number(text)
    if value == 0:
        raise argparse.ArgumentTypeError("0 cannot be divided by")
    return value


def image_size(text: str) -> Tuple[int, int]:
    """``WxH`` as height, width."""
    width, separator, height = text.partition("x")
    if not separator:
        raise argparse.ArgumentTypeError(f"'{text}' is not WIDTHxHEIGHT, as in 640x480")
    return positive(height), positive(width)


def candidates(text: str) -> int:
    """As many as an engine can choose."""
    value = positive(text)
    if value > MOST_CANDIDATES:
        raise argparse.ArgumentTypeError(
            f"{value} is more than the {MOST_CANDIDATES} that TensorRT can choose"
        )
    return value


def crop_fraction(text: str) -> float:
    """A number from 0 to 1, but not 0."""
    value = fraction(text)
    if value == 0:
        raise argparse.ArgumentTypeError("0 would leave nothing of the image")
    return value


def setting(text: str) -> Tuple[str, Any]:
    """``NAME=VALUE`` as name and value: a number, true or false, several with commas between."""
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=VALUE, as in keep_prob=1.0")
    try:
        values = json.loads(f"[{value}]".lower())
    except ValueError:
        values = None
    if not values:
        raise argparse.ArgumentTypeError(
            f"'{value}' is no value for {name}: give a number, true or false, or several as in 1,2"
        )
    return name, values[0] if len(values) == 1 else values


def anchors(file: str) -> np.ndarray:
    """The array ``[A, 4]`` in a file of NumPy's."""
    try:
        values = np.load(file, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"'{file}' cannot be read: {error}") from error
    if not isinstance(values, np.ndarray) or values.ndim != 2 or values.shape[1] != 4:
        shape = list(getattr(values, "shape", []))
        raise argparse.ArgumentTypeError(f"'{file}' has an array of {shape}, it must be [A, 4]")
    return values


def tensorrt_or_target(text: str) -> Tuple[str, str]:
    """A version of TensorRT or the name of a target, as that name and the version."""
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
