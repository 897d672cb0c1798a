"""Why the node is not configured, on /diagnostics, until it is."""

from __future__ import annotations

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node

from trt_inference.ros.diagnostics.status_publisher import OwnPublisher
from trt_inference.ros.rclpy_tools.steady_timer import steady_timer

_PERIOD = 1.0  # seconds


class FailureTopic:
    """Says again and again that the node could not be configured: a robot reads no logs."""

    def __init__(self, node: Node) -> None:
        self._reason = ""
        self._publisher = OwnPublisher(node, _PERIOD)
        self._timer = steady_timer(node, _PERIOD, self._publish)
        self._timer.cancel()

    def say(self, reason: str) -> None:
        """From now on."""
        self._reason = reason
        self._timer.reset()

    def clear(self) -> None:
        """Say it no more."""
        self._timer.cancel()

    def _publish(self) -> None:
        status = DiagnosticStatus(
            level=DiagnosticStatus.ERROR,
            name="detector",
            message=f"not configured: {self._reason}",
            hardware_id="none",
        )
        self._publisher.publish([status])
