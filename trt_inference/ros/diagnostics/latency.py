"""How late results are: as ``~/latency``, and of the time between two diagnostics."""

import threading
from dataclasses import asdict
from typing import Dict, Mapping, NamedTuple, Optional

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from rclpy.node import Node

from trt_inference.timing import Percentiles


class Age(NamedTuple):
    """Seconds from the images' stamps to the publishing of their results.

    Attributes:
        p95: None where no image had a stamp of the past.
        ahead: how many images had a stamp of the future, by the detector's clock.
        furthest: seconds by which the furthest of these was ahead.
    """

    p95: Optional[float] = None
    ahead: int = 0
    furthest: float = 0.0


NO_AGE = Age()


class Ages:
    """Collects the ages of a camera's results from one report to the next."""

    def __init__(self, most: int = 1024) -> None:
        """
        Args:
            most: of the last ages that are kept.
        """
        self._samples = np.zeros(most)
        self._lock = threading.Lock()
        self._count = self._ahead = 0
        self._furthest = 0.0

    def record(self, seconds: float) -> None:
        """Add an age. It is less than zero when a clock was put back, or is not that of the
        camera: it is counted then, and is not among the ages."""
        with self._lock:
            if seconds < 0:
                self._ahead += 1
                self._furthest = max(self._furthest, -seconds)
            else:
                self._samples[self._count % len(self._samples)] = seconds
                self._count += 1

    def take(self) -> Age:
        """Summarise the ages since the last call."""
        with self._lock:
            samples = self._samples[: self._count].copy()
            ahead, furthest = self._ahead, self._furthest
            self._count = self._ahead = 0
            self._furthest = 0.0
        return Age(float(np.percentile(samples, 95)) if len(samples) else None, ahead, furthest)


def milliseconds(times: Mapping[str, Percentiles]) -> Dict[str, str]:
    """The percentiles of each stage, as ``inference p50 ms``."""
    return {
        f"{stage} {name} ms": f"{value:.3f}"
        for stage, percentiles in times.items()
        for name, value in asdict(percentiles).items()
    }


class LatencyTopic:
    """``~/latency``: the percentiles of each stage, while somebody subscribes."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._publisher = node.create_publisher(DiagnosticStatus, "~/latency", 10)

    def publish(self, times: Mapping[str, Percentiles]) -> None:
        """Publish, if anybody subscribes."""
        if not self._publisher.get_subscription_count():
            return
        self._publisher.publish(
            DiagnosticStatus(
                level=DiagnosticStatus.OK,
                name=f"{self._node.get_fully_qualified_name()}: latency",
                message="" if times else "nothing has been inferred yet",
                values=[KeyValue(key=key, value=text) for key, text in milliseconds(times).items()],
            )
        )

    def destroy(self) -> None:
        """Take the topic away."""
        self._node.destroy_publisher(self._publisher)
