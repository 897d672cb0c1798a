"""What a request for another bundle or precision asks for."""

from typing import Dict, Mapping, Sequence, Tuple

from rcl_interfaces.msg import Parameter, ParameterType

from trt_inference.printable import shortened
from trt_inference.ros.parameters.node_parameters import SWAPPED

_KINDS = " or ".join(SWAPPED)


def read_values(parameters: Sequence[Parameter]) -> Tuple[Dict[str, str], str]:
    """The values by name, and why the request cannot be understood, or nothing."""
    if not parameters:
        return {}, f"nothing is asked for: give {_KINDS}, or both"
    values: Dict[str, str] = {}
    for one in parameters:
        if one.name not in SWAPPED:
            return {}, f"'{shortened(one.name)}' cannot be swapped: give {_KINDS} as a string"
        if one.value.type != ParameterType.PARAMETER_STRING:
            return {}, f"{one.name} is of type {one.value.type}, not a string: give it as a string"
        if one.name in values:
            return {}, f"{one.name} is there twice: give it once"
        values[one.name] = one.value.string_value
    return values, ""


def shown_values(values: Mapping[str, str]) -> str:
    """For people, in one line."""
    return ", ".join(f"{name} {shortened(value)}" for name, value in values.items())
