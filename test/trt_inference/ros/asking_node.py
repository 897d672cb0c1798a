"""What a test asks a detector by its services, so that no answer is lost.

A ROS service is two topics. A server drops its answer when it has not discovered the reader of the
client yet, although the client has discovered the server: whoever asks once, right after the start,
then waits in vain. Asking again is no remedy where that changes what is tested. So a harmless
question goes first, again and again, from a client that was made later: a process announces its
readers in the order of their making, and once one gets answers, all before it do.
"""

import time
from typing import Any, Dict

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from rclpy.task import Future

from examples.shapes.monitor import Monitor

TIMEOUT = 60.0  # seconds against hanging
_STATE = "detector/get_state"
_AGAIN = 1.0  # seconds after which the harmless question is asked again


class AskingNode(Monitor):
    """Asks the services of the detector in its namespace."""

    def __init__(self, namespace: str) -> None:
        super().__init__(namespace=namespace)
        self._known: Dict[str, Any] = {}

    def start(self) -> None:
        """Configure and activate."""
        self.transition(Transition.TRANSITION_CONFIGURE)
        self.transition(Transition.TRANSITION_ACTIVATE)

    def transition(self, number: int, timeout: float = TIMEOUT) -> None:
        """As ``Monitor.transition``, on a machine that may be very busy."""
        super().transition(number, timeout)

    def request(self, number: int, label: str = "") -> bool:
        """Ask for any transition of ``lifecycle_msgs/Transition``; whether it was done."""
        return self.change(Transition(id=number, label=label), TIMEOUT)

    def begin(self, number: int) -> Future:
        """Ask for a transition, and do not wait for the answer."""
        return self.ask(ChangeState, "detector/change_state", transition=Transition(id=number))

    def state(self) -> str:
        """The label of the node's state."""
        state = self._state(time.monotonic() + TIMEOUT)
        if not state:
            raise TimeoutError(f"the detector has not reported its state within {TIMEOUT} s")
        return state

    def set_parameter(self, name: str, value: Any, again: float = 5.0) -> str:
        """Set one parameter; the reason when it is refused, else nothing.

        Args:
            again: seconds without an answer after which it is set again.
        """
        message = Parameter(name, value=value).to_parameter_msg()
        service = "detector/set_parameters"
        answer = self.call(SetParameters, service, again, parameters=[message])
        result = answer.results[0]
        return "" if result.successful else str(result.reason)

    def call(self, kind: Any, name: str, again: float = TIMEOUT, **fields: Any) -> Any:
        """The answer of the service ``name`` to a request with these fields.

        Args:
            again: seconds after which to ask again, where that does no harm. A client's queue of
                ten holds the answers to all clients of the service, and one that gets no
                processor for a while loses its own.
        """
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            answer = self.ask(kind, name, **fields)
            if self.spin(min(again, end - time.monotonic()), until=answer.done):
                return answer.result()
        raise TimeoutError(f"{name} has not answered within {TIMEOUT} s")

    def ask(self, kind: Any, name: str, **fields: Any) -> Future:
        """Ask once, and do not wait for the answer."""
        if name not in self._known:
            self._known[name] = self._known_client(kind, name)
        return self._known[name].call_async(kind.Request(**fields))

    def _known_client(self, kind: Any, name: str) -> Any:
        """A client of whose reader the node knows."""
        client, later = self.create_client(kind, name), self.create_client(GetState, _STATE)
        for one in (client, later):
            if not self.spin(TIMEOUT, until=one.service_is_ready):
                raise TimeoutError(f"there is no service {one.srv_name}")
        end = time.monotonic() + TIMEOUT
        while not self.spin(_AGAIN, until=later.call_async(GetState.Request()).done):
            if time.monotonic() > end:
                raise TimeoutError(f"the detector has not reported its state within {TIMEOUT} s")
        self.destroy_client(later)
        return client
