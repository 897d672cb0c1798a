"""Lifecycle transitions that log what went wrong."""

import functools
import traceback
from typing import Any, Callable

from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn

from trt_inference.errors import TrtInferenceError
from trt_inference.printable import OwnLines

SUCCESS = TransitionCallbackReturn.SUCCESS
FAILURE = TransitionCallbackReturn.FAILURE
ERROR = TransitionCallbackReturn.ERROR

Transition = Callable[[Any, LifecycleState], TransitionCallbackReturn]


def logged(transition: Transition) -> Transition:
    """Log what goes wrong in a node's ``on_...`` method, because rclpy swallows it.

    An error that the user can mend is a FAILURE: the state stays as it was. Any other exception
    is an ERROR: everything is freed, and the node can be configured again.
    """

    @functools.wraps(transition)
    def guarded(node: Any, state: LifecycleState) -> TransitionCallbackReturn:
        name = transition.__name__[len("on_") :]
        try:
            return transition(node, state)
        except TrtInferenceError as error:
            node.get_logger().error(f"{name} failed: {error}")
            return FAILURE
        except Exception:  # the boundary to rclpy, which would lose it
            text = f"{name} failed unexpectedly:\n{traceback.format_exc()}"
            node.get_logger().error(OwnLines(text))
            return ERROR

    return guarded
