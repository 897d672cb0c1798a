"""Requests for transitions that are not possible in the state of the node."""

from typing import Any

from rclpy.lifecycle import LifecycleNode


def answer_impossible(node: LifecycleNode) -> None:
    """Refuse them. On Humble and Jazzy rclpy raises an error instead of that, and whoever asks
    waits for an answer that does not come."""
    service = node._service_change_state
    change = service.callback

    def answer(request: Any, response: Any) -> Any:
        try:
            return change(request, response)
        except RuntimeError as error:  # rclpy's own class has no public name
            wanted = request.transition.label or request.transition.id
            node.get_logger().error(f"transition {wanted} is refused: {error}")
            response.success = False
            return response

    service.callback = answer
