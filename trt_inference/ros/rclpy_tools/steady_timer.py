"""Timers that go on whatever the node's clock does."""

from typing import Any, Callable, Optional

from rclpy.callback_groups import CallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.node import Node


def steady_timer(
    node: Node,
    period: float,
    callback: Callable[[], None],
    callback_group: Optional[CallbackGroup] = None,
) -> Any:
    """A timer of the node, every ``period`` seconds. Not by the node's clock, which stands still in
    a simulation that is paused."""
    clock = Clock(clock_type=ClockType.STEADY_TIME)
    return node.create_timer(period, callback, callback_group, clock)
