"""Another bundle or precision while the node runs: requests, one after the other."""

import contextlib
import threading
import time
import traceback
from typing import Any, Callable, Dict, Optional, Sequence

from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import SetParametersAtomically
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter

from trt_inference.errors import TrtInferenceError
from trt_inference.printable import OwnLines, printable

TIME_TO_END = 1.0  # seconds for the thread; where ROS is shut down first, it cannot end before
_TAKEN = ("bundle", "precision")


class SwapService:
    """The service ``~/swap``, which answers once another engine is in use, or has failed.

    It is a ``rcl_interfaces/SetParametersAtomically`` with the parameters ``bundle`` and
    ``precision``, or one of them, as strings: a type that every ROS installation has. It is served
    by a thread of its own, on which engines are loaded, so that images go on meanwhile.

    Attributes:
        last: the outcome of the last request, for people; empty before the first.
        problem: the same where it has failed, else empty.
    """

    def __init__(self, node: Node, swap: Callable[[Dict[str, str]], str]) -> None:
        """
        Args:
            swap: called on the thread with what is asked for: loads it, swaps it with what is in
                use, and returns a description of it. Raises TrtInferenceError.
        """
        self._node, self._swap = node, swap
        self.last = self.problem = ""
        # A node of its own, because an executor cannot go on while it waits for a service.
        self._server = Node(
            f"_{node.get_name()}_swap",
            namespace=node.get_namespace(),
            context=node.context,
            use_global_arguments=False,
            start_parameter_services=False,
            enable_rosout=False,
        )
        name = f"{node.get_fully_qualified_name()}/swap"
        self._server.create_service(SetParametersAtomically, name, self._serve)
        self._executor = SingleThreadedExecutor(context=node.context)
        self._executor.add_node(self._server)
        self._thread = threading.Thread(target=self._spin, name="swap", daemon=True)
        self._thread.start()

    def request(self, values: Dict[str, str], on_failure: Callable[[], None]) -> None:
        """Swap, and do not wait for it.

        Args:
            on_failure: called on the thread when what was in use goes on.
        """

        def run() -> None:
            if self._run(values):
                on_failure()

        self._executor.create_task(run)

    def forget(self) -> None:
        """Report nothing more about the last request."""
        self.last = self.problem = ""

    def destroy(self) -> None:
        """Take the service away."""
        self._executor.shutdown(timeout_sec=0)
        self._thread.join(TIME_TO_END)
        self._server.destroy_node()

    def _spin(self) -> None:
        # Where ROS is shut down before the node is destroyed.
        with contextlib.suppress(ExternalShutdownException):
            self._executor.spin()

    def _serve(
        self,
        request: SetParametersAtomically.Request,
        response: SetParametersAtomically.Response,
    ) -> SetParametersAtomically.Response:
        reason = _reason_against(request.parameters)
        if not reason:
            reason = self._run({one.name: one.value.string_value for one in request.parameters})
        response.result = SetParametersResult(successful=not reason, reason=printable(reason))
        return response

    def _run(self, values: Dict[str, str]) -> str:
        """Why it is not possible; nothing when it is done."""
        wanted = ", ".join(f"{name} {value}" for name, value in values.items())
        began = time.monotonic()
        try:
            now = self._swap(values)
        except TrtInferenceError as error:
            return self._fail(wanted, str(error))
        except Exception as error:  # the boundary to rclpy: the thread must go on
            self._node.get_logger().error(OwnLines(traceback.format_exc()))
            return self._fail(wanted, repr(error))
        self.last, self.problem = f"{wanted} in {time.monotonic() - began:.1f} s", ""
        self._node.get_logger().info(f"swapped in {time.monotonic() - began:.1f} s: {now}")
        return ""

    def _fail(self, wanted: str, reason: str) -> str:
        self.last = self.problem = f"swap to {wanted} failed: {reason}"
        self._node.get_logger().error(f"swap to {wanted} failed, what was in use goes on: {reason}")
        return reason


def _reason_against(parameters: Sequence[ParameterMessage]) -> str:
    """Why a request cannot be understood."""
    if not parameters:
        return f"nothing is asked for: give {' or '.join(_TAKEN)}, or both"
    for one in parameters:
        value: Optional[Any] = Parameter.from_parameter_msg(one).value
        if one.name not in _TAKEN or not isinstance(value, str):
            taken = " or ".join(_TAKEN)
            return f"{one.name} = {value!r} cannot be swapped: give {taken} as a string"
    return ""
