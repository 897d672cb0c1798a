"""Values of parameters and their types, in words that help who has written them in YAML."""

import json
from typing import Any, Mapping, Tuple

from rclpy.parameter import Parameter

_Type = Parameter.Type
# As ros2 param describe calls them, with what they are written like.
_TYPES: Mapping[Parameter.Type, Tuple[str, str]] = {
    _Type.BOOL: ("a boolean", "true or false without quotes"),
    _Type.INTEGER: ("an integer", "a whole number of at most 64 bits without a point"),
    _Type.DOUBLE: ("a double", "a number with its point"),
    _Type.STRING: ("a string", "text, in quotes where YAML takes it for something else"),
    _Type.STRING_ARRAY: ("a string array", "texts in brackets"),
    _Type.INTEGER_ARRAY: ("an integer array", "whole numbers in brackets"),
    _Type.DOUBLE_ARRAY: ("a double array", "numbers with their points in brackets"),
    _Type.BOOL_ARRAY: ("a boolean array", "true or false in brackets"),
    _Type.BYTE_ARRAY: ("a byte array", "bytes"),
}


def wrong_type(name: str, value: Any, wanted: Parameter.Type, example: Any) -> str:
    """What is wrong with the value of a parameter that is of another type.

    Args:
        example: a value of the type, to show how it is written.
    """
    given, _ = _TYPES[_Type.from_parameter_value(value)]
    what, how = _TYPES[wanted]
    return (
        f"parameter {name} is {as_yaml(value)}, {given}, and has to be {what}: {how}, as in "
        f"{name}: {as_yaml(example)}"
    )


def as_yaml(value: Any) -> str:
    """A value as it is written in a file of parameters."""
    return json.dumps(plain_value(value), ensure_ascii=False)


def plain_value(value: Any) -> Any:
    """A value of a parameter; an array as a list, whatever rclpy keeps it in."""
    return value if value is None or isinstance(value, (bool, int, float, str)) else list(value)
