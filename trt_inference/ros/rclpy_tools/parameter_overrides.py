"""The parameters that a user gave the node at start-up, declared or not."""

from typing import Mapping

from rclpy.node import Node
from rclpy.parameter import Parameter


def parameter_overrides(node: Node) -> Mapping[str, Parameter]:
    """All that were given, by name. rclpy has no public way to see those that nobody declares."""
    overrides: Mapping[str, Parameter] = node._parameter_overrides
    return overrides
