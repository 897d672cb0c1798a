"""Read JSON of others, and check it against a schema: no text takes much time or memory, and none
means one thing here and another thing elsewhere.

Python's reader takes ``NaN``, the last of two values under one key, and numbers of a million
digits, and its schema checker takes ``3.0`` for an integer.
"""

import json
import math
from collections import Counter
from typing import Any, Dict, List, Mapping, Tuple

import jsonschema
from jsonschema.exceptions import best_match

from trt_inference.printable import shortened

_MOST_DIGITS = 18
_DEEPEST = 32  # lists and objects in one another


def parse_json(content: bytes, finite: bool = True) -> Any:
    """
    Args:
        finite: take no ``NaN`` and no ``Infinity``, which are no JSON.

    Raises:
        ValueError: it is no UTF-8, no JSON, nested deeply, or has a number that is none or too
            large, or a key twice; with the reason.
    """
    number = _finite if finite else float
    try:
        parsed = json.loads(
            content.decode("utf-8"),
            parse_int=_integer,
            parse_float=number,
            parse_constant=number,
            object_pairs_hook=_object,
        )
    except RecursionError:
        raise _too_deep() from None
    if _depth_exceeds(parsed, _DEEPEST):
        raise _too_deep()
    return parsed


def make_validator(schema: Mapping[str, Any]) -> Any:
    """A validator of JSON Schema, draft 7, to which an integer has no point and no exponent."""
    kinds = jsonschema.Draft7Validator.TYPE_CHECKER.redefine("integer", _is_integer)
    return jsonschema.validators.extend(jsonschema.Draft7Validator, type_checker=kinds)(schema)


def find_fault(content: Any, validator: Any) -> str:
    """What a schema says against ``content``, with its place in it; empty where it is valid."""
    error = best_match(validator.iter_errors(content))
    if error is None:
        return ""
    place = "/".join(str(part) for part in error.absolute_path) or "the top level"
    # Where the schema has a description, the validator's own words are of no help.
    return f"{shortened(place)}: {shortened(error.schema.get('description', error.message))}"


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a number has {len(digits)} digits, {_MOST_DIGITS} at most")
    return int(digits)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{shortened(text)} is no finite number")
    return value


def _object(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key {shortened(repr(twice))} is there twice")
    return found


def _is_integer(checker: Any, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _depth_exceeds(value: Any, most: int) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    inside = value.values() if isinstance(value, dict) else value
    return most == 0 or any(_depth_exceeds(one, most - 1) for one in inside)


def _too_deep() -> ValueError:
    return ValueError(f"more than {_DEEPEST} lists and objects are in one another")
