"""The parameters of the table are declared, whatever values were given at start-up."""

import difflib
import json
from typing import Any, List

from rclpy.parameter import Parameter

from trt_inference.ros.parameters.spec import Spec, descriptor
from trt_inference.ros.parameters.table import SPECS, SPECS_BY_NAME
from trt_inference.ros.rclpy_tools.parameter_node import RCLPY_PARAMETERS, ParameterNode
from trt_inference.ros.rclpy_tools.parameter_overrides import parameter_overrides
from trt_inference.ros.rclpy_tools.value_texts import plain_value, wrong_type

# Of the middleware and of rclpy, not of this node.
_OTHERS = (*RCLPY_PARAMETERS, "qos_overrides.", "diagnostic_updater")
# How a value is written where the default does not show it.
_EXAMPLES = {
    Parameter.Type.INTEGER: 100,
    Parameter.Type.DOUBLE: 0.5,
    Parameter.Type.STRING_ARRAY: ["first", "second"],
}


def declare_parameters(node: ParameterNode) -> None:
    """Declare all. A value that cannot be used is noted among the node's ``start_problems``, and
    the parameter has its default."""
    given = parameter_overrides(node)
    for spec in SPECS:
        reason = wrong_at_start(spec, given[spec.name].value) if spec.name in given else ""
        value = spec.type if spec.default is None else spec.default
        node.declare_parameter(spec.name, value, descriptor(spec), ignore_override=bool(reason))
        if reason:
            node.start_problems[spec.name] = reason


def wrong_at_start(spec: Spec, value: Any) -> str:
    """Why a value that was given cannot be used, and how one is written; empty when it can."""
    again = ". It is fixed when the process starts: start it again" if spec.fixed else ""
    if value is not None and Parameter.Type.from_parameter_value(value) != spec.type:
        text = wrong_type(spec.name, value, spec.type, _example(spec, value))
        return f"{text}{_choices(spec)}{again}"
    reason = spec.reason_against(plain_value(value)) or spec.out_of_range(value)
    return f"parameter {spec.name}: {reason}{again}" if reason else ""


def unknown_parameters(node: ParameterNode) -> List[str]:
    """What is wrong with parameters that were given at start-up and do not exist: rclpy ignores
    them without a word."""
    return [
        f"parameter {name} does not exist and is ignored{_meant(name)}"
        for name in parameter_overrides(node)
        if name not in SPECS_BY_NAME and not name.startswith(_OTHERS)
    ]


def _meant(name: str) -> str:
    whole = name.partition(".")[0]
    if whole in SPECS_BY_NAME:
        return f": {whole} has no parts"
    similar = difflib.get_close_matches(name, SPECS_BY_NAME, n=1, cutoff=0.8)
    return f": {similar[0]} is meant, perhaps" if similar else ""


def _example(spec: Spec, value: Any) -> Any:
    """A value of the right type: what was meant, as far as that can be told."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if spec.type == Parameter.Type.DOUBLE and is_number:
        return float(value)
    if spec.type == Parameter.Type.STRING and not spec.choices:
        return value if isinstance(value, str) else json.dumps(plain_value(value))
    if spec.type == Parameter.Type.STRING_ARRAY and isinstance(value, str):
        return [value]
    return spec.default or _EXAMPLES.get(spec.type, spec.default)


def _choices(spec: Spec) -> str:
    return f"; choose {', '.join(spec.choices)}" if spec.choices else ""
