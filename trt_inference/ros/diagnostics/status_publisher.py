"""Statuses → /diagnostics, by the library diagnostic_updater where it is installed."""

from __future__ import annotations

import functools
import importlib
from typing import Any, Dict, List, Optional, Protocol, Sequence

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node

DIAGNOSTICS_TOPIC = "/diagnostics"


class StatusPublisher(Protocol):
    """Publishes statuses whose names have not the node's name before them yet.

    Attributes:
        period: seconds between two messages.
    """

    period: float

    def publish(self, statuses: Sequence[DiagnosticStatus]) -> None:
        """Publish them all in one message."""

    def destroy(self) -> None:
        """Take the topic away."""


def open_publisher(node: Node, period: float) -> StatusPublisher:
    """The library's where it is installed, else ours. They give the same messages."""
    updater = _updater_class()
    if updater is None:
        return OwnPublisher(node, period)
    return UpdaterPublisher(node, period, updater)


class OwnPublisher:
    """Without the library."""

    def __init__(self, node: Node, period: float) -> None:
        self.period = period
        self._node = node
        self._publisher = node.create_publisher(DiagnosticArray, DIAGNOSTICS_TOPIC, 10)

    def publish(self, statuses: Sequence[DiagnosticStatus]) -> None:
        """As ``StatusPublisher``."""
        self._publisher.publish(_message(self._node, statuses))

    def destroy(self) -> None:
        """As ``StatusPublisher``."""
        self._node.destroy_publisher(self._publisher)


class UpdaterPublisher:
    """With the library: each status is a task of an updater, whose parameter
    ``diagnostic_updater.period`` is respected. Its timer is not used: it stands still in a
    simulation that is paused."""

    def __init__(self, node: Node, period: float, updater: Any) -> None:
        """
        Args:
            updater: the library's class.
        """
        self._node = node
        self._updater = _fully_named(updater)(node, period)
        self._updater.setHardwareID("none")
        node.destroy_timer(self._updater.timer)
        self.period = float(self._updater.period)
        self._statuses: Dict[str, DiagnosticStatus] = {}

    def publish(self, statuses: Sequence[DiagnosticStatus]) -> None:
        """As ``StatusPublisher``."""
        before, self._statuses = self._statuses, {status.name: status for status in statuses}
        for name in before:
            if name not in self._statuses:
                self._updater.removeByName(name)
        for name in self._statuses:
            if name not in before:
                self._updater.add(name, functools.partial(self._fill, name))
        self._updater.force_update()

    def destroy(self) -> None:
        """As ``StatusPublisher``. The parameters go, too: the library declares them anew."""
        self._node.destroy_publisher(self._updater.publisher)
        for name in ("diagnostic_updater.period", "diagnostic_updater.use_fqn"):
            if self._node.has_parameter(name):
                self._node.undeclare_parameter(name)

    def _fill(self, name: str, status: Any) -> Any:
        """Called by the library with an empty status."""
        source = self._statuses[name]
        status.summary(source.level, source.message)
        status.hardware_id = source.hardware_id
        status.values = source.values
        return status


def _updater_class() -> Optional[Any]:
    try:
        return importlib.import_module("diagnostic_updater").Updater
    except ImportError:
        return None


def _fully_named(updater: Any) -> Any:
    """The library's class, made to say the node's namespace on every distribution, as two nodes
    of the same name could not be told apart otherwise."""

    class FullyNamed(updater):
        def publish(self, statuses: Any) -> None:
            given = statuses if isinstance(statuses, list) else [statuses]
            self.publisher.publish(_message(self.node, given))

        def addedTaskCallback(self, task: Any) -> None:
            """Nothing is said of a status before it is there."""

    return FullyNamed


def _message(node: Node, statuses: Sequence[DiagnosticStatus]) -> DiagnosticArray:
    message = DiagnosticArray(status=_named(node.get_fully_qualified_name(), statuses))
    message.header.stamp = node.get_clock().now().to_msg()
    return message


def _named(node_name: str, statuses: Sequence[DiagnosticStatus]) -> List[DiagnosticStatus]:
    """Copies, with the node's name; of the message's own class, as rclpy takes no other."""
    return [
        DiagnosticStatus(
            level=status.level,
            name=f"{node_name}: {status.name}",
            message=status.message,
            hardware_id=status.hardware_id,
            values=status.values,
        )
        for status in statuses
    ]
