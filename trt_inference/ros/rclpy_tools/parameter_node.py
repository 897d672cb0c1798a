"""What the parameters of rclpy's nodes lack: a start with values of wrong types, and dumps that can
be loaded again."""

from typing import Any, Dict, List, Optional

from rcl_interfaces.msg import ParameterDescriptor, SetParametersResult
from rclpy.exceptions import InvalidParameterTypeException, ParameterUninitializedException
from rclpy.node import Node
from rclpy.parameter import Parameter

from trt_inference.printable import printable
from trt_inference.ros.rclpy_tools.parameter_overrides import parameter_overrides
from trt_inference.ros.rclpy_tools.value_texts import as_yaml, plain_value, wrong_type

# rclpy's own, which its constructor declares.
RCLPY_PARAMETERS = ("use_sim_time", "start_type_description_service")


class ParameterNode(Node):
    """To be named before rclpy's class among the bases of a node.

    ``ros2 param dump`` writes all parameters, those without a value too, and ``ros2 param load`` of
    what it has written does nothing: a parameter may be set to the value that it has, whether it is
    read-only, or locked in the state of the node, or neither.

    Attributes:
        start_problems: what is wrong with values that were given at start-up, by name. The
            parameters have their defaults instead.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.start_problems: Dict[str, str] = {}
        super().__init__(*arguments, **options)

    def declare_parameter(
        self,
        name: str,
        value: Any = None,
        descriptor: Optional[ParameterDescriptor] = None,
        ignore_override: bool = False,
    ) -> Parameter:
        """As rclpy's. One of rclpy's own with a value of a wrong type does not end the node."""
        try:
            return super().declare_parameter(name, value, descriptor, ignore_override)
        except InvalidParameterTypeException:
            if name not in RCLPY_PARAMETERS:
                raise
            given = parameter_overrides(self)[name].value
            wanted = Parameter.Type.from_parameter_value(value)
            text = wrong_type(name, given, wanted, value)
            if descriptor is not None and descriptor.read_only:  # nobody could mend it
                self.get_logger().warning(f"{text}. It is taken for {as_yaml(value)}")
            else:
                self.start_problems[name] = text
            return super().declare_parameter(name, value, descriptor, ignore_override=True)

    def get_parameter(self, name: str) -> Parameter:
        """As rclpy's. One without a value is an answer too: for an error, the services of rclpy
        would answer nothing at all, for the others that were asked for neither."""
        try:
            return super().get_parameter(name)
        except ParameterUninitializedException:
            return Parameter(name)

    def set_parameters_atomically(self, parameter_list: List[Parameter]) -> SetParametersResult:
        """As rclpy's, for what is to change. All services that set parameters call it."""
        changed = [one for one in parameter_list if not self._has_value(one)]
        for name in (one.name for one in changed if self.has_parameter(one.name)):
            if self.describe_parameter(name).read_only:
                reason = f"{name} is fixed when the process starts: give it then, in a params file"
                return SetParametersResult(successful=False, reason=reason)
        if not changed:
            return SetParametersResult(successful=True)
        result = super().set_parameters_atomically(changed)
        result.reason = printable(result.reason)
        return result

    def _has_value(self, parameter: Parameter) -> bool:
        """Whether it is what it is to be, and was meant to be. ``ros2 param load`` makes strings of
        what YAML does not read as it is written: ``None`` and ``1e-05``."""
        name = parameter.name
        if name in self.start_problems or not self.has_parameter(name):
            return False
        now = plain_value(self.get_parameter(name).value)
        return str(now) == str(plain_value(parameter.value))
