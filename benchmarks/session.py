"""The node and a camera as processes, and the node's own counts over a stretch of time."""

import os
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Dict, Iterator, Mapping, Tuple

from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition

from benchmarks.process_memory import status_bytes
from examples.shapes.monitor import Monitor
from examples.shapes.processes import running

NAMESPACE = f"/bench_{os.getpid()}"
STARTED = 20.0  # seconds that discovery may take
# Results are not received here, which would take time from the node.
PARAMETERS = {"diagnostics_period": "0.2", "infer_without_subscribers": "true"}


class CameraMonitor(Monitor):
    """Keeps the last status of each camera, whichever node it is of, by its topic."""

    def __init__(self) -> None:
        super().__init__(namespace=NAMESPACE, watches_messages=False)
        self.cameras: Dict[str, Dict[str, str]] = {}
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_cameras, 50)

    def _on_cameras(self, message: DiagnosticArray) -> None:
        for status in message.status:
            topic = status.name.partition(": camera ")[2]
            if topic.startswith(NAMESPACE):
                self.cameras[topic] = {pair.key: pair.value for pair in status.values}


@dataclass
class Session:
    """A running node with a camera. Its figures are those that the node publishes."""

    monitor: Monitor
    process: subprocess.Popen

    def pause(self) -> None:
        """Free the node's engine: node and camera rest, and disturb nothing that runs meanwhile."""
        self.monitor.transition(Transition.TRANSITION_DEACTIVATE)
        self.monitor.transition(Transition.TRANSITION_CLEANUP)

    def resume(self) -> None:
        """Open the engine again. The node's percentiles begin anew."""
        self.monitor.transition(Transition.TRANSITION_CONFIGURE)
        self.monitor.transition(Transition.TRANSITION_ACTIVATE)
        self.monitor.record.diagnostics = {}
        self.wait_for(1, STARTED)

    def wait_for(self, inferred: int, timeout: float) -> None:
        """Wait until so many frames were inferred.

        Raises:
            TimeoutError: they were not, within ``timeout`` seconds.
        """
        if not self.monitor.spin(timeout, until=lambda: self.count("inferred") >= inferred):
            raise TimeoutError(
                f"the node inferred {self.count('inferred')} of {inferred} frames in {timeout} s"
            )

    def count(self, name: str) -> int:
        """One of the node's counters, from its last message on /diagnostics."""
        return int(self.monitor.record.diagnostics.get(name, 0))

    def milliseconds(self, stage: str, percentile: str) -> float:
        """Percentiles of the last 1000 frames."""
        return float(self.monitor.record.diagnostics[f"{stage} {percentile} ms"])

    def rate(self, name: str, seconds: float) -> float:
        """How fast a counter of the node grows, a second."""
        first, started = self._next(name)
        self.monitor.spin(seconds)
        last, ended = self._next(name)
        return (last - first) / (ended - started)

    def _next(self, name: str) -> Tuple[int, float]:
        """A counter when it arrives anew, and the time of that."""
        self.monitor.record.diagnostics = {}
        self.monitor.spin(STARTED, until=lambda: bool(self.monitor.record.diagnostics))
        return self.count(name), time.monotonic()

    @property
    def resident_bytes(self) -> int:
        """Resident memory of the node's process."""
        return status_bytes(self.process.pid, "VmRSS")


@contextmanager
def session(
    bundle: Path,
    rate: float,
    width: int,
    height: int,
    others: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Session]:
    """A configured, active node and a camera that sends one picture ``rate`` times a second.

    Args:
        others: more parameters of the node.
    """
    in_namespace = ("--ros-args", "-r", f"__ns:={NAMESPACE}")
    given = {**PARAMETERS, "bundle": str(bundle), **others}
    parameters = [part for name, value in given.items() for part in ("-p", f"{name}:={value}")]
    camera = ("--rate", str(rate), "--width", str(width), "--height", str(height), "--still")
    with running("trt_inference.ros.process", *in_namespace, *parameters) as process:
        monitor = Monitor(namespace=NAMESPACE, watches_messages=False)
        try:
            monitor.transition(Transition.TRANSITION_CONFIGURE)
            monitor.transition(Transition.TRANSITION_ACTIVATE)
            with running("examples.shapes.camera", *camera, *in_namespace, sends_images=True):
                current = Session(monitor, process)
                current.wait_for(1, STARTED)
                yield current
        finally:
            monitor.destroy_node()
