"""The quality of service of result topics, and what a user sets otherwise."""

import itertools
from typing import Callable, Iterator, List

import pytest
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy

from test.trt_inference.ros.client import wait_until
from trt_inference.ros.rclpy_tools.qos import (
    RESULTS,
    QosError,
    choose_reliability,
    publisher_options,
)

RELIABLE, BEST_EFFORT = ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT

_numbers = itertools.count()
Make = Callable[..., LifecycleNode]


@pytest.fixture
def make_node(ros: None) -> Iterator[Make]:
    """Makes a node in a namespace of its own with overrides of the topic ``~/results``."""
    nodes: List[LifecycleNode] = []

    def make(**overrides: object) -> LifecycleNode:
        namespace = f"/qos_{next(_numbers)}"
        prefix = f"qos_overrides.{namespace}/detector/results.publisher"
        given = [Parameter(f"{prefix}.{name}", value=value) for name, value in overrides.items()]
        nodes.append(LifecycleNode("detector", namespace=namespace, parameter_overrides=given))
        return nodes[-1]

    yield make
    for node in nodes:
        node.destroy_node()


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ([], "best_effort"),  # which fits whoever comes
        ([RELIABLE], "reliable"),
        ([RELIABLE, RELIABLE], "reliable"),
        ([RELIABLE, BEST_EFFORT], "best_effort"),
        ([ReliabilityPolicy.UNKNOWN], "best_effort"),
    ],
)
def test_reliable_is_asked_for_where_all_publishers_are(
    offered: List[ReliabilityPolicy], chosen: str
) -> None:
    assert choose_reliability(offered) == chosen


def test_results_take_overrides_again_and_again_and_leave_the_profile_as_it_is(
    make_node: Make,
) -> None:
    node = make_node(reliability="best_effort", depth=3)
    for _ in range(3):  # configure, clean up, configure …
        publisher = node.create_lifecycle_publisher(
            DiagnosticArray, "~/results", **publisher_options(node, "~/results")
        )
        [info] = node.get_publishers_info_by_topic("~/results")
        assert info.qos_profile.reliability == BEST_EFFORT
        assert publisher.qos_profile.depth == 3
        node.destroy_lifecycle_publisher(publisher)
    assert (RESULTS.reliability, RESULTS.depth) == (RELIABLE, 10)


def test_an_override_that_does_not_exist_is_an_error(make_node: Make) -> None:
    node = make_node(reliabilty="best_effort")
    with pytest.raises(QosError, match="cannot set reliabilty"):
        publisher_options(node, "~/results")


@pytest.mark.parametrize(
    ("policy", "value", "wanted"),
    [
        ("depth", "x", 'is "x", and has to be a whole number from 0 to 2147483647'),
        ("depth", -3, "is -3, and has to be a whole number"),
        ("depth", 99999999999, "is 99999999999, and has to be a whole number"),
        ("depth", True, "is true, and has to be a whole number"),
        ("reliability", 5, "is 5, and has to be one of reliable, best_effort"),
        ("reliability", "maybe", 'is "maybe", and has to be one of reliable, best_effort'),
        ("history", [1, 2], "is [1, 2], and has to be one of keep_last, keep_all"),
    ],
)
def test_a_value_that_a_policy_cannot_have_is_told_with_what_it_can_have(
    make_node: Make, policy: str, value: object, wanted: str
) -> None:
    node = make_node(**{policy: value})
    with pytest.raises(QosError) as refused:
        publisher_options(node, "~/results")
    assert f"results.publisher.{policy} {wanted}" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_subscriber_that_asks_for_more_is_reported_once(
    make_node: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    node = make_node(reliability="best_effort")
    node.create_publisher(DiagnosticArray, "~/results", **publisher_options(node, "~/results"))
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    strict = make_node()
    topic = f"{node.get_fully_qualified_name()}/results"
    log = ""

    def was_warned(times: int) -> Callable[[], bool]:
        def look() -> bool:
            nonlocal log
            executor.spin_once(timeout_sec=0.02)
            log += capfd.readouterr().err
            return log.count("gets nothing from") >= times

        return look

    def ask() -> None:
        qos = QoSProfile(depth=1, reliability=RELIABLE)
        strict.create_subscription(DiagnosticArray, topic, print, qos)

    ask()
    assert wait_until(was_warned(1))
    ask()
    assert not wait_until(was_warned(2), seconds=0.5)
    executor.shutdown()
    assert f"{strict.get_fully_qualified_name()} (reliable) gets nothing from {topic}" in log
    assert f"qos_overrides.{topic}.publisher.reliability" in log
