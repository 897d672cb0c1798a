"""The topic /diagnostics, by the library diagnostic_updater where it is installed."""

import abc
import functools
import importlib
from typing import Any, Dict, List, Mapping, Optional, Sequence

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node
from rclpy.parameter import Parameter

from trt_inference.ros.rclpy_tools.parameter_overrides import parameter_overrides

DIAGNOSTICS_TOPIC = "/diagnostics"
# Parameters of the library.
_PERIOD, _FULL_NAME = "diagnostic_updater.period", "diagnostic_updater.use_fqn"
_LONGEST_PERIOD = 3600.0  # seconds, as of the node's own parameter


class StatusOutput(abc.ABC):
    """Publishes statuses whose names do not have the node's name before them yet.

    Attributes:
        period: seconds between two messages, where the user has decided that; None elsewhere.
    """

    period: Optional[float] = None

    @abc.abstractmethod
    def publish(self, statuses: Sequence[DiagnosticStatus]) -> None:
        """Publish them all in one message."""


class OwnOutput(StatusOutput):
    """Without the library."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._publisher = node.create_publisher(DiagnosticArray, DIAGNOSTICS_TOPIC, 10)

    def publish(self, statuses: Sequence[DiagnosticStatus]) -> None:
        """As ``StatusOutput.publish``."""
        self._publisher.publish(_message(self._node, statuses))


class UpdaterOutput(StatusOutput):
    """With the library: each status is a task of an updater, which declares its parameters
    and creates the publisher. Its timer is not used: it stands still in a simulation that is
    paused."""

    def __init__(self, node: Node, updater: Any) -> None:
        """
        Args:
            updater: the library's class.
        """
        self._updater = _fully_named(updater)(node)
        self._updater.setHardwareID("none")
        node.destroy_timer(self._updater.timer)
        if _PERIOD in parameter_overrides(node):
            self.period = float(self._updater.period)
        self._statuses: Dict[str, DiagnosticStatus] = {}

    def publish(self, statuses: Sequence[DiagnosticStatus]) -> None:
        """As ``StatusOutput.publish``."""
        before, self._statuses = self._statuses, {status.name: status for status in statuses}
        for name in before:
            if name not in self._statuses:
                self._updater.removeByName(name)
        for name in self._statuses:
            if name not in before:
                self._updater.add(name, functools.partial(self._fill, name))
        self._updater.force_update()

    def _fill(self, name: str, status: Any) -> Any:
        """Called by the library with an empty status."""
        source = self._statuses[name]
        status.summary(source.level, source.message)
        status.hardware_id = source.hardware_id
        status.values = source.values
        return status


def open_output(node: Node) -> StatusOutput:
    """With the library where it is installed. Both kinds publish the same messages."""
    updater = _updater_class()
    if updater is None:
        return OwnOutput(node)
    problem = _problem(parameter_overrides(node))
    if problem:
        node.get_logger().error(f"diagnostic_updater is not used: {problem}")
        return OwnOutput(node)
    return UpdaterOutput(node, updater)


def _problem(given: Mapping[str, Parameter]) -> str:
    """Why the library would raise at one of its parameters, and the node not start; else empty."""
    period, full_name = given.get(_PERIOD), given.get(_FULL_NAME)
    if period is not None and not (
        period.type_ == Parameter.Type.DOUBLE and 0 < period.value <= _LONGEST_PERIOD
    ):
        return (
            f"{_PERIOD} is {period.value}. Set it to seconds above zero, at most "
            f"{_LONGEST_PERIOD:.0f}, written with a point, as in 1.0"
        )
    if full_name is not None and full_name.type_ != Parameter.Type.BOOL:
        return f"{_FULL_NAME} is {full_name.value}. Set it to true or false"
    return ""


def _updater_class() -> Optional[Any]:
    try:
        return importlib.import_module("diagnostic_updater").Updater
    except ImportError:
        return None


def _fully_named(updater: Any) -> Any:
    """The library's class, made to publish the node's namespace on every distribution, as two
    nodes of the same name could not be told apart otherwise."""

    class FullyNamed(updater):
        def publish(self, statuses: Any) -> None:
            given = statuses if isinstance(statuses, list) else [statuses]
            self.publisher.publish(_message(self.node, given))

        def addedTaskCallback(self, task: Any) -> None:
            """Publish nothing about a status before it is there."""

    return FullyNamed


def _message(node: Node, statuses: Sequence[DiagnosticStatus]) -> DiagnosticArray:
    message = DiagnosticArray(status=_named(node.get_fully_qualified_name(), statuses))
    message.header.stamp = node.get_clock().now().to_msg()
    return message


def _named(node_name: str, statuses: Sequence[DiagnosticStatus]) -> List[DiagnosticStatus]:
    """Copies with the node's name, of the message's own class, because rclpy takes no other."""
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
