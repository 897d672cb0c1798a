"""What a test asks a node to exchange."""

from typing import Any

from rcl_interfaces.srv import GetParameters, SetParametersAtomically
from rclpy.parameter import Parameter
from rclpy.task import Future

from test.trt_inference.ros.client import TIMEOUT, Client


class Swapper:
    """Asks the node for another engine by its service."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._swap: Any = client.create_client(SetParametersAtomically, "detector/swap")
        self._get: Any = client.create_client(GetParameters, "detector/get_parameters")

    def ask(self, **values: object) -> Future:
        assert self._swap.wait_for_service(TIMEOUT)
        parameters = [Parameter(name, value=value) for name, value in values.items()]
        return self._swap.call_async(
            SetParametersAtomically.Request(
                parameters=[parameter.to_parameter_msg() for parameter in parameters]
            )
        )

    def reason(self, **values: object) -> str:
        """Why it was not done; nothing when it was."""
        answer = self.ask(**values)
        assert self._client.spin(TIMEOUT, until=answer.done)
        result = answer.result().result
        assert result.successful == (result.reason == "")
        return str(result.reason)

    def parameter(self, name: str) -> str:
        assert self._get.wait_for_service(TIMEOUT)
        answer = self._get.call_async(GetParameters.Request(names=[name]))
        assert self._client.spin(TIMEOUT, until=answer.done)
        return str(answer.result().values[0].string_value)
