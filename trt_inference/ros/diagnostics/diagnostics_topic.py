"""The node's own /diagnostics, while it is configured."""

from __future__ import annotations

import time
from typing import Callable, Dict, Optional

from rclpy.node import Node

from trt_inference.ros.diagnostics.latency import LatencyTopic
from trt_inference.ros.diagnostics.limits import Limits
from trt_inference.ros.diagnostics.reports import CameraReport, NodeReport, Period
from trt_inference.ros.diagnostics.status_publisher import open_publisher
from trt_inference.ros.diagnostics.statuses import camera_status, engine_status
from trt_inference.ros.rclpy_tools.steady_timer import steady_timer


class DiagnosticsTopic:
    """Publishes a status of the detector and one of each camera again and again, and
    ``~/latency`` with them.

    Attributes:
        limits: may be replaced at any time.
    """

    def __init__(
        self, node: Node, report: Callable[[], NodeReport], period: float, limits: Limits
    ) -> None:
        """
        Args:
            report: says how the node is; called on the executor before each message.
            period: seconds between two messages.
        """
        self.limits = limits
        self._node, self._report = node, report
        self._before: Dict[str, CameraReport] = {}
        self._reported_at = 0.0
        self._publisher = open_publisher(node, period)
        self._latency = LatencyTopic(node)
        self._timer = steady_timer(node, self._publisher.period, self._publish)

    def destroy(self) -> None:
        """Publish no more."""
        self._node.destroy_timer(self._timer)
        self._latency.destroy()
        self._publisher.destroy()

    def _publish(self) -> None:
        report = self._report()
        now = time.monotonic()
        seconds, self._reported_at = now - self._reported_at, now
        cameras = [
            camera_status(camera, self._period(camera, seconds), self.limits)
            for camera in report.cameras
        ]
        self._before = {camera.topic: camera for camera in report.cameras if camera.active}
        self._publisher.publish([engine_status(report.engine, report.cameras), *cameras])
        self._latency.publish(report.engine.times)

    def _period(self, camera: CameraReport, seconds: float) -> Optional[Period]:
        """Since the report before, if the camera was active then."""
        before = self._before.get(camera.topic)
        return None if before is None or seconds <= 0 else Period.between(before, camera, seconds)
