"""What a test asks a node to exchange."""

from typing import Sequence

from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import GetParameters, SetParametersAtomically
from rclpy.parameter import Parameter
from rclpy.task import Future

from test.trt_inference.ros.client import TIMEOUT, Client


class Swapper:
    """Asks the node for another engine by its service."""

    def __init__(self, client: Client, service: str = "detector/swap") -> None:
        self._client, self._service = client, service

    def ask(self, **values: object) -> Future:
        parameters = [Parameter(name, value=value) for name, value in values.items()]
        return self.send([parameter.to_parameter_msg() for parameter in parameters])

    def send(self, parameters: Sequence[ParameterMessage]) -> Future:
        """Ask for anything, and do not wait for the answer."""
        return self._client.ask(SetParametersAtomically, self._service, parameters=parameters)

    def answer(self, asked: Future) -> SetParametersResult:
        """Wait for the answer."""
        assert self._client.spin(TIMEOUT, until=asked.done)
        return asked.result().result

    def reason(self, **values: object) -> str:
        """Why it was not done; nothing when it was."""
        result = self.answer(self.ask(**values))
        assert result.successful == (result.reason == "")
        return str(result.reason)

    def parameter(self, name: str) -> str:
        answer = self._client.call(GetParameters, "detector/get_parameters", names=[name])
        return str(answer.values[0].string_value)
