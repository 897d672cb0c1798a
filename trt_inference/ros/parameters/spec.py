"""What is known of one parameter, for rclpy, for people and for the checks."""

from dataclasses import dataclass
from typing import Any, Callable, Optional, Sequence, Tuple

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.parameter import Parameter


@dataclass(frozen=True)
class Spec:
    """One parameter. Without a default it is unset, or takes the bundle's value.

    Attributes:
        range: lowest and highest value of a number.
        check: for what a range or choices cannot express: value → why it cannot be used, or
            nothing.
        live: it takes effect on the next frame, others when the node is configured.
        fixed: it is given when the process starts, and cannot be set afterwards.
    """

    name: str
    type: Parameter.Type
    description: str
    default: Any = None
    range: Optional[Tuple[float, float]] = None
    choices: Sequence[str] = ()
    check: Callable[[Any], str] = lambda value: ""
    live: bool = False
    fixed: bool = False

    def reason_against(self, value: Any) -> str:
        """Why ``value`` cannot be used; empty when it can. Ranges are checked by rclpy."""
        if value is None:  # as of [] in a file
            may_be_empty = self.default in (None, [""])
            return "" if may_be_empty else "it has no value: leave it out for its default"
        if self.choices and value not in self.choices:
            return f"'{value}' is not one of {', '.join(self.choices)}"
        return self.check(value)


def descriptor(spec: Spec) -> ParameterDescriptor:
    """What tools like ros2 param describe show, and rclpy checks."""
    result = ParameterDescriptor(description=spec.description, read_only=spec.fixed)
    if spec.choices:
        result.additional_constraints = f"one of {', '.join(spec.choices)}"
    elif spec.fixed:
        result.additional_constraints = "fixed when the process starts"
    elif not spec.live:
        result.additional_constraints = "read when the node is configured"
    if spec.range and spec.type == Parameter.Type.DOUBLE:
        result.floating_point_range = [
            FloatingPointRange(from_value=float(spec.range[0]), to_value=float(spec.range[1]))
        ]
    elif spec.range:
        result.integer_range = [
            IntegerRange(from_value=int(spec.range[0]), to_value=int(spec.range[1]))
        ]
    return result
