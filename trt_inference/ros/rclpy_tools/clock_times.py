"""Times on /clock that no clock of ROS can have."""

from typing import Any

from rclpy.node import Node

from trt_inference.ros.rclpy_tools.throttle import Throttle


def ignore_negative_times(node: Node) -> None:
    """Keep the node's clock as it is when a time before zero comes, which anybody may publish:
    rclpy raises an error at each. A time that is right is taken as ever."""
    source: Any = node._time_source
    take, warnings = source.clock_callback, Throttle()

    def take_or_ignore(message: Any) -> None:
        if message.clock.sec >= 0:
            take(message)
        elif warnings.is_due():
            node.get_logger().warning(
                f"a time on /clock is ignored: its {message.clock.sec} s are below zero"
            )

    source.clock_callback = take_or_ignore  # of subscriptions to come, with use_sim_time
    if source._clock_sub is not None:
        source._clock_sub.callback = take_or_ignore
