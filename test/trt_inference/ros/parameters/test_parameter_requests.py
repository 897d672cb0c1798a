"""The services of the node's parameters answer whatever they are asked."""

from pathlib import Path
from typing import Any, Sequence, Tuple

import pytest
from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.msg import ParameterValue
from rcl_interfaces.srv import (
    DescribeParameters,
    GetParameters,
    GetParameterTypes,
    ListParameters,
    SetParameters,
    SetParametersAtomically,
)

from test.trt_inference.ros.client import Client, NodeProcess
from test.trt_inference.ros.conftest import Start
from trt_inference.ros.parameters.table import SPECS
from trt_inference.ros.rclpy_tools.parameter_requests import MOST_READ, MOST_SET

TYPES = range(1, 10)  # of rcl_interfaces/ParameterType, without "not set"
NOT_THERE = (99, 255, 10)
LONG = "x" * 100000


@pytest.fixture
def detector(start_node: Start, shared_color_bundle: Path) -> Tuple[NodeProcess, Client]:
    node, client = start_node(bundle=shared_color_bundle, hot_swap=True)
    client.start()
    return node, client


class Asker:
    """Asks the services of the parameters."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def ask(self, kind: Any, name: str, **fields: Any) -> Any:
        return self._client.call(kind, f"detector/{name}", **fields)

    def set(self, parameters: Sequence[ParameterMessage]) -> Any:
        return self.ask(SetParameters, "set_parameters", parameters=parameters).results

    def set_atomically(self, parameters: Sequence[ParameterMessage]) -> Any:
        fields = {"parameters": parameters}
        return self.ask(SetParametersAtomically, "set_parameters_atomically", **fields).result


def of_type(name: str, number: int, **values: Any) -> ParameterMessage:
    return ParameterMessage(name=name, value=ParameterValue(type=number, **values))


@pytest.mark.parametrize("number", NOT_THERE)
def test_a_type_that_does_not_exist_is_refused_and_others_beside_it_are_set(
    detector: Tuple[NodeProcess, Client], number: int
) -> None:
    node, client = detector
    asker = Asker(client)
    good = of_type("score_threshold", 3, double_value=0.25)
    results = asker.set([of_type("score_threshold", number), good, of_type("classes", number)])
    assert [one.successful for one in results] == [False, True, False]
    assert str(number) in results[0].reason
    refused = asker.set_atomically([of_type("iou_threshold", 3, double_value=0.3), good])
    assert refused.successful
    refused = asker.set_atomically([good, of_type("iou_threshold", number)])
    assert not refused.successful and str(number) in refused.reason
    assert client.set_parameter("score_threshold", 0.5) == ""
    assert "Traceback" not in node.log


def test_every_parameter_with_every_type_is_answered(
    detector: Tuple[NodeProcess, Client],
) -> None:
    node, client = detector
    asker = Asker(client)
    names = [spec.name for spec in SPECS] + ["", "no such", "..", "use_sim_time", "\x1b[2J", LONG]
    requests = [of_type(name, number) for name in names for number in (0, *TYPES, *NOT_THERE)]
    for begin in range(0, len(requests), MOST_SET):
        some = requests[begin : begin + MOST_SET]
        assert len(asker.set(some)) == len(some)
    for one in requests[:: len(TYPES)]:
        asker.set_atomically([one, one])
    assert client.state() == "active"
    assert node.is_alive
    assert "Traceback" not in node.log


def test_odd_requests_to_read_are_answered(detector: Tuple[NodeProcess, Client]) -> None:
    node, client = detector
    asker = Asker(client)
    for names in (["", "no such", LONG], ["bundle"] * 1000, [], ["\0"], ["bundle", "no such"]):
        for kind, name in (
            (GetParameters, "get_parameters"),
            (GetParameterTypes, "get_parameter_types"),
            (DescribeParameters, "describe_parameters"),
        ):
            asker.ask(kind, name, names=names)
    for prefixes in ([""], ["qos_overrides."], [LONG], ["."] * 100):
        for depth in (0, 1, 2**64 - 1):
            asker.ask(ListParameters, "list_parameters", prefixes=prefixes, depth=depth)
    [description] = asker.ask(
        DescribeParameters, "describe_parameters", names=["hot_swap"]
    ).descriptors
    assert description.read_only
    assert description.additional_constraints == "fixed when the process starts"
    assert "Traceback" not in node.log


def test_requests_with_very_many_parameters_are_refused_as_a_whole(
    detector: Tuple[NodeProcess, Client],
) -> None:
    """Each would keep the node from its images for seconds."""
    node, client = detector
    asker = Asker(client)
    names = ["bundle"] * (MOST_READ + 1)
    some = [of_type("score_threshold", 3, double_value=0.3)] * (MOST_SET + 1)
    [result] = asker.set(some)
    refused = asker.set_atomically(some)
    for one in (result, refused):
        assert not one.successful and f"{len(some)} parameters are too many" in one.reason
    assert asker.ask(GetParameters, "get_parameters", names=names).values == []
    assert asker.ask(DescribeParameters, "describe_parameters", names=names).descriptors == []
    assert list(asker.ask(GetParameterTypes, "get_parameter_types", names=names).types) == []
    asker.ask(ListParameters, "list_parameters", prefixes=names)
    assert node.log.count(f"a request to read {len(names)} parameters") == 4
    [value] = asker.ask(GetParameters, "get_parameters", names=["score_threshold"]).values
    assert value.double_value == 0.5
    assert len(asker.set(some[1:])) == MOST_SET
