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
        fixed: it has the value of the start of the process, and nobody can set it afterwards.
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
        """Why ``value`` cannot be used; empty when it can. Ranges are not looked at: while the node
        runs, rclpy checks them."""
        if value is None:  # as of [] in a file
            may_be_empty = self.default in (None, [""])
            return "" if may_be_empty else "it has no value: leave it out for its default"
        if self.choices and value not in self.choices:
            return f"'{value}' is not one of {', '.join(self.choices)}"
        return self.check(value)

    def out_of_range(self, value: Any) -> str:
        """Why a number cannot be used; empty when it can."""
        if self.range is None or value is None or self.range[0] <= value <= self.range[1]:
            return ""
        return f"{value} is out of range: from {self.range[0]} to {self.range[1]}"

    def constraints(self) -> str:
        """What can be set, and when that takes effect, beside the range."""
        if self.fixed:
            effect = "fixed when the process starts"
        elif self.live:
            effect = "takes effect at once"
        else:
            effect = "read when the node is configured"
        return f"one of {', '.join(self.choices)}; {effect}" if self.choices else effect


def descriptor(spec: Spec) -> ParameterDescriptor:
    """What tools like ros2 param describe show, and rclpy checks."""
    result = ParameterDescriptor(
        description=spec.description,
        additional_constraints=spec.constraints(),
        read_only=spec.fixed,
    )
    if spec.range and spec.type == Parameter.Type.DOUBLE:
        result.floating_point_range = [
            FloatingPointRange(from_value=float(spec.range[0]), to_value=float(spec.range[1]))
        ]
    elif spec.range:
        result.integer_range = [
            IntegerRange(from_value=int(spec.range[0]), to_value=int(spec.range[1]))
        ]
    return result
