"""The building of an engine, in a process of its own, while the node goes on."""

import os
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from typing import Callable, Deque, Optional, Tuple

from rclpy.node import Node

from trt_inference.engines.base import EngineOptions
from trt_inference.printable import OwnLines
from trt_inference.ros.diagnostics.status_publisher import StatusPublisher
from trt_inference.ros.diagnostics.statuses import build_status
from trt_inference.ros.rclpy_tools.steady_timer import steady_timer

_PART = "engine build"
_PERIOD = 0.5  # seconds between two looks at the process
_LINES_KEPT = 10
_TIME_TO_END = 5.0  # seconds that the process gets to leave nothing half written


class BuildProcess:
    """One run of ``trt-inference build``, which may take many minutes."""

    def __init__(self, bundle: Path, precision: str, device: int = 0, batch: int = 1) -> None:
        self.precision = precision
        self._lines: Deque[str] = deque(maxlen=_LINES_KEPT)
        command = [sys.executable, "-m", "converter", "build", str(bundle)]
        command += ["--precision", precision, "--batch", str(batch), "--device", str(device)]
        self._process = subprocess.Popen(
            command,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            # Whatever it prints: a name of a file may be no UTF-8.
            encoding="utf-8",
            errors="backslashreplace",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._reader = threading.Thread(target=self._read, name="build log", daemon=True)
        self._reader.start()

    @property
    def progress(self) -> str:
        """The last line that it printed."""
        return self._lines[-1] if self._lines else "started"

    def exit_code(self) -> Optional[int]:
        """None while it runs; 0 when the engine is there."""
        return self._process.poll()

    def output(self) -> str:
        """The last lines, which tell what went wrong."""
        self._reader.join(_TIME_TO_END)
        return "\n".join(self._lines)

    def stop(self) -> None:
        """End it. It leaves nothing half written."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_TIME_TO_END)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._reader.join(_TIME_TO_END)

    def _read(self) -> None:
        if self._process.stdout is None:
            return
        with self._process.stdout as lines:
            for line in lines:
                if line.strip():
                    self._lines.append(line.strip())


class EngineBuild:
    """At most one build at a time, with its progress among the node's statuses. The status of a
    build that failed stays until ``stop`` or the next ``start``."""

    def __init__(
        self, node: Node, statuses: StatusPublisher, when_built: Callable[[], None]
    ) -> None:
        """
        Args:
            when_built: called on the executor once an engine is there.
        """
        self._node, self._statuses, self._when_built = node, statuses, when_built
        self._build: Optional[BuildProcess] = None
        self._wanted: Optional[Tuple[Path, str, EngineOptions]] = None
        self._timer = steady_timer(node, _PERIOD, self._look)
        self._timer.cancel()  # until there is something to look at

    def start(self, bundle: Path, precision: str, options: EngineOptions) -> None:
        """Begin to build, unless just that is being built."""
        wanted = (bundle, precision, options)
        if self._build is not None and wanted == self._wanted:
            return
        self.stop()
        self._wanted = wanted
        build = self._build = BuildProcess(bundle, precision, options.device, options.batch)
        self._statuses.show(_PART, lambda: [build_status(build.precision, build.progress)], _PERIOD)
        self._timer.reset()
        self._node.get_logger().info(
            f"{bundle} has no {precision} engine for this machine: it is being built, which takes "
            "minutes. The node configures itself when it is there"
        )

    def stop(self) -> None:
        """End a build that is running, and show nothing of it any more."""
        self._timer.cancel()
        self._statuses.remove(_PART)
        build, self._build = self._build, None
        if build is not None:
            build.stop()

    def _look(self) -> None:
        build = self._build
        if build is None or build.exit_code() is None:
            return
        self.stop()
        if build.exit_code() == 0:
            self._node.get_logger().info(f"the {build.precision} engine is built")
            self._when_built()
            return
        failed = build_status(build.precision, build.progress, has_failed=True)
        self._statuses.show(_PART, lambda: [failed], _PERIOD)
        text = f"the {build.precision} engine could not be built:\n{build.output()}"
        self._node.get_logger().error(OwnLines(text))
