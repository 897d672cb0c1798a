"""Callbacks that raise again and again do not fill the log."""

import pytest
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from test.trt_inference.ros.client import wait_until
from trt_inference.ros.process import spin_once
from trt_inference.ros.rclpy_tools.failed_callbacks import FailedCallbacks
from trt_inference.ros.rclpy_tools.printable_logger import printable_logger
from trt_inference.ros.rclpy_tools.steady_timer import steady_timer

FAILURES = 20


def test_a_callback_that_fails_again_and_again_is_logged_once_in_a_while(
    ros: None, capfd: pytest.CaptureFixture
) -> None:
    node, executor, failures = Node("fails"), SingleThreadedExecutor(), []

    def fail() -> None:
        failures.append(1)
        raise ValueError("on purpose")

    steady_timer(node, 0.005, fail)
    executor.add_node(node)
    log = FailedCallbacks(printable_logger("fails"))

    def has_failed_often() -> bool:
        spin_once(executor, log)
        return len(failures) >= FAILURES

    try:
        assert wait_until(has_failed_often)
    finally:
        executor.shutdown()
        node.destroy_node()
    told = capfd.readouterr().err
    assert "a callback failed (1 so far):" in told and "ValueError: on purpose" in told
    assert 1 <= told.count("Traceback") < FAILURES / 2
