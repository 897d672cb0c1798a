"""Looks after the building of an engine while the node goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Optional, Tuple

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from rclpy.node import Node

from trt_inference.engines.base import EngineOptions
from trt_inference.ros.diagnostics.status_publisher import OwnPublisher
from trt_inference.ros.rclpy_tools.steady_timer import steady_timer
from trt_inference.ros.session.build_process import BuildProcess

_PERIOD = 0.5  # seconds between two looks at the process


class EngineBuild:
    """At most one build at a time, its progress on /diagnostics, and what is to be done then."""

    def __init__(self, node: Node, when_built: Callable[[], None]) -> None:
        """
        Args:
            when_built: called on the executor once an engine is there.
        """
        self._node, self._when_built = node, when_built
        self._build: Optional[BuildProcess] = None
        self._wanted: Optional[Tuple[Path, str, EngineOptions]] = None
        self._publisher = OwnPublisher(node, _PERIOD)
        self._timer = steady_timer(node, _PERIOD, self._look)
        self._timer.cancel()  # until there is something to look at

    def start(self, bundle: Path, precision: str, options: EngineOptions) -> None:
        """Begin to build, unless just that is being built."""
        wanted = (bundle, precision, options)
        if self._build is not None and wanted == self._wanted:
            return
        self.stop()
        self._wanted = wanted
        self._build = BuildProcess(bundle, precision, options.device, options.batch)
        self._timer.reset()
        self._node.get_logger().info(
            f"{bundle} has no {precision} engine for this machine: it is being built, which takes "
            "minutes. The node configures itself when it is there"
        )

    def stop(self) -> None:
        """End a build that is running."""
        self._timer.cancel()
        build, self._build = self._build, None
        if build is not None:
            build.stop()

    def _look(self) -> None:
        build = self._build
        if build is None:
            return
        code = build.exit_code()
        self._publish(build, code)
        if code is None:
            return
        self.stop()
        if code == 0:
            self._node.get_logger().info(f"the {build.precision} engine is built")
            self._when_built()
        else:
            self._node.get_logger().error(
                f"the {build.precision} engine could not be built:\n{build.output()}"
            )

    def _publish(self, build: BuildProcess, code: Optional[int]) -> None:
        failed = code not in (None, 0)
        status = DiagnosticStatus(
            level=DiagnosticStatus.ERROR if failed else DiagnosticStatus.WARN,
            name="engine build",
            message="the build failed" if failed else "an engine is being built",
            values=[
                KeyValue(key="precision", value=build.precision),
                KeyValue(key="progress", value=build.progress),
            ],
        )
        self._publisher.publish([status])
