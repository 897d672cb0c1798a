"""The bond by which Nav2's lifecycle manager sees that the node is alive."""

from typing import Any, Callable, Optional

from rclpy.node import Node

# As Nav2's own servers have them: on the topic "bond" of the node's namespace, by the node's name.
BOND_TOPIC = "bond"
# They never give the manager up: it may be started anew, and it is the manager that acts.
# bondpy's own timeout declares a parameter from a thread, and fails the second time.
HEARTBEAT_TIMEOUT = 1e6  # seconds


class ManagerBond:
    """A bond from activation on, where bondpy is installed. Without it there is none, and
    managers need ``bond_timeout: 0.0`` for this node."""

    def __init__(self, node: Node, period: float) -> None:
        """
        Args:
            period: seconds between two heartbeats, 0: no bond.
        """
        self._node, self._period = node, period
        self._bond: Any = None

    @property
    def is_formed(self) -> bool:
        """Whether heartbeats are sent."""
        return self._bond is not None

    def form(self) -> None:
        """Begin to send heartbeats; the manager forms its side after it has activated the node."""
        make = _bond_class(self._node) if self._period > 0 and self._bond is None else None
        if make is None:
            return
        bond = make(self._node, BOND_TOPIC, self._node.get_name())
        bond.heartbeat_period = self._period
        bond.heartbeat_timeout = HEARTBEAT_TIMEOUT
        bond.start()
        self._bond = bond

    def release(self) -> None:
        """Tell the manager that the node ends its work as it should. May be called again."""
        bond, self._bond = self._bond, None
        if bond is None:
            return
        publisher, subscription = bond.pub, bond.sub
        bond.pub, bond.sub = _Undestroyed(publisher.publish), _Undestroyed()
        bond.shutdown()
        self._node.destroy_subscription(subscription)
        self._node.destroy_publisher(publisher)


class _Undestroyed:
    """In place of a topic of bondpy's, which would destroy it without the node's knowledge: an
    executor that waits for its events then ends with InvalidHandle."""

    def __init__(self, publish: Optional[Callable[[Any], None]] = None) -> None:
        self.publish = publish

    def destroy(self) -> None:
        """Leave it to the node."""


def _bond_class(node: Node) -> Optional[Callable[..., Any]]:
    try:
        from bondpy.bondpy import Bond
    except ImportError as error:
        node.get_logger().debug(f"no bond with a lifecycle manager: {error}")
        return None
    return Bond
