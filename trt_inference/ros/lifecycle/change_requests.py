"""Requests for transitions that are not possible in the state of the node."""

import traceback
from typing import Any

from lifecycle_msgs.msg import Transition
from rclpy.lifecycle import LifecycleNode

from trt_inference.printable import OwnLines

_SHOWN = 40  # characters of a label, which anybody may have sent


def answer_impossible(node: LifecycleNode) -> None:
    """Refuse them. On Humble and Jazzy rclpy raises an error instead of that, and whoever asks
    waits for an answer that does not come."""
    service = node._service_change_state
    change = service.callback

    def answer(request: Any, response: Any) -> Any:
        reason = _refusal(node._state_machine, request.transition)
        if not reason:
            try:
                return change(request, response)
            except RuntimeError:  # rclpy's own class has no public name
                reason = OwnLines(f"the transition failed in rclpy:\n{traceback.format_exc()}")
        node.get_logger().error(reason)
        response.success = False
        return response

    service.callback = answer


def _refusal(machine: Any, wanted: Transition) -> str:
    """Why a transition cannot be, or nothing. Its label counts where it has one, as in rclpy."""
    possible = {label: number for number, label, *_ in machine.available_transitions}
    if wanted.label in possible or (not wanted.label and wanted.id in possible.values()):
        return ""
    name = repr(wanted.label[:_SHOWN]) if wanted.label else str(wanted.id)
    choice = ", ".join(f"{label} ({number})" for label, number in possible.items())
    state = machine.current_state[1]
    return f"transition {name} is refused. Possible in the state {state}: {choice or 'nothing'}"
