"""Requests to describe a type of messages, which Humble has not."""

import re
from typing import Any

from rclpy.node import Node

_HASH = re.compile(r"RIHS\d\d_[0-9a-f]{64}")
_SERVICE, _FIELD = "GetTypeDescription", "type_hash"  # by their names, as Humble has neither


def refuse_ill_formed_hashes(node: Node) -> None:
    """Answer requests with a hash that is none before they get to ROS's C library, which logs the
    hash as it is, whatever lines it has."""
    for service in node.services:
        if service.srv_type.__name__ == _SERVICE:
            service.callback = _checked(service.callback)


def _checked(describe: Any) -> Any:
    def answer(request: Any, response: Any) -> Any:
        if _HASH.fullmatch(getattr(request, _FIELD)):
            return describe(request, response)
        response.failure_reason = "type_hash is none: it is RIHS01_ and 64 digits from 0 to f"
        return response

    return answer
