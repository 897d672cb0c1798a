"""YAML and JSON, and values in them that must have a certain type."""

import json
import math
import re
import reprlib
from typing import Any, Dict, Mapping, Tuple

from converter.errors import ModelFileError

# Beyond this a size is a mistake.
_LARGEST_SIDE = 1 << 14


def read_yaml(text: str) -> Mapping[str, Any]:
    """The map in a text in YAML, of plain values alone: nothing in it is run.

    Raises:
        ModelFileError: it is none.
    """
    import yaml

    try:
        content = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        raise ModelFileError(f"it is no YAML: {_first_line(error)}") from error
    return as_map(content)


def read_json(text: str) -> Mapping[str, Any]:
    """The map in a text in JSON.

    Raises:
        ModelFileError: it is none.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"it is no JSON: {_first_line(error)}") from error
    return as_map(content)


def as_map(value: Any) -> Dict[str, Any]:
    """A map.

    Raises:
        ModelFileError: it is none.
    """
    if not isinstance(value, dict):
        raise ModelFileError(f"it has no map but {type(value).__name__}")
    return value


def as_size(value: Any) -> Tuple[int, int]:
    """A size: height and width in pixels, or one number for both.

    Raises:
        ModelFileError: it is none.
    """
    sides = value if isinstance(value, (list, tuple)) else [value, value]
    if len(sides) != 2 or not all(_is_side(side) for side in sides):
        raise ModelFileError(f"{reprlib.repr(value)} is no height and width in pixels")
    height, width = sides
    return height, width


def as_number(value: Any) -> float:
    """A finite number.

    Raises:
        ModelFileError: it is none.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number
    raise ModelFileError(f"{reprlib.repr(value)} is no number")


def as_word(value: Any) -> str:
    """A version or a name of a few letters, as it may be shown; nothing where it is none."""
    is_word = isinstance(value, str) and re.match(r"[\w.+-]{1,30}\Z", value)
    return value if is_word else ""


def value_at(value: Any, *keys: str) -> Any:
    """What stands at ``keys`` in maps of maps; None where there is nothing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _is_side(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LARGEST_SIDE


def _first_line(error: BaseException) -> str:
    """A message of a parser on one line: where it stopped comes in further ones."""
    return " ".join(str(error).split())[:200]
