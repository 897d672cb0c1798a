"""Statuses → /diagnostics: one publisher and one timer for as long as the node lives."""

from typing import Callable, Dict, NamedTuple, Sequence

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node

from trt_inference.ros.diagnostics.status_output import open_output
from trt_inference.ros.rclpy_tools.steady_timer import steady_timer

DEFAULT_PERIOD = 1.0  # seconds between two messages


class _Source(NamedTuple):
    """Where the statuses of one part of the node come from, and seconds between two messages."""

    statuses: Callable[[], Sequence[DiagnosticStatus]]
    period: float


class StatusPublisher:
    """Publishes the statuses of all parts of the node in one message, again and again, and nothing
    while no part shows any. Its methods are called on the node's executor."""

    def __init__(self, node: Node) -> None:
        self._sources: Dict[str, _Source] = {}
        self._output = open_output(node)
        # It is never cancelled: an executor of several threads may be about to call it.
        self._timer = steady_timer(node, DEFAULT_PERIOD, self._publish)

    def show(
        self,
        part: str,
        statuses: Callable[[], Sequence[DiagnosticStatus]],
        period: float = DEFAULT_PERIOD,
    ) -> None:
        """Publish the statuses of a part from now on, instead of those that it showed before.

        Args:
            part: a name that no other part uses.
            statuses: called before each message; the names of the statuses that it returns do not
                have the node's name before them yet.
            period: seconds between two messages, unless the user has set
                ``diagnostic_updater.period``. The part with the shortest period decides.
        """
        self._sources[part] = _Source(statuses, period)
        self._restart()

    def remove(self, part: str) -> None:
        """Publish the statuses of a part no more; a part that shows none is ignored."""
        if self._sources.pop(part, None) is not None:
            self._restart()

    def _restart(self) -> None:
        """Begin a new period, as short as the parts that are left need it."""
        periods = [source.period for source in self._sources.values()]
        shortest = min(periods, default=DEFAULT_PERIOD)
        self._timer.timer_period_ns = int((self._output.period or shortest) * 1e9)
        self._timer.reset()

    def _publish(self) -> None:
        statuses = [one for source in self._sources.values() for one in source.statuses()]
        if statuses:
            self._output.publish(statuses)
