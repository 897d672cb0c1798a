"""How late results are: between two reports, and on ~/latency."""

from typing import List

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from test.trt_inference.ros.client import wait_until
from trt_inference.ros.diagnostics.latency import Age, Ages, LatencyTopic
from trt_inference.timing import Percentiles


def test_ages_are_those_since_the_last_report() -> None:
    ages = Ages()
    for age in (5.0, 6.0):
        ages.record(age)
    ages.take()
    later = np.linspace(0.01, 0.05, 30)
    for age in later:
        ages.record(age)
    p95, ahead, furthest = ages.take()
    assert p95 is not None
    assert (later <= p95).sum() in (28, 29)
    assert (ahead, furthest) == (0, 0.0)
    assert ages.take() == Age(None, 0)


def test_a_clock_that_jumps_back_leaves_the_ages_as_they_are() -> None:
    """Ten images were stamped before the clock was put back by an hour."""
    ages = Ages()
    for age in [0.05] * 20 + [0.05 - 3600] * 10 + [0.05] * 20:
        ages.record(age)
    assert ages.take() == Age(0.05, 10, pytest.approx(3600 - 0.05))


def test_more_ages_than_are_kept_are_the_last_ones() -> None:
    ages = Ages(most=10)
    for age in [100.0] * 15 + [0.5] * 10:
        ages.record(age)
    assert ages.take() == Age(0.5, 0)


def test_latency_of_each_stage_is_published_while_somebody_subscribes(ros: None) -> None:
    executor = SingleThreadedExecutor()
    node, listener = Node("detector", namespace="/late"), Node("listener")
    received: List[DiagnosticStatus] = []
    topic = LatencyTopic(node)
    times = {"inference": Percentiles(1.0, 2.0, 3.5)}
    topic.publish(times)
    executor.add_node(listener)
    listener.create_subscription(DiagnosticStatus, "/late/detector/latency", received.append, 10)

    def comes() -> bool:
        topic.publish(times)
        executor.spin_once(timeout_sec=0.02)
        return bool(received)

    try:
        assert wait_until(comes)
        assert received[0].name == "/late/detector: latency"
        values = {pair.key: float(pair.value) for pair in received[0].values}
        assert values == {
            "inference p50 ms": 1.0,
            "inference p95 ms": 2.0,
            "inference p99 ms": 3.5,
        }
    finally:
        topic.destroy()
        node.destroy_node()
        listener.destroy_node()
        executor.shutdown(timeout_sec=0)
