"""Which quality of service the node's topics have, and what a user has set otherwise."""

import copy
from contextlib import contextmanager
from typing import Any, Dict, Iterable, Iterator, List, Sequence, Set

from rclpy.exceptions import ParameterException
from rclpy.node import Node
from rclpy.qos import (
    DurabilityPolicy,
    QoSPolicyKind,
    QoSProfile,
    ReliabilityPolicy,
    qos_policy_name_from_kind,
)
from rclpy.qos_overriding_options import InvalidQosOverridesError, QoSOverridingOptions

from trt_inference.errors import TrtInferenceError
from trt_inference.ros.rclpy_tools.parameter_overrides import parameter_overrides
from trt_inference.ros.rclpy_tools.policy_values import wrong_policy

try:
    from rclpy import event_handler
except ImportError:  # Humble
    from rclpy import qos_event as event_handler  # type: ignore[no-redef]

PublisherEventCallbacks = event_handler.PublisherEventCallbacks
SubscriptionEventCallbacks = event_handler.SubscriptionEventCallbacks
UnsupportedEventTypeError = event_handler.UnsupportedEventTypeError

# Who subscribes later gets the last message too.
LATCHED = QoSProfile(
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
RESULTS = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)


# What rclpy raises for values that a policy cannot have; it checks types by assert.
_REFUSED = (
    ParameterException,
    InvalidQosOverridesError,
    RuntimeError,
    ValueError,
    TypeError,
    AssertionError,
)


class QosError(TrtInferenceError):
    """A topic cannot have the quality of service that parameters ask for."""


def image_profile(reliability: str, depth: int) -> QoSProfile:
    """The profile of a subscription to images; ``reliability`` is ``best_effort`` or
    ``reliable``."""
    return QoSProfile(depth=depth, reliability=ReliabilityPolicy[reliability.upper()])


def choose_reliability(offered: Sequence[ReliabilityPolicy]) -> str:
    """What to ask for, given what the publishers of a topic offer: the most that all of them
    have.

    Images of 1920x1080 at 30 a second, depth 1, Fast DDS: with room for them (the middleware
    profile of config/) both receive all, equally young. Without it, reliable receives a third and
    best effort one in a hundred, as one lost piece loses the image. A slow subscriber does not
    hold up a reliable sender.
    """
    if offered and all(one == ReliabilityPolicy.RELIABLE for one in offered):
        return "reliable"
    return "best_effort"


def given_overrides(node: Node, topic: str, entity: str) -> Dict[str, Any]:
    """The policies that a user has set by ``qos_overrides.<topic>.<entity>.<policy>``.

    Args:
        topic: as it is after remapping.
        entity: ``subscription`` or ``publisher``.

    Returns:
        The values by the names of the policies, as ``{"depth": 5}``.

    Raises:
        QosError: one has a value that its policy cannot have.
    """
    prefix = f"qos_overrides.{topic}.{entity}."
    given = parameter_overrides(node)
    values = {name: given[name].value for name in given if name.startswith(prefix)}
    wrong = [wrong_policy(name, value) for name, value in values.items()]
    if any(wrong):
        raise QosError("; ".join(filter(None, wrong)))
    return {name[len(prefix) :]: value for name, value in values.items()}


def overriding_options(policies: Iterable[str]) -> QoSOverridingOptions:
    """The options of a topic that takes overrides of these policies, by their names.

    Only those that a user has set: rclpy would declare the others as read-only parameters with
    the values that the topic has now, and these would override what it is to have later.

    Raises:
        QosError: a policy that cannot be overridden, or that does not exist.
    """
    default = QoSOverridingOptions.with_default_policies().policy_kinds
    kinds = {kind.name.lower(): kind for kind in default}
    unknown = sorted(set(policies) - set(kinds))
    if unknown:
        raise QosError(
            f"qos_overrides cannot set {', '.join(unknown)} of this topic: "
            f"it can set {', '.join(kinds)}"
        )
    return QoSOverridingOptions([kinds[policy] for policy in policies])


@contextmanager
def refusals(topic: str) -> Iterator[None]:
    """While a topic is created: what rclpy refuses is an error that the user can mend.

    Raises:
        QosError: an override has a value that its policy cannot have.
    """
    try:
        yield
    except UnsupportedEventTypeError:
        raise
    except _REFUSED as error:
        raise QosError(f"{topic} cannot be created as parameters ask for: {error}") from error


def publisher_options(node: Node, topic: str, profile: QoSProfile = RESULTS) -> Dict[str, Any]:
    """Arguments for ``create_publisher``: the quality of service, with what a user has set
    otherwise, and reports of subscribers that do not fit.

    Args:
        topic: the name with which the publisher is created.
    """
    given = given_overrides(node, node.resolve_topic_name(topic), "publisher")
    return {
        "qos_profile": copy.copy(profile),  # rclpy writes the overrides into it
        "qos_overriding_options": overriding_options(given),
        "event_callbacks": reporting(node, topic),
    }


def reporting(node: Node, topic: str) -> PublisherEventCallbacks:
    """Callbacks that warn once for each policy when a subscriber asks for what is not offered."""
    name = node.resolve_topic_name(topic)
    reported: Set[str] = set()

    def report(event: Any) -> None:
        policy = qos_policy_name_from_kind(event.last_policy_kind).lower()
        if policy in reported:
            return
        reported.add(policy)
        asking = ", ".join(_misfits(node, name, policy)) or "a subscriber"
        node.get_logger().warning(
            f"{asking} gets nothing from {name}: it asks for a {policy} that is not offered. "
            f"Change that subscriber, or set qos_overrides.{name}.publisher.{policy}"
        )

    return PublisherEventCallbacks(incompatible_qos=report)


def _misfits(node: Node, topic: str, policy: str) -> List[str]:
    """The subscribers of a topic of ours, with what they ask for."""
    if policy not in ("reliability", "durability"):
        return []
    strict = (ReliabilityPolicy.RELIABLE, DurabilityPolicy.TRANSIENT_LOCAL)
    return [
        f"{node_name(info)} ({getattr(info.qos_profile, policy).name.lower()})"
        for info in node.get_subscriptions_info_by_topic(topic)
        if getattr(info.qos_profile, policy) in strict
    ]


def node_name(info: Any) -> str:
    """The full name of the node of a publisher or a subscriber, for people."""
    if info.node_name.startswith("_"):  # _NODE_NAME_UNKNOWN_, _CREATED_BY_BARE_DDS_APP_
        return "an unknown node"
    return f"{info.node_namespace.rstrip('/')}/{info.node_name}"


def policy_name(kind: QoSPolicyKind) -> str:
    """As it is written in parameters."""
    return str(qos_policy_name_from_kind(kind)).lower()
