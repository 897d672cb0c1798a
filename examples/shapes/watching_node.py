"""A ROS node that receives until something has happened, and notices processes that end."""

import signal
import subprocess
import time
from contextlib import contextmanager
from typing import Callable, Dict, Iterator

from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node


class MonitorError(RuntimeError):
    """The detector did not do what it was asked to."""


class WatchingNode(Node):
    """A node with an executor of its own, which runs while ``spin`` does."""

    def __init__(self, name: str, namespace: str = "") -> None:
        super().__init__(name, namespace=namespace)
        self._watched: Dict[str, subprocess.Popen] = {}
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self)

    @contextmanager
    def watching(self, name: str, process: subprocess.Popen) -> Iterator[None]:
        """Notice in the block when a process ends that others wait for."""
        self._watched[name] = process
        try:
            yield
        finally:
            del self._watched[name]

    def spin(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Receive for so long, or until a condition holds; True when it does.

        Raises:
            MonitorError: a process that is watched has ended.
        """
        end = time.monotonic() + seconds
        while not until():
            for name, process in self._watched.items():
                if process.poll() is not None:
                    raise MonitorError(f"the {name} has ended, {how_it_ended(process.returncode)}")
            if time.monotonic() >= end:
                return False
            self._executor.spin_once(timeout_sec=0.05)
        return True


def how_it_ended(code: int) -> str:
    """An exit code, or the signal that a negative one stands for."""
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
