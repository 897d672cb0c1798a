"""The detectors that run: their states, parameters, image topics, and what they report."""

import time
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.srv import GetState
from rcl_interfaces.msg import ParameterType
from rcl_interfaces.srv import GetParameters
from rclpy.node import Node

from trt_inference.ros.cameras.image_topics import TYPE_NAMES

# By which a detector is known among lifecycle nodes: no other node has all of them.
_PARAMETERS = ["bundle", "image_transport", "image_reliability"]
_GET_STATE, _GET_PARAMETERS = "get_state", "get_parameters"
_STATE_TYPE = "lifecycle_msgs/srv/GetState"
_MOST_NODES = 20  # that are asked
_MOST_STATUSES = 40
_MOST_CHARACTERS = 300
_LEVELS = {DiagnosticStatus.WARN: "warning", DiagnosticStatus.ERROR: "error"}

Spin = Callable[[Callable[[], bool], float], bool]


class Statuses:
    """What is reported on /diagnostics as a warning or an error, the newest of each name."""

    def __init__(self, node: Node) -> None:
        self._found: Dict[str, Tuple[str, str]] = {}
        node.create_subscription(DiagnosticArray, "/diagnostics", self._receive, 20)

    def of(self, name: str) -> List[Dict[str, str]]:
        """Those of a node, by its full name."""
        begins = (f"{name}:", f"{name.lstrip('/')}:")
        return [
            {"name": status, "level": level, "message": message}
            for status, (level, message) in sorted(self._found.items())
            if level and status.startswith(begins)
        ]

    def _receive(self, message: DiagnosticArray) -> None:
        for status in message.status:
            name = status.name[:_MOST_CHARACTERS]
            if name in self._found or len(self._found) < _MOST_STATUSES:
                level = _LEVELS.get(status.level, "")
                self._found[name] = (level, status.message[:_MOST_CHARACTERS])


class _Asked(NamedTuple):
    """A lifecycle node, and what it has been asked."""

    name: str
    parameters: Any
    state: Any


def find_detectors(
    node: Node, statuses: Statuses, spin: Spin, seconds: float
) -> List[Dict[str, Any]]:
    """Ask all lifecycle nodes at once, and report those that are detectors or do not answer.

    Args:
        spin: runs the executor until something holds, or for so many seconds; whether it holds.
        seconds: that the nodes have to answer.

    Returns:
        For each ``name``, ``state`` (empty: no answer), ``parameters`` (none: no answer, so that
        it may be another lifecycle node), ``topics`` (the images that it subscribes to, with the
        ``reliability`` it asks for) and ``statuses``.
    """
    end = time.monotonic() + seconds
    asked = [_ask(node, name) for name in _lifecycle_nodes(node)[:_MOST_NODES]]
    clients = [client for one in asked for client in (one.parameters, one.state)]
    spin(lambda: all(client.service_is_ready() for client in clients), seconds / 2)
    futures = [
        (
            one.name,
            one.parameters.call_async(GetParameters.Request(names=_PARAMETERS)),
            one.state.call_async(GetState.Request()),
        )
        for one in asked
    ]
    left = max(0.0, end - time.monotonic())
    spin(lambda: all(one.done() for _, *both in futures for one in both), left)
    return [
        _report(node, statuses, name, parameters, state)
        for name, parameters, state in futures
        if _values(parameters) or not parameters.done()
    ]


def _lifecycle_nodes(node: Node) -> List[str]:
    """Full names of nodes that offer their state."""
    suffix = f"/{_GET_STATE}"
    return sorted(
        name[: -len(suffix)]
        for name, types in node.get_service_names_and_types()
        if name.endswith(suffix) and _STATE_TYPE in types
    )


def _ask(node: Node, name: str) -> _Asked:
    return _Asked(
        name,
        node.create_client(GetParameters, f"{name}/{_GET_PARAMETERS}"),
        node.create_client(GetState, f"{name}/{_GET_STATE}"),
    )


def _values(future: Any) -> Dict[str, str]:
    """The parameters by which a detector is known; none where it is no detector."""
    answer = future.result() if future.done() else None
    if answer is None or len(answer.values) != len(_PARAMETERS):
        return {}
    if any(value.type != ParameterType.PARAMETER_STRING for value in answer.values):
        return {}
    values = [value.string_value[:_MOST_CHARACTERS] for value in answer.values]
    return dict(zip(_PARAMETERS, values))


def _report(
    node: Node, statuses: Statuses, name: str, parameters: Any, state: Any
) -> Dict[str, Any]:
    answer = state.result() if state.done() else None
    return {
        "name": name,
        "state": "" if answer is None else answer.current_state.label[:_MOST_CHARACTERS],
        "parameters": _values(parameters),
        "topics": _image_topics(node, name),
        "statuses": statuses.of(name),
    }


def _image_topics(node: Node, name: str) -> List[Dict[str, str]]:
    """The image topics that a node subscribes to, as the graph has them."""
    namespace, _, base = name.rpartition("/")
    own = (base, namespace or "/")
    found = []
    for topic, types in node.get_topic_names_and_types():
        if not set(types) & set(TYPE_NAMES.values()):
            continue
        for info in node.get_subscriptions_info_by_topic(topic):
            if (info.node_name, info.node_namespace) == own:
                reliability = info.qos_profile.reliability.name.lower()
                found.append({"name": topic, "reliability": reliability})
    return found[:20]
