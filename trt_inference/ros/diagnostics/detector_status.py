"""The statuses of a configured node: of the detector, of what it depends on, of each camera."""

import time
from typing import Callable, Dict, List, Optional

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node

from trt_inference.inference.result_counts import ResultCounts
from trt_inference.ros.diagnostics.clocks import clock_problem
from trt_inference.ros.diagnostics.latency import LatencyTopic
from trt_inference.ros.diagnostics.limits import Limits
from trt_inference.ros.diagnostics.reports import CameraReport, NodeReport, Period
from trt_inference.ros.diagnostics.status_publisher import StatusPublisher
from trt_inference.ros.diagnostics.statuses import (
    camera_status,
    dependency_status,
    engine_status,
)
from trt_inference.ros.rclpy_tools.throttle import Throttle

_PART = "detector"
_CLOCK_PERIOD = 60.0  # seconds between two log lines about the clock


class DetectorStatus:
    """Shows a status of the detector, one of the server that it asks, if any, and one of each
    camera, and publishes ``~/latency`` with them.

    Attributes:
        limits: may be replaced at any time.
    """

    def __init__(
        self,
        node: Node,
        statuses: StatusPublisher,
        report: Callable[[], NodeReport],
        period: float,
        limits: Limits,
    ) -> None:
        """
        Args:
            statuses: publishes them.
            report: called on the executor before each message.
            period: seconds between two messages.
        """
        self.limits = limits
        self._statuses, self._report = statuses, report
        self._before: Dict[str, CameraReport] = {}
        self._reported_at = 0.0
        self._counts_before = ResultCounts()
        self._latency = LatencyTopic(node)
        self._node = node
        self._clock_warnings = Throttle(_CLOCK_PERIOD)
        statuses.show(_PART, self._look, period)

    def destroy(self) -> None:
        """Show no more."""
        self._statuses.remove(_PART)
        self._latency.destroy()

    def _look(self) -> List[DiagnosticStatus]:
        report = self._report()
        now = time.monotonic()
        seconds, self._reported_at = now - self._reported_at, now
        cameras = [
            camera_status(camera, self._period(camera, seconds), self.limits)
            for camera in report.cameras
        ]
        for camera in report.cameras:
            self._log_clock(camera)
        self._before = {camera.topic: camera for camera in report.cameras if camera.active}
        self._latency.publish(report.engine.times)
        new = report.engine.counts.since(self._counts_before)
        self._counts_before = report.engine.counts
        statuses = [engine_status(report.engine, report.cameras, new)]
        if report.engine.status is not None:
            statuses.append(dependency_status(report.engine.status, report.engine.active))
        return [*statuses, *cameras]

    def _log_clock(self, camera: CameraReport) -> None:
        """Log why ages make no sense, now and then."""
        farthest = max(camera.age.p95 or 0.0, camera.age.furthest)
        problem = clock_problem(camera.clock, farthest) if camera.active else ""
        if problem and self._clock_warnings.is_due():
            self._node.get_logger().warning(f"images of {camera.topic}: {problem}")

    def _period(self, camera: CameraReport, seconds: float) -> Optional[Period]:
        """Since the report before, if the camera was active then."""
        before = self._before.get(camera.topic)
        return None if before is None or seconds <= 0 else Period.between(before, camera, seconds)
