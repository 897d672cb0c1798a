"""The node's own /diagnostics, while it is configured."""

from __future__ import annotations

from typing import Mapping

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from trt_inference.ros.diagnostics import diagnostics_message
from trt_inference.ros.pipeline import Pipeline


class DiagnosticsTopic:
    """Publishes facts, counters and percentiles again and again."""

    def __init__(
        self, node: Node, facts: Mapping[str, str], pipeline: Pipeline, period: float
    ) -> None:
        """
        Args:
            period: seconds between two messages.
        """
        self._node, self._facts, self._pipeline = node, facts, pipeline
        self._reported_rejected = 0
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
        # Not the node's clock, which stands still in a simulation that is paused.
        clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(period, self._publish, clock=clock)

    def destroy(self) -> None:
        """Publish no more."""
        self._node.destroy_timer(self._timer)
        self._node.destroy_publisher(self._publisher)

    def _publish(self) -> None:
        rejected = self._pipeline.counters.rejected
        self._publisher.publish(
            diagnostics_message(
                self._node.get_fully_qualified_name(),
                self._node.get_clock().now().to_msg(),
                self._facts,
                self._pipeline.counters,
                self._pipeline.clock.percentiles(),
                newly_rejected=rejected - self._reported_rejected,
            )
        )
        self._reported_rejected = rejected
